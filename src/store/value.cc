#include "store/value.h"

#include <utility>

#include "base/memory.h"
#include "base/numbers.h"
#include "types/document.h"
#include "types/hash.h"
#include "types/list.h"
#include "types/set.h"
#include "types/stream.h"
#include "types/zset.h"

namespace tusk::store {
namespace {

template <typename T>
uint64_t CloneObject(const Entry& entry) {
  return reinterpret_cast<uint64_t>(std::make_unique<T>(entry.object<T>().Clone()).release());
}

template <typename T>
void DestroyObject(uint64_t word) noexcept {
  std::unique_ptr<T> owned(reinterpret_cast<T*>(word));
}

template <typename T>
size_t SizeOf(uint64_t word) noexcept {
  return reinterpret_cast<const T*>(word)->size();
}

template <typename T>
uint64_t MoveObject(uint64_t word, size_t elements_max, uint64_t& blocks) noexcept {
  std::unique_ptr<T> owned(reinterpret_cast<T*>(word));
  if (owned->size() <= elements_max) blocks += owned->MoveBlocks();
  if (base::WantsMove(owned.get())) {
    owned = std::make_unique<T>(std::move(*owned));
    ++blocks;
  }
  return reinterpret_cast<uint64_t>(owned.release());
}

}  // namespace

uint64_t MoveValue(Type type, Rep rep, uint64_t word, size_t elements_max, uint64_t& blocks) noexcept {
  if (rep == Rep::kRaw) {
    types::RawString raw = types::RawString::Adopt(reinterpret_cast<void*>(word));
    blocks += raw.MoveBlock();
    return reinterpret_cast<uint64_t>(raw.Release());
  }
  DCHECK(rep == Rep::kObject);
  switch (type) {
    case Type::kList: return MoveObject<types::List>(word, elements_max, blocks);
    case Type::kSet: return MoveObject<types::Set>(word, elements_max, blocks);
    case Type::kZSet: return MoveObject<types::ZSet>(word, elements_max, blocks);
    case Type::kHash: return MoveObject<types::Hash>(word, elements_max, blocks);
    // Blocks of theirs point at each other.
    case Type::kStream:
    case Type::kDocument:
    case Type::kString: break;
  }
  return word;
}

Value Value::Integer(int64_t value) noexcept { return {Type::kString, Rep::kInteger, static_cast<uint64_t>(value)}; }

Value Value::String(std::string_view bytes) {
  if (std::optional<int64_t> integer = base::ParseInt64(bytes)) return Integer(*integer);
  return {Type::kString, Rep::kRaw, reinterpret_cast<uint64_t>(types::RawString(bytes).Release())};
}

Value Value::InPlaceString(std::string_view bytes) {
  Rep rep = bytes.size() <= kEmbeddedMax ? Rep::kEmbeddedRaw : Rep::kRaw;
  return {Type::kString, rep, reinterpret_cast<uint64_t>(types::RawString(bytes).Release())};
}

Value Value::CloneOf(const Entry& entry) {
  switch (entry.type()) {
    case Type::kString: {
      if (entry.is_integer()) return Integer(entry.integer());
      Entry::TextBuffer buffer;
      if (entry.rep() == Rep::kEmbeddedRaw) return InPlaceString(entry.text(buffer));
      types::RawString copy(entry.text(buffer));
      return {Type::kString, Rep::kRaw, reinterpret_cast<uint64_t>(copy.Release())};
    }
    case Type::kList: return {Type::kList, Rep::kObject, CloneObject<types::List>(entry)};
    case Type::kSet: return {Type::kSet, Rep::kObject, CloneObject<types::Set>(entry)};
    case Type::kZSet: return {Type::kZSet, Rep::kObject, CloneObject<types::ZSet>(entry)};
    case Type::kHash: return {Type::kHash, Rep::kObject, CloneObject<types::Hash>(entry)};
    case Type::kStream: return {Type::kStream, Rep::kObject, CloneObject<types::Stream>(entry)};
    case Type::kDocument: return {Type::kDocument, Rep::kObject, CloneObject<types::Document>(entry)};
  }
  return {};
}

Value::~Value() { Destroy(); }

Value::Value(Value&& other) noexcept
    : type_(other.type_), rep_(other.rep_), present_(std::exchange(other.present_, false)), word_(other.word_) {}

Value& Value::operator=(Value&& other) noexcept {
  if (this == &other) return *this;
  Destroy();
  type_ = other.type_;
  rep_ = other.rep_;
  word_ = other.word_;
  present_ = std::exchange(other.present_, false);
  return *this;
}

size_t Value::FreeEffort() const noexcept {
  if (!present_ || rep_ != Rep::kObject) return 1;
  switch (type_) {
    case Type::kList: return SizeOf<types::List>(word_);
    case Type::kSet: return SizeOf<types::Set>(word_);
    case Type::kZSet: return SizeOf<types::ZSet>(word_);
    case Type::kHash: return SizeOf<types::Hash>(word_);
    case Type::kStream: return reinterpret_cast<const types::Stream*>(word_)->FreeEffort();
    case Type::kDocument: return reinterpret_cast<const types::Document*>(word_)->FreeEffort();
    case Type::kString: break;
  }
  return 1;
}

void Value::Destroy() noexcept {
  if (!std::exchange(present_, false)) return;
  if (rep_ == Rep::kRaw || rep_ == Rep::kEmbeddedRaw) {
    types::RawString::Adopt(reinterpret_cast<void*>(word_));
    return;
  }
  if (rep_ != Rep::kObject) return;
  switch (type_) {
    case Type::kList: return DestroyObject<types::List>(word_);
    case Type::kSet: return DestroyObject<types::Set>(word_);
    case Type::kZSet: return DestroyObject<types::ZSet>(word_);
    case Type::kHash: return DestroyObject<types::Hash>(word_);
    case Type::kStream: return DestroyObject<types::Stream>(word_);
    case Type::kDocument: return DestroyObject<types::Document>(word_);
    case Type::kString: return;
  }
}

}  // namespace tusk::store
