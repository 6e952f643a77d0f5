// One or two byte strings in a single allocation: a set's member, a hash's field with its value.
//
//   TextNode:  | length | bytes |
//   PairNode:  | field length | value length | field bytes | value bytes |
//   length:    one byte below 255, otherwise 255 and u32 LE
//
// Nodes have no constructor and no alignment; they exist behind pointers only, so that a table slot can hold them.
// Threads: caller-synchronised. Owns: nothing; New() and Free() are the owner's to call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/check.h"
#include "base/hash.h"
#include "base/memory.h"

namespace tusk::types {

inline constexpr size_t kNodeTextMax = UINT32_MAX;

class NodeLength {
 public:
  static size_t Bytes(size_t length) noexcept { return length < kLong ? 1 : 5; }
  static char* Write(char* at, size_t length) noexcept {
    if (length < kLong) {
      *at = static_cast<char>(length);
      return at + 1;
    }
    CHECK(length <= kNodeTextMax);
    *at = static_cast<char>(kLong);
    uint32_t wide = static_cast<uint32_t>(length);
    std::memcpy(at + 1, &wide, sizeof wide);
    return at + 5;
  }
  static const char* Read(const char* at, size_t* length) noexcept {
    *length = static_cast<uint8_t>(*at);
    if (__builtin_expect(*length < kLong, 1)) return at + 1;
    uint32_t wide;
    std::memcpy(&wide, at + 1, sizeof wide);
    *length = wide;
    return at + 5;
  }

 private:
  static constexpr size_t kLong = 255;
};

class TextNode {
 public:
  TextNode() = delete;

  static TextNode* New(std::string_view text) noexcept {
    char* block = static_cast<char*>(base::Allocate(NodeLength::Bytes(text.size()) + text.size()));
    char* at = NodeLength::Write(block, text.size());
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    return reinterpret_cast<TextNode*>(block);
  }
  static void Free(TextNode* node) noexcept { base::Free(node); }
  // The node or its copy: see base::MovedIfWanted().
  static TextNode* Moved(TextNode* node, size_t& moves) noexcept {
    const std::string_view text = node->text();
    return base::MovedIfWanted(node, NodeLength::Bytes(text.size()) + text.size(), moves);
  }

  std::string_view text() const noexcept {
    size_t length;
    const char* at = NodeLength::Read(reinterpret_cast<const char*>(this), &length);
    return {at, length};
  }
};

class PairNode {
 public:
  PairNode() = delete;

  static PairNode* New(std::string_view field, std::string_view value) noexcept {
    char* block = static_cast<char*>(base::Allocate(BytesFor(field, value)));
    char* at = NodeLength::Write(block, field.size());
    at = NodeLength::Write(at, value.size());
    if (!field.empty()) std::memcpy(at, field.data(), field.size());
    if (!value.empty()) std::memcpy(at + field.size(), value.data(), value.size());
    return reinterpret_cast<PairNode*>(block);
  }
  static void Free(PairNode* node) noexcept { base::Free(node); }
  static PairNode* Moved(PairNode* node, size_t& moves) noexcept {
    return base::MovedIfWanted(node, BytesFor(node->field(), node->value()), moves);
  }

  std::string_view field() const noexcept {
    Parts parts = Split();
    return {parts.field, parts.field_size};
  }
  std::string_view value() const noexcept {
    Parts parts = Split();
    return {parts.field + parts.field_size, parts.value_size};
  }
  // Puts `value` in the place of the old one if it is as long; `value` must not lie in this node.
  bool TryReplaceValue(std::string_view value) noexcept {
    Parts parts = Split();
    if (parts.value_size != value.size()) return false;
    if (!value.empty()) std::memcpy(const_cast<char*>(parts.field) + parts.field_size, value.data(), value.size());
    return true;
  }

 private:
  struct Parts {
    const char* field;
    size_t field_size;
    size_t value_size;
  };
  static size_t BytesFor(std::string_view field, std::string_view value) noexcept {
    return NodeLength::Bytes(field.size()) + NodeLength::Bytes(value.size()) + field.size() + value.size();
  }
  Parts Split() const noexcept {
    Parts parts;
    const char* at = NodeLength::Read(reinterpret_cast<const char*>(this), &parts.field_size);
    parts.field = NodeLength::Read(at, &parts.value_size);
    return parts;
  }
};

// Policies of ds::Table.
struct TextNodePolicy {
  using Item = TextNode*;
  static uint64_t Hash(const TextNode* node) noexcept { return base::KeyHash(node->text()); }
};
struct PairNodePolicy {
  using Item = PairNode*;
  static uint64_t Hash(const PairNode* node) noexcept { return base::KeyHash(node->field()); }
};

}  // namespace tusk::types
