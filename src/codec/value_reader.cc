#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

#include "base/check.h"
#include "base/numbers.h"
#include "codec/document_codec.h"
#include "codec/stream_codec.h"
#include "codec/value_codec.h"
#include "codec/zip_list.h"

namespace tusk::codec {
namespace {

using ds::ListPack;
using store::Value;

// Room is made for what a count promises up to here; beyond, memory grows with what really comes.
constexpr uint64_t kReserveMax = 1 << 20;
uint64_t Expected(uint64_t count) noexcept { return std::min(count, kReserveMax); }

template <typename T>
Value Boxed(T object) {
  return Value::Object(std::make_unique<T>(std::move(object)));
}

// ---- Packed forms, old and new, as one pack; an empty optional means that the reader has failed. ----

std::optional<ListPack> Checked(Reader& in, base::Result<ListPack> pack) {
  if (pack) return *std::move(pack);
  in.Fail(pack.error().message());
  return {};
}

std::optional<ListPack> ReadPack(Reader& in) {
  std::string_view bytes = in.Text();
  if (!in.ok()) return {};
  return Checked(in, ListPack::FromBytes(bytes));
}

std::optional<ListPack> ReadZipList(Reader& in, std::string_view of_what) {
  std::string_view bytes = in.Text();
  if (!in.ok()) return {};
  base::Result<ListPack> pack = PackFromZipList(bytes);
  if (pack) return *std::move(pack);
  in.Fail(fmt::format("{} {}", of_what, pack.error().message()));
  return {};
}

std::optional<ListPack> ReadZipMap(Reader& in) {
  std::string_view bytes = in.Text();
  if (!in.ok()) return {};
  return Checked(in, PackFromZipMap(bytes));
}

// Looks at every element, or at every other one.
bool HasDuplicates(const ListPack& pack, bool pairs) {
  std::unordered_set<std::string> seen;
  for (auto pos = pack.First(); pos; pos = pack.Next(pos)) {
    if (!seen.insert(pack.Get(pos).ToString()).second) return true;
    if (pairs) pos = pack.Next(pos);
    if (!pos) break;
  }
  return false;
}

// ---- Lists ----

Value FinishedList(Reader& in, types::List list, const EncodingLimits& limits) {
  if (!in.ok() || list.empty()) return {};
  list.SettleEncoding(limits.list);
  return Boxed(std::move(list));
}

Value ReadPlainList(Reader& in, const EncodingLimits& limits) {
  types::List list;
  for (uint64_t left = in.Count(); left > 0 && in.ok(); --left) {
    std::string_view text = in.Text();
    if (in.ok()) list.Push(types::ListEnd::kTail, text, limits.list);
  }
  return FinishedList(in, std::move(list), limits);
}

Value ReadZipListList(Reader& in, uint64_t nodes, const EncodingLimits& limits) {
  types::List list;
  for (; nodes > 0 && in.ok(); --nodes) {
    if (std::optional<ListPack> pack = ReadZipList(in, "List")) list.AppendNode(*std::move(pack));
  }
  return FinishedList(in, std::move(list), limits);
}

Value ReadQuickList2(Reader& in, const EncodingLimits& limits) {
  types::List list;
  for (uint64_t left = in.Count(); left > 0 && in.ok(); --left) {
    uint64_t container = in.Length();
    if (container == kNodePlain) {
      std::string_view text = in.Text();
      // What is alone because it is large is not empty.
      if (text.empty()) in.Fail("quicklist integrity check failed");
      if (!in.ok()) break;
      ListPack pack;
      pack.PushBack(text);
      list.AppendNode(std::move(pack));
    } else if (container == kNodePacked) {
      if (std::optional<ListPack> pack = ReadPack(in)) list.AppendNode(*std::move(pack));
    } else {
      in.Fail("quicklist node of unknown container");
    }
  }
  return FinishedList(in, std::move(list), limits);
}

// ---- Sets ----

Value ReadPlainSet(Reader& in, const EncodingLimits& limits) {
  uint64_t count = in.Count();
  types::Set set;
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    std::string_view member = in.Text();
    if (!in.ok()) break;
    if (i == 0) set = types::Set::For(member, Expected(count), limits.set);
    if (!set.Add(member, limits.set)) in.Fail("set with a member twice");
  }
  if (!in.ok() || set.empty()) return {};
  return Boxed(std::move(set));
}

// Too many for its encoding under the present limits: built anew.
template <typename Elements>
types::Set RebuiltSet(const Elements& elements, const EncodingLimits& limits) {
  types::Set set;
  char buffer[base::kInt64TextMax];
  elements.ForEach([&](types::Set::Member member) {
    std::string_view text = member.ToText(buffer);
    if (set.empty()) set = types::Set::For(text, elements.size(), limits.set);
    set.Add(text, limits.set);
  });
  return set;
}

Value ReadIntSet(Reader& in, const EncodingLimits& limits) {
  std::string_view bytes = in.Text();
  if (!in.ok()) return {};
  base::Result<ds::IntSet> ints = ds::IntSet::FromBytes(bytes);
  if (!ints || ints->empty()) return in.Fail("intset integrity check failed"), Value();
  types::Set set = types::Set::FromIntSet(*std::move(ints));
  if (set.size() > limits.set.intset_entries_max) return Boxed(RebuiltSet(set, limits));
  return Boxed(std::move(set));
}

Value ReadPackedSet(Reader& in, const EncodingLimits& limits, bool deep) {
  std::optional<ListPack> pack = ReadPack(in);
  if (!pack) return {};
  if (deep && HasDuplicates(*pack, false)) return in.Fail("set with a member twice"), Value();
  types::Set set = types::Set::FromListPack(*std::move(pack));
  if (set.empty()) return {};
  if (set.size() > limits.set.listpack_entries_max) return Boxed(RebuiltSet(set, limits));
  return Boxed(std::move(set));
}

// ---- Sorted sets ----

Value ReadPlainZSet(Reader& in, const EncodingLimits& limits, bool text_scores) {
  uint64_t count = in.Count(2);
  types::ZSet zset;
  std::string member;
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    member = in.Text();
    double score = text_scores ? in.TextDouble() : in.Double();
    if (std::isnan(score)) in.Fail("sorted set with a score that is no number");
    if (!in.ok()) break;
    if (i == 0) zset.Expect(Expected(count), member.size(), limits.zset);
    if (zset.Add(member, score, limits.zset).kind != types::ZAddResult::Kind::kAdded) {
      in.Fail("sorted set with a member twice");
    }
  }
  if (!in.ok() || zset.empty()) return {};
  return Boxed(std::move(zset));
}

