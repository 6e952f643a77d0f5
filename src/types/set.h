// The set value: an integer set while all members are integers and few, a list pack while they are few and short, a
// table from then on. It never converts back on removal, as in Redis.
//
// Threads: stripe-guarded. Owns: everything it holds. Member views are valid until the next change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/memory.h"
#include "ds/int_set.h"
#include "ds/list_pack.h"
#include "ds/table.h"
#include "types/text_node.h"

namespace tusk::types {

struct SetLimits {
  size_t intset_entries_max = 512;
  size_t listpack_entries_max = 128;
  size_t listpack_value_max = 64;
};

class Set : public base::Movable {
 public:
  enum class Encoding : uint8_t { kIntSet, kListPack, kTable };  // In the order of Data's alternatives.
  // Text or integer, whichever the encoding holds.
  using Member = ds::ListPackElement;

  // Empty, ready for any member. Add() picks the encoding.
  Set() noexcept = default;
  ~Set() { Clear(); }
  Set(Set&& other) noexcept : data_(std::move(other.data_)) {}
  Set& operator=(Set&& other) noexcept {
    std::swap(data_, other.data_);
    return *this;
  }
  Set(const Set&) = delete;
  Set& operator=(const Set&) = delete;

  // An empty set in the encoding that suits `first_member` and about `count` members, to save conversions.
  static Set For(std::string_view first_member, size_t count, const SetLimits& limits) noexcept;
  // Goes to a table at once if `count` more members are about to come that would end there anyway.
  void Expect(size_t count, const SetLimits& limits) noexcept;
  static Set FromIntSet(ds::IntSet set) noexcept { return Set(Data(std::move(set))); }
  // The pack's elements must be distinct; codec checks that.
  static Set FromListPack(ds::ListPack pack) noexcept { return Set(Data(std::move(pack))); }
  Set Clone() const noexcept;

  Encoding encoding() const noexcept { return static_cast<Encoding>(data_.index()); }
  // As OBJECT ENCODING says it.
  std::string_view EncodingName() const noexcept;
  size_t size() const noexcept;
  bool empty() const noexcept { return size() == 0; }
  // Bytes, `samples` members of a table looked at and extrapolated from; 0: all.
  size_t MemoryBytes(size_t samples = 0) const noexcept;
  // Moves blocks out of memory that is to be emptied (base::WantsMove). Returns how many. O(n).
  size_t MoveBlocks() noexcept;

  // False when it was there already. `member` must not lie in this set.
  bool Add(std::string_view member, const SetLimits& limits) noexcept;
  bool Remove(std::string_view member) noexcept;
  bool Contains(std::string_view member) const noexcept;
  bool Contains(Member member) const noexcept;
  void Clear() noexcept;
  // All integers and few enough for an integer set: become one.
  void CompactToIntSet(const SetLimits& limits) noexcept;

  // Uniformly drawn; size() > 0.
  Member RandomMember(base::Random& random) const noexcept;
  std::string PopRandom(base::Random& random);

  template <typename Callback>  // void(Member)
  void ForEach(Callback&& callback) const {
    if (const auto* ints = std::get_if<ds::IntSet>(&data_)) {
      for (size_t i = 0, n = ints->size(); i < n; ++i) callback(Member(ints->At(i)));
    } else if (const auto* pack = std::get_if<ds::ListPack>(&data_)) {
      for (auto pos = pack->First(); pos != ds::ListPack::kNone; pos = pack->Next(pos)) callback(pack->Get(pos));
    } else {
      std::get<MemberTable>(data_).ForEach([&](const TextNode* node) { callback(Member(node->text())); });
    }
  }
  // As ds::Table::Scan; the small encodings are visited whole at once.
  template <typename Callback>
  uint64_t Scan(uint64_t cursor, Callback&& callback) const {
    if (const auto* table = std::get_if<MemberTable>(&data_)) {
      return table->Scan(cursor, [&](const TextNode* node) { callback(Member(node->text())); });
    }
    ForEach(callback);
    return 0;
  }

  // For codecs; null in another encoding.
  const ds::IntSet* int_set() const noexcept { return std::get_if<ds::IntSet>(&data_); }
  const ds::ListPack* list_pack() const noexcept { return std::get_if<ds::ListPack>(&data_); }

 private:
  using MemberTable = ds::Table<TextNodePolicy>;
  using Data = std::variant<ds::IntSet, ds::ListPack, MemberTable>;

  explicit Set(Data data) noexcept : data_(std::move(data)) {}
  static MemberTable NewTable(size_t count) noexcept;
  static void AddNew(MemberTable& table, std::string_view member) noexcept;
  void ToTable(size_t count) noexcept;
  void ToListPack() noexcept;
  bool AddToIntSet(std::string_view member, const SetLimits& limits) noexcept;

  Data data_;
};

}  // namespace tusk::types
