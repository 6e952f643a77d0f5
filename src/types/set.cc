#include "types/set.h"

#include <algorithm>

namespace tusk::types {
namespace {

auto IsText(std::string_view text) {
  return [text](const TextNode* node) { return node->text() == text; };
}

// Bounds the one block of an integer set, whatever the limit says.
constexpr size_t kIntSetEntriesHardMax = size_t{1} << 30;

size_t IntSetEntriesMax(const SetLimits& limits) noexcept {
  return std::min(limits.intset_entries_max, kIntSetEntriesHardMax);
}

}  // namespace

Set Set::For(std::string_view first_member, size_t count, const SetLimits& limits) noexcept {
  if (count <= limits.intset_entries_max && base::ParseInt64(first_member)) return Set();
  if (count <= limits.listpack_entries_max) return Set(Data(ds::ListPack()));
  return Set(Data(NewTable(count)));
}

void Set::Expect(size_t count, const SetLimits& limits) noexcept {
  if ((encoding() == Encoding::kListPack && count > limits.listpack_entries_max) ||
      (encoding() == Encoding::kIntSet && count > limits.intset_entries_max)) {
    ToTable(count);
  }
}

Set Set::Clone() const noexcept {
  if (const auto* ints = int_set()) return FromIntSet(ints->Clone());
  if (const auto* pack = list_pack()) return FromListPack(pack->Clone());
  MemberTable copy = NewTable(size());
  ForEach([&](Member member) { AddNew(copy, member.text()); });
  return Set(Data(std::move(copy)));
}

std::string_view Set::EncodingName() const noexcept {
  switch (encoding()) {
    case Encoding::kIntSet: return "intset";
    case Encoding::kListPack: return "listpack";
    case Encoding::kTable: break;
  }
  return "hashtable";
}

size_t Set::size() const noexcept {
  return std::visit([](const auto& data) { return data.size(); }, data_);
}

size_t Set::MemoryBytes(size_t samples) const noexcept {
  if (const auto* ints = int_set()) return sizeof *this + ints->MemoryBytes();
  if (const auto* pack = list_pack()) return sizeof *this + pack->MemoryBytes();
  const auto& table = std::get<MemberTable>(data_);
  size_t bytes = sizeof *this + table.MemoryBytes();
  if (table.empty()) return bytes;
  size_t seen = 0;
  size_t seen_bytes = 0;
  uint64_t cursor = 0;
  do {
    cursor = table.Scan(cursor, [&](const TextNode* node) {
      ++seen;
      seen_bytes += base::AllocatedSize(node);
    });
  } while (cursor != 0 && (samples == 0 || seen < samples));
  return bytes + (seen ? seen_bytes * table.size() / seen : 0);
}

size_t Set::MoveBlocks() noexcept {
  if (auto* ints = std::get_if<ds::IntSet>(&data_)) return ints->MoveBlock();
  if (auto* pack = std::get_if<ds::ListPack>(&data_)) return pack->MoveBlock();
  size_t moves = 0;
  uint64_t cursor = 0;
  do {
    cursor = std::get<MemberTable>(data_).Relocate(cursor, [&moves](TextNode* node) { return TextNode::Moved(node, moves); });
  } while (cursor != 0);
  return moves;
}

Set::MemberTable Set::NewTable(size_t count) noexcept {
  MemberTable table;
  table.Reserve(count);
  return table;
}

void Set::AddNew(MemberTable& table, std::string_view member) noexcept {
  table.Insert(base::KeyHash(member), TextNode::New(member));
}

void Set::ToTable(size_t count) noexcept {
  MemberTable table = NewTable(std::max(count, size()));
  char buffer[base::kInt64TextMax];
  ForEach([&](Member member) { AddNew(table, member.ToText(buffer)); });
  data_ = std::move(table);
}

void Set::ToListPack() noexcept {
  ds::ListPack pack;
  ForEach([&](Member member) { pack.PushBackInt(member.int_value()); });
  data_ = std::move(pack);
}

bool Set::AddToIntSet(std::string_view member, const SetLimits& limits) noexcept {
  auto& ints = std::get<ds::IntSet>(data_);
  if (auto value = base::ParseInt64(member)) {
    if (!ints.Add(*value)) return false;
    if (ints.size() > IntSetEntriesMax(limits)) ToTable(ints.size());
    return true;
  }
  char buffer[base::kInt64TextMax];
  size_t longest = 0;
  if (size_t n = ints.size()) {
    longest = std::max(base::FormatInt64(ints.At(0), buffer), base::FormatInt64(ints.At(n - 1), buffer));
  }
  // Eleven bytes are the most that an integer takes in a pack.
  bool fits = ints.size() < limits.listpack_entries_max && member.size() <= limits.listpack_value_max &&
              longest <= limits.listpack_value_max &&
              ints.size() * 11 + member.size() <= ds::kListPackBytesMax;
  if (fits) {
    ToListPack();
    std::get<ds::ListPack>(data_).PushBack(member);
  } else {
    ToTable(ints.size() + 1);
    AddNew(std::get<MemberTable>(data_), member);
  }
  return true;
}

bool Set::Add(std::string_view member, const SetLimits& limits) noexcept {
  if (auto* table = std::get_if<MemberTable>(&data_)) {
    uint64_t hash = base::KeyHash(member);
    if (table->Find(hash, IsText(member))) return false;
    table->Insert(hash, TextNode::New(member));
    return true;
  }
  if (encoding() == Encoding::kIntSet) return AddToIntSet(member, limits);
  auto& pack = std::get<ds::ListPack>(data_);
  if (pack.Find(member, pack.First()) != ds::ListPack::kNone) return false;
  if (pack.size() < limits.listpack_entries_max && member.size() <= limits.listpack_value_max &&
      pack.SafeToAdd(member.size())) {
    pack.PushBack(member);
  } else {
    ToTable(pack.size() + 1);
    AddNew(std::get<MemberTable>(data_), member);
  }
  return true;
}

bool Set::Remove(std::string_view member) noexcept {
  if (auto* table = std::get_if<MemberTable>(&data_)) {
    TextNode* node = table->Erase(base::KeyHash(member), IsText(member));
    if (node) TextNode::Free(node);
    return node != nullptr;
  }
  if (auto* ints = std::get_if<ds::IntSet>(&data_)) {
    auto value = base::ParseInt64(member);
    return value && ints->Remove(*value);
  }
  auto& pack = std::get<ds::ListPack>(data_);
  auto pos = pack.Find(member, pack.First());
  if (pos == ds::ListPack::kNone) return false;
  pack.Erase(pos);
  return true;
}

bool Set::Contains(std::string_view member) const noexcept {
  if (const auto* table = std::get_if<MemberTable>(&data_)) {
    return table->Find(base::KeyHash(member), IsText(member)) != nullptr;
  }
  if (const auto* ints = int_set()) {
    auto value = base::ParseInt64(member);
    return value && ints->Contains(*value);
  }
  const auto& pack = std::get<ds::ListPack>(data_);
  return pack.Find(member, pack.First()) != ds::ListPack::kNone;
}

bool Set::Contains(Member member) const noexcept {
  if (const auto* ints = int_set(); ints && member.is_int()) return ints->Contains(member.int_value());
  char buffer[base::kInt64TextMax];
  return Contains(member.ToText(buffer));
}

void Set::Clear() noexcept {
  if (auto* table = std::get_if<MemberTable>(&data_)) table->Clear(&TextNode::Free);
}

void Set::CompactToIntSet(const SetLimits& limits) noexcept {
  if (encoding() == Encoding::kIntSet || size() > IntSetEntriesMax(limits)) return;
  ds::IntSet ints;
  bool all = true;
  char buffer[base::kInt64TextMax];
  ForEach([&](Member member) {
    if (!all) return;
    auto value = base::ParseInt64(member.ToText(buffer));
    all = value.has_value();
    if (all) ints.Add(*value);
  });
  if (!all) return;
  Clear();
  data_ = std::move(ints);
}

Set::Member Set::RandomMember(base::Random& random) const noexcept {
  if (const auto* ints = int_set()) return Member(ints->RandomValue(random));
  if (const auto* pack = list_pack()) {
    return pack->Get(pack->Seek(static_cast<int64_t>(random.Below(pack->size()))));
  }
  return Member(std::get<MemberTable>(data_).RandomItem(random)->text());
}

std::string Set::PopRandom(base::Random& random) {
  std::string member = RandomMember(random).ToString();
  Remove(member);
  return member;
}

}  // namespace tusk::types