Value ReadPackedZSet(Reader& in, std::optional<ListPack> pack, const EncodingLimits& limits) {
  if (!pack) return {};
  base::Result<types::ZSet> zset = types::ZSet::FromPack(*std::move(pack), limits.zset);
  if (!zset) return in.Fail(zset.error().message()), Value();
  if (zset->empty()) return {};
  return Boxed(*std::move(zset));
}

// ---- Hashes ----

Value ReadPlainHash(Reader& in, const EncodingLimits& limits) {
  uint64_t count = in.Count(2);
  types::Hash hash;
  hash.Expect(Expected(count), limits.hash);
  std::string field;
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    field = in.Text();
    std::string_view value = in.Text();
    if (in.ok() && !hash.Put(field, value, limits.hash)) in.Fail("hash with a field twice");
  }
  if (!in.ok() || hash.empty()) return {};
  return Boxed(std::move(hash));
}

Value ReadPackedHash(Reader& in, std::optional<ListPack> pack, const EncodingLimits& limits, bool deep) {
  if (!pack) return {};
  if (pack->size() % 2 != 0) return in.Fail("hash with a field that has no value"), Value();
  if (deep && HasDuplicates(*pack, true)) return in.Fail("hash with a field twice"), Value();
  types::Hash hash = types::Hash::FromListPack(*std::move(pack));
  if (hash.empty()) return {};
  if (hash.size() <= limits.hash.listpack_entries_max) return Boxed(std::move(hash));
  types::Hash large;
  large.Expect(hash.size(), limits.hash);
  char field_text[base::kInt64TextMax];
  char value_text[base::kInt64TextMax];
  hash.ForEach([&](types::Hash::Element field, types::Hash::Element value) {
    large.Put(field.ToText(field_text), value.ToText(value_text), limits.hash);
  });
  return Boxed(std::move(large));
}

