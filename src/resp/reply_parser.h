// Reads replies of both protocols: ReadReplyToken takes one token off complete bytes without copying, ReplyParser
// builds value trees from bytes that arrive in pieces.
//
// Bounds: kReplyNestingMax deep, lengths and counts up to kReplyCountMax; memory is taken only for what has arrived,
// never on the strength of an announced count. RESP3's streamed types ("$?", "*?") are refused: no server sends them.
// Threads: caller-synchronised. Owns: ReplyParser its buffer and the tree in progress.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace tusk::resp {

inline constexpr size_t kReplyNestingMax = 128;
inline constexpr int64_t kReplyCountMax = 0x7fffffff;

enum class ReplyType : uint8_t {
  kSimple,
  kError,
  kInteger,
  kBulk,
  kNull,
  kArray,
  // From here on RESP3 only.
  kMap,
  kSet,
  kPush,
  kAttribute,
  kDouble,
  kBool,
  kBigNumber,
  kVerbatim,
};

struct ReplyToken {
  ReplyType type = ReplyType::kNull;
  // Simple, error, bulk, big number; of a double its spelling, of a verbatim what follows "txt:".
  std::string_view text;
  // Integer, bool, and of aggregates the number of values that follow (of a map two per pair).
  int64_t integer = 0;
  double number = 0;
  // A verbatim's three letters; "*" of a null that was a list ("*-1").
  std::string_view format;

  bool is_aggregate() const noexcept { return type >= ReplyType::kArray && type <= ReplyType::kAttribute; }
};

// Takes one token off the front of `input`; nullopt (and nothing taken) when it is not complete.
base::Result<std::optional<ReplyToken>> ReadReplyToken(std::string_view& input);

// One reply with all that it contains.
struct ReplyValue {
  ReplyType type = ReplyType::kNull;
  std::string text;
  int64_t integer = 0;
  double number = 0;
  std::vector<ReplyValue> items;       // Of a map: key, value, key, value ...
  std::vector<ReplyValue> attributes;  // What was said about this value before it.

  bool is_null() const noexcept { return type == ReplyType::kNull; }
  bool is_error() const noexcept { return type == ReplyType::kError; }
  // For tests and messages: [1, "a", {"k": 2}, (error) ERR x, (nil)].
  std::string ToString() const;
};

class ReplyParser {
 public:
  void Feed(std::string_view bytes);
  // The next complete reply; nullopt: more bytes are needed. After an error it stays in error.
  base::Result<std::optional<ReplyValue>> Next();
  size_t buffered_bytes() const noexcept { return buffer_.size() - position_; }

 private:
  struct Open {
    ReplyValue value;
    int64_t left;
  };
  // Adds a finished value to the innermost open aggregate; returns true when `value` is a whole reply.
  bool Finish(ReplyValue& value);

  std::string buffer_;
  size_t position_ = 0;
  std::vector<Open> open_;
  std::vector<ReplyValue> attributes_;  // Waiting for the value they belong to.
  base::Status error_;
};

// The whole of `bytes` as one reply.
base::Result<ReplyValue> ParseReply(std::string_view bytes);

}  // namespace tusk::resp
