#include "codec/value_codec.h"

#include <optional>

#include "base/numbers.h"
#include "codec/document_codec.h"
#include "codec/stream_codec.h"

namespace tusk::codec {
namespace {

using store::Entry;

void WriteElement(ds::ListPackElement element, Writer& out) {
  element.is_int() ? out.Integer(element.int_value()) : out.Text(element.text());
}

void WriteList(const types::List& list, const EncodingLimits& limits, Writer& out) {
  out.Length(list.node_count());
  for (size_t i = 0; i < list.node_count(); ++i) {
    const ds::ListPack& pack = list.NodePack(i);
    if (list.IsPlain(i, limits.list)) {
      out.Length(kNodePlain);
      char buffer[base::kInt64TextMax];
      out.Text(pack.Get(pack.First()).ToText(buffer));
    } else {
      out.Length(kNodePacked);
      out.Text(pack.raw());
    }
  }
}

// Redis 7.0 has no packed sets: they go out as plain ones.
void WriteSet(const types::Set& set, Writer& out) {
  if (const ds::IntSet* ints = set.int_set()) return out.Text(ints->raw());
  out.Length(set.size());
  set.ForEach([&out](types::Set::Member member) { WriteElement(member, out); });
}

// Highest first, as Redis does: its loader then always inserts at the front.
void WriteZSet(const types::ZSet& zset, Writer& out) {
  if (const ds::ListPack* pack = zset.pack()) return out.Text(pack->raw());
  out.Length(zset.size());
  for (auto at = zset.Last(); at; at.Prev()) {
    WriteElement(at.member(), out);
    out.Double(at.score());
  }
}

bool HasFieldDeadlines(const types::Hash& hash) noexcept { return hash.first_deadline_ms() != INT64_MAX; }

// Deadlines are told relative to the first, and one more: 0 stands for a field without.
void WriteHashWithDeadlines(const types::Hash& hash, Writer& out) {
  const int64_t first = hash.first_deadline_ms();
  out.Fixed64(static_cast<uint64_t>(first));
  out.Length(hash.size());
  char buffer[base::kInt64TextMax];
  hash.ForEach([&](types::Hash::Element field, types::Hash::Element value) {
    std::optional<int64_t> deadline = hash.DeadlineOf(field.ToText(buffer));
    out.Length(deadline ? static_cast<uint64_t>(*deadline - first) + 1 : 0);
    WriteElement(field, out);
    WriteElement(value, out);
  });
}

void WriteHash(const types::Hash& hash, Writer& out) {
  if (HasFieldDeadlines(hash)) return WriteHashWithDeadlines(hash, out);
  if (const ds::ListPack* pack = hash.list_pack()) return out.Text(pack->raw());
  out.Length(hash.size());
  hash.ForEach([&out](types::Hash::Element field, types::Hash::Element value) {
    WriteElement(field, out);
    WriteElement(value, out);
  });
}

}  // namespace

RdbType RdbTypeOf(const Entry& entry) noexcept {
  switch (entry.type()) {
    case store::Type::kString: return RdbType::kString;
    case store::Type::kList: return RdbType::kListQuickList2;
    case store::Type::kSet: return entry.object<types::Set>().int_set() ? RdbType::kSetIntSet : RdbType::kSet;
    case store::Type::kZSet: return entry.object<types::ZSet>().pack() ? RdbType::kZSetListPack : RdbType::kZSet;
    case store::Type::kHash: {
      const auto& hash = entry.object<types::Hash>();
      if (HasFieldDeadlines(hash)) return RdbType::kHashFieldExpiry;
      return hash.list_pack() ? RdbType::kHashListPack : RdbType::kHash;
    }
    case store::Type::kStream: return RdbType::kStream2;
    case store::Type::kDocument: return RdbType::kModule;
  }
  return RdbType::kString;
}

void WriteValue(const Entry& entry, const EncodingLimits& limits, Writer& out) {
  switch (entry.type()) {
    case store::Type::kString: {
      if (entry.is_integer()) return out.Integer(entry.integer());
      Entry::TextBuffer buffer;
      return out.Text(entry.text(buffer));
    }
    case store::Type::kList: return WriteList(entry.object<types::List>(), limits, out);
    case store::Type::kSet: return WriteSet(entry.object<types::Set>(), out);
    case store::Type::kZSet: return WriteZSet(entry.object<types::ZSet>(), out);
    case store::Type::kHash: return WriteHash(entry.object<types::Hash>(), out);
    case store::Type::kStream: return WriteStream(entry.object<types::Stream>(), out);
    case store::Type::kDocument: return WriteDocument(entry.object<types::Document>(), out);
  }
}

}  // namespace tusk::codec