// A zipmap or ziplist may hold values that a pack under today's limits would not.
Value ReadOldHash(Reader& in, std::optional<ListPack> pack, const EncodingLimits& limits) {
  if (!pack) return {};
  size_t longest = 0;
  for (auto pos = pack->First(); pos; pos = pack->Next(pos)) longest = std::max(longest, pack->Get(pos).TextSize());
  if (longest <= limits.hash.listpack_value_max) return ReadPackedHash(in, std::move(pack), limits, true);
  if (pack->size() % 2 != 0) return in.Fail("hash with a field that has no value"), Value();
  types::Hash hash;
  char field_text[base::kInt64TextMax];
  char value_text[base::kInt64TextMax];
  for (auto pos = pack->First(); pos && in.ok(); pos = pack->Next(pos)) {
    std::string_view field = pack->Get(pos).ToText(field_text);
    pos = pack->Next(pos);
    if (!hash.Put(field, pack->Get(pos).ToText(value_text), limits.hash)) in.Fail("hash with a field twice");
  }
  return in.ok() ? Boxed(std::move(hash)) : Value();
}

// A deadline that no clock will reach is as wrong as one before the epoch.
constexpr uint64_t kDeadlineMax = uint64_t{1} << 46;

void AddField(Reader& in, types::Hash& hash, std::string_view field, std::string_view value, uint64_t deadline_ms,
              const EncodingLimits& limits) {
  if (deadline_ms > kDeadlineMax) in.Fail("hash with a deadline of a field that is out of range");
  if (!in.ok()) return;
  if (!hash.Put(field, value, limits.hash)) return in.Fail("hash with a field twice");
  if (deadline_ms != 0) hash.SetDeadline(field, static_cast<int64_t>(deadline_ms));
}

// Redis 7.4. In a table deadlines are relative to the first, plus one; 0: none.
Value ReadHashWithDeadlines(Reader& in, const EncodingLimits& limits, bool relative) {
  uint64_t first = relative ? in.Fixed64() : 0;
  if (first > kDeadlineMax) in.Fail("hash with a deadline of a field that is out of range");
  uint64_t count = in.Count(3);
  types::Hash hash;
  hash.Expect(Expected(count), limits.hash);
  std::string field;
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    uint64_t deadline = in.Length();
    if (deadline != 0 && deadline <= kDeadlineMax && relative) deadline += first - 1;
    field = in.Text();
    std::string_view value = in.Text();
    AddField(in, hash, field, value, deadline, limits);
  }
  if (!in.ok() || hash.empty()) return {};
  return Boxed(std::move(hash));
}

// In a pack they are absolute: field, value, deadline, field, value, deadline, ...
Value ReadPackedHashWithDeadlines(Reader& in, const EncodingLimits& limits, bool has_first) {
  if (has_first) in.Fixed64();
  std::optional<ListPack> pack = ReadPack(in);
  if (!pack) return {};
  if (pack->size() % 3 != 0) return in.Fail("hash with a field that has no value or deadline"), Value();
  types::Hash hash;
  char field_text[base::kInt64TextMax];
  char value_text[base::kInt64TextMax];
  for (auto pos = pack->First(); pos && in.ok(); pos = pack->Next(pos)) {
    std::string_view field = pack->Get(pos).ToText(field_text);
    pos = pack->Next(pos);
    std::string_view value = pack->Get(pos).ToText(value_text);
    pos = pack->Next(pos);
    ds::ListPackElement deadline = pack->Get(pos);
    if (!deadline.is_int() || deadline.int_value() < 0) in.Fail("hash with a deadline of a field that is no number");
    AddField(in, hash, field, value, static_cast<uint64_t>(deadline.int_value()), limits);
  }
  if (!in.ok() || hash.empty()) return {};
  return Boxed(std::move(hash));
}

