// DEBUG DIGEST and DEBUG DIGEST-VALUE: two servers with equal data answer the same.
#include <fmt/format.h>

#include "base/hash.h"
#include "base/numbers.h"
#include "command/context.h"
#include "families/debug.h"
#include "types/document.h"
#include "types/document_pack.h"
#include "types/hash.h"
#include "types/list.h"
#include "types/set.h"
#include "types/stream.h"
#include "types/zset.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Entry;
using store::Key;

// One element of an unordered collection.
class Part {
 public:
  Part& Add(ds::ListPackElement element) noexcept {
    char buffer[base::kInt64TextMax];
    digest_.Append(element.ToText(buffer));
    return *this;
  }
  Part& Add(double score) noexcept {
    char buffer[base::kDoubleTextMax];
    digest_.Append({buffer, base::FormatDoubleClassic(score, buffer)});
    return *this;
  }
  const DataDigest& digest() const noexcept { return digest_; }

 private:
  DataDigest digest_;
};

// Entries alone, as Redis has it: groups are not data that clients put there.
void AppendStream(const types::Stream& stream, DataDigest& digest) {
  types::StreamCursor at(stream, {}, types::StreamId::Max());
  while (at.Next()) {
    digest.Append(types::StreamIdText(at.id()).view());
    types::StreamCursor::Element name{int64_t{0}}, value{int64_t{0}};
    char buffer[base::kInt64TextMax];
    while (at.NextField(name, value)) {
      digest.Append(name.ToText(buffer));
      digest.Append(value.ToText(buffer));
    }
  }
}

// Pairs of a map and members of a set in any order.
void AppendDocument(const types::DocumentView& value, DataDigest& digest) {
  const auto kind = static_cast<char>(value.kind());
  digest.Append({&kind, 1});
  if (!types::IsContainer(value.kind())) {
    types::DocumentPacker packed;
    packed.Value(value);
    return digest.Append(packed.bytes());
  }
  DataDigest unordered;
  for (types::DocumentCursor at(value); at.Next();) {
    if (value.kind() == types::DocumentKind::kArray) {
      AppendDocument(at.value(), digest);
      continue;
    }
    DataDigest pair;
    if (value.kind() == types::DocumentKind::kMap) AppendDocument(at.key(), pair);
    AppendDocument(at.value(), pair);
    unordered.Combine(pair);
  }
  if (value.kind() != types::DocumentKind::kArray) digest.Append(unordered.Hex());
}

// Like a key's, a field's deadline counts by being there: copies may differ by the milliseconds that they were on their way.
void AppendHash(const types::Hash& hash, DataDigest& digest) {
  const types::FieldDeadlines* deadlines = hash.deadlines();
  hash.ForEach([&](types::Hash::Element field, types::Hash::Element value) {
    DataDigest part = Part().Add(field).Add(value).digest();
    char buffer[base::kInt64TextMax];
    if (deadlines != nullptr && deadlines->Get(field.ToText(buffer))) part.Append("expires");
    digest.Combine(part);
  });
}

void AppendValue(const Entry& entry, DataDigest& digest) {
  switch (entry.type()) {
    case store::Type::kString: {
      Entry::TextBuffer buffer;
      return digest.Append(entry.text(buffer));
    }
    case store::Type::kList: {
      char buffer[base::kInt64TextMax];
      for (auto at = entry.object<types::List>().First(); at; at.Next()) digest.Append(at.Get().ToText(buffer));
      return;
    }
    case store::Type::kSet:
      return entry.object<types::Set>().ForEach(
          [&](types::Set::Member member) { digest.Combine(Part().Add(member).digest()); });
    case store::Type::kZSet:
      for (auto at = entry.object<types::ZSet>().First(); at; at.Next()) {
        digest.Combine(Part().Add(at.member()).Add(at.score()).digest());
      }
      return;
    case store::Type::kHash:
      return AppendHash(entry.object<types::Hash>(), digest);
    case store::Type::kStream: return AppendStream(entry.object<types::Stream>(), digest);
    case store::Type::kDocument: return AppendDocument(entry.object<types::Document>().view(), digest);
  }
}

}  // namespace

void DataDigest::Append(std::string_view bytes) noexcept {
  // The state is the seed: each step depends on all before it.
  uint64_t seed = words_[0];
  for (uint64_t& word : words_) {
    seed += 0x9e3779b97f4a7c15u;
    word = base::SeededHash(bytes, word ^ seed);
  }
}

void DataDigest::Combine(const DataDigest& part) noexcept {
  for (size_t i = 0; i < std::size(words_); ++i) words_[i] += part.words_[i];
}

std::string DataDigest::Hex() const {
  return fmt::format("{:016x}{:016x}{:08x}", words_[0], words_[1], static_cast<uint32_t>(words_[2]));
}

DataDigest DigestOf(const Entry& entry) {
  DataDigest digest;
  digest.Append(store::TypeName(entry.type()));
  AppendValue(entry, digest);
  if (entry.has_deadline()) digest.Append("expires");
  return digest;
}

// Stripe by stripe: the answer means something only while nobody writes.
void DebugDigest(Context& ctx) {
  DataDigest sum;
  for (size_t i = 0; i < store::kStripeCount; ++i) {
    if (!ctx.Visit(i)) return;
    for (size_t db = 0; db < ctx.keyspace().databases(); ++db) {
      auto index = static_cast<store::DbIndex>(db);
      const store::Shard* shard = ctx.keyspace().stripe(i).FindShard(index);
      if (!shard) continue;
      shard->table().ForEach([&](const Entry* entry) {
        if (entry->ExpiredAt(ctx.now_ms())) return;
        DataDigest part = DigestOf(*entry);
        part.Append(entry->key());
        part.Append(base::Int64ToString(static_cast<int64_t>(db)));
        sum.Combine(part);
      });
    }
    ctx.Leave(i);
  }
  ctx.reply().Simple(sum.Hex());
}

void DebugDigestValue(Context& ctx) {
  ctx.reply().ArrayHeader(ctx.argc() - 2);
  for (size_t i = 2; i < ctx.argc(); ++i) {
    Key key = ctx.key(i);
    if (!ctx.Visit(key.stripe())) return;
    const Entry* entry = ctx.Lookup(key, store::Access::kPeek);
    ctx.reply().Simple((entry ? DigestOf(*entry) : DataDigest()).Hex());
    ctx.Leave(key.stripe());
  }
}

}  // namespace tusk::families
