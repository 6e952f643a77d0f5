#include "store/entry.h"

#include "base/memory.h"
#include "types/document.h"
#include "types/hash.h"
#include "types/list.h"
#include "types/set.h"
#include "types/stream.h"
#include "types/zset.h"

namespace tusk::store {

std::string_view TypeName(Type type) noexcept {
  switch (type) {
    case Type::kString: return "string";
    case Type::kList: return "list";
    case Type::kSet: return "set";
    case Type::kZSet: return "zset";
    case Type::kHash: return "hash";
    case Type::kStream: return "stream";
    case Type::kDocument: return "ReJSON-RL";
  }
  return "unknown";
}

size_t Entry::text_size() const noexcept {
  TextBuffer buffer;
  return text(buffer).size();
}

std::shared_ptr<const void> Entry::SharedRaw() const {
  DCHECK(rep() == Rep::kRaw);
  types::RawString borrowed = types::RawString::Adopt(reinterpret_cast<void*>(word()));
  std::shared_ptr<const void> owner = borrowed.Owner();
  borrowed.Release();
  return owner;
}

std::string_view Entry::EncodingName() const noexcept {
  switch (type()) {
    case Type::kList: return object<types::List>().EncodingName();
    case Type::kSet: return object<types::Set>().EncodingName();
    case Type::kZSet: return object<types::ZSet>().EncodingName();
    case Type::kHash: return object<types::Hash>().EncodingName();
    case Type::kStream: return object<types::Stream>().EncodingName();
    case Type::kDocument: return object<types::Document>().EncodingName();
    case Type::kString: break;
  }
  if (rep() == Rep::kInteger) return "int";
  if (rep() == Rep::kEmbedded && embedded_length() <= kEmbstrNameMax) return "embstr";
  return "raw";
}

std::string_view Entry::ClassicEncodingName() const noexcept {
  std::string_view name = EncodingName();
  if (type() == Type::kList) return "quicklist";
  return type() == Type::kSet && name == "listpack" ? "hashtable" : name;
}

size_t Entry::ElementCount() const noexcept {
  switch (type()) {
    case Type::kList: return object<types::List>().size();
    case Type::kSet: return object<types::Set>().size();
    case Type::kZSet: return object<types::ZSet>().size();
    case Type::kHash: return object<types::Hash>().size();
    case Type::kStream: return object<types::Stream>().size();
    case Type::kDocument: return object<types::Document>().size();
    case Type::kString: break;
  }
  return text_size();
}

size_t Entry::MemoryBytes(size_t samples) const noexcept {
  size_t own = base::AllocatedSize(this) + sizeof(void*);
  switch (type()) {
    case Type::kList: return own + object<types::List>().MemoryBytes(samples);
    case Type::kSet: return own + object<types::Set>().MemoryBytes(samples);
    case Type::kZSet: return own + object<types::ZSet>().MemoryBytes(samples);
    case Type::kHash: return own + object<types::Hash>().MemoryBytes(samples);
    case Type::kStream: return own + object<types::Stream>().MemoryBytes(samples);
    case Type::kDocument:
      return own + base::AllocatedSize(&object<types::Document>()) + object<types::Document>().MemoryBytes(samples);
    case Type::kString: break;
  }
  if (rep() == Rep::kRaw) own += base::AllocatedSize(reinterpret_cast<const void*>(word()));
  return own;
}

}  // namespace tusk::store