Value Unsupported(Reader& in, RdbType type) {
  switch (type) {
    case RdbType::kModulePreGa:
      in.Fail(fmt::format("value of the module type '{}', which is not known here", ModuleTypeName(in.Length())));
      break;
    default: in.Fail(fmt::format("unknown value type {}", static_cast<int>(type)));
  }
  return {};
}

}  // namespace

bool IsRdbType(uint8_t type) noexcept {
  return type <= static_cast<uint8_t>(RdbType::kModule) ||
         (type >= static_cast<uint8_t>(RdbType::kHashZipMap) && type <= static_cast<uint8_t>(RdbType::kHashFieldExpiryPack));
}

// Nine characters of six bits each, then ten bits of version.
constexpr std::string_view kModuleLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr size_t kModuleNameLength = 9;
static_assert(kModuleLetters.size() == 64 && kModuleNameLength * 6 + 10 == 64);

std::string ModuleTypeName(uint64_t id) {
  std::string name(kModuleNameLength, ' ');
  id >>= 10;
  for (size_t i = kModuleNameLength; i-- > 0; id >>= 6) name[i] = kModuleLetters[id & 63];
  return name;
}

uint64_t ModuleTypeId(std::string_view name, uint64_t version) noexcept {
  DCHECK(name.size() == kModuleNameLength && version < 1024);
  uint64_t id = 0;
  for (char letter : name) id = id << 6 | kModuleLetters.find(letter);
  return id << 10 | version;
}

Value ReadValue(Reader& in, RdbType type, const EncodingLimits& limits, bool deep) {
  switch (type) {
    case RdbType::kString: {
      std::string_view text = in.Text();
      return in.ok() ? Value::String(text) : Value();
    }
    case RdbType::kList: return ReadPlainList(in, limits);
    case RdbType::kListZipList: return ReadZipListList(in, 1, limits);
    case RdbType::kListQuickList: return ReadZipListList(in, in.Count(), limits);
    case RdbType::kListQuickList2: return ReadQuickList2(in, limits);
    case RdbType::kSet: return ReadPlainSet(in, limits);
    case RdbType::kSetIntSet: return ReadIntSet(in, limits);
    case RdbType::kSetListPack: return ReadPackedSet(in, limits, deep);
    case RdbType::kZSetText: return ReadPlainZSet(in, limits, true);
    case RdbType::kZSet: return ReadPlainZSet(in, limits, false);
    case RdbType::kZSetZipList: return ReadPackedZSet(in, ReadZipList(in, "Zset"), limits);
    case RdbType::kZSetListPack: return ReadPackedZSet(in, ReadPack(in), limits);
    case RdbType::kHash: return ReadPlainHash(in, limits);
    case RdbType::kHashZipMap: return ReadOldHash(in, ReadZipMap(in), limits);
    case RdbType::kHashZipList: return ReadOldHash(in, ReadZipList(in, "Hash"), limits);
    case RdbType::kHashListPack: return ReadPackedHash(in, ReadPack(in), limits, deep);
    case RdbType::kStream1:
    case RdbType::kStream2:
    case RdbType::kStream3: {
      types::Stream stream = ReadStream(in, type);
      return in.ok() ? Boxed(std::move(stream)) : Value();
    }
    case RdbType::kModule: {
      types::Document document = ReadDocument(in);
      return in.ok() ? Boxed(std::move(document)) : Value();
    }
    case RdbType::kHashFieldExpiryPreGa: return ReadHashWithDeadlines(in, limits, false);
    case RdbType::kHashFieldExpiry: return ReadHashWithDeadlines(in, limits, true);
    case RdbType::kHashFieldExpiryPackPreGa: return ReadPackedHashWithDeadlines(in, limits, false);
    case RdbType::kHashFieldExpiryPack: return ReadPackedHashWithDeadlines(in, limits, true);
    default: return Unsupported(in, type);
  }
}

}  // namespace tusk::codec
