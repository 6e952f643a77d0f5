// The hash value: a list pack of field, value, field, value, ... in order of insertion while fields are few and texts
// short, a table from then on. It never converts back, as in Redis.
//
// Fields may have deadlines. The hash itself does not look at clocks: whoever finds it (store::Transaction) takes out what
// is due before anybody else sees it. From its first deadline on a hash is wrapped together with them; one that never had
// any pays nothing.
//
// Threads: stripe-guarded. Owns: everything it holds. Views are valid until the next change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "base/memory.h"
#include "ds/list_pack.h"
#include "ds/table.h"
#include "types/field_deadlines.h"
#include "types/text_node.h"

namespace tusk::types {

struct HashLimits {
  size_t listpack_entries_max = 512;
  size_t listpack_value_max = 64;
};

class Hash : public base::Movable {
 public:
  enum class Encoding : uint8_t { kListPack, kTable };
  // What becomes of a field's deadline when its value is replaced.
  enum class Deadline : uint8_t { kDrop, kKeep };
  // Text or integer, whichever the encoding holds.
  using Element = ds::ListPackElement;
  struct Entry {
    Element field;
    Element value;
  };

  Hash() noexcept = default;
  ~Hash() { Clear(); }
  Hash(Hash&& other) noexcept : data_(std::exchange(other.data_, Data())) {}
  Hash& operator=(Hash&& other) noexcept {
    std::swap(data_, other.data_);
    return *this;
  }
  Hash(const Hash&) = delete;
  Hash& operator=(const Hash&) = delete;

  // The pack holds pairs with distinct fields; codec checks that.
  static Hash FromListPack(ds::ListPack pack) noexcept { return Hash(Data(std::move(pack))); }
  Hash Clone() const noexcept;

  Encoding encoding() const noexcept { return list_pack() ? Encoding::kListPack : Encoding::kTable; }
  // As OBJECT ENCODING says it.
  std::string_view EncodingName() const noexcept;
  // Fields.
  size_t size() const noexcept;
  bool empty() const noexcept { return size() == 0; }
  // Bytes, `samples` entries of a table looked at and extrapolated from; 0: all.
  size_t MemoryBytes(size_t samples = 0) const noexcept;
  // Moves blocks out of memory that is to be emptied (base::WantsMove). Returns how many. O(n).
  size_t MoveBlocks() noexcept;

  std::optional<Element> Get(std::string_view field) const noexcept;
  bool Exists(std::string_view field) const noexcept { return Get(field).has_value(); }
  // True when the field is new. Neither text may lie in this hash.
  bool Put(std::string_view field, std::string_view value, const HashLimits& limits,
           Deadline deadline = Deadline::kDrop) noexcept;
  bool Delete(std::string_view field) noexcept;

  // Unix milliseconds. The field must be there.
  void SetDeadline(std::string_view field, int64_t deadline_ms) noexcept;
  // True when it had one.
  bool ClearDeadline(std::string_view field) noexcept { return deadlines() && deadlines()->Remove(field); }
  std::optional<int64_t> DeadlineOf(std::string_view field) const noexcept {
    return deadlines() ? deadlines()->Get(field) : std::nullopt;
  }
  // INT64_MAX when no field has one.
  int64_t first_deadline_ms() const noexcept { return deadlines() ? deadlines()->first_deadline_ms() : INT64_MAX; }
  // Null in a hash that never had one. For the store's index and codecs.
  FieldDeadlines* deadlines() const noexcept {
    const auto* wrapped = std::get_if<std::unique_ptr<Volatile>>(&data_);
    return wrapped ? &(*wrapped)->deadlines : nullptr;
  }
  // Goes to a table at once if `count` more fields are about to come that would end there anyway.
  void Expect(size_t count, const HashLimits& limits) noexcept;
  void Clear() noexcept;

  // Uniformly drawn; size() > 0.
  Entry RandomEntry(base::Random& random) const noexcept;

  template <typename Callback>  // void(Element field, Element value)
  void ForEach(Callback&& callback) const {
    if (const auto* pack = list_pack()) {
      for (auto pos = pack->First(); pos != ds::ListPack::kNone;) {
        auto value_pos = pack->Next(pos);
        callback(pack->Get(pos), pack->Get(value_pos));
        pos = pack->Next(value_pos);
      }
    } else {
      field_table().ForEach(
          [&](const PairNode* node) { callback(Element(node->field()), Element(node->value())); });
    }
  }
  // As ds::Table::Scan; a pack is visited whole at once.
  template <typename Callback>
  uint64_t Scan(uint64_t cursor, Callback&& callback) const {
    if (!list_pack()) {
      return field_table().Scan(cursor,
                         [&](const PairNode* node) { callback(Element(node->field()), Element(node->value())); });
    }
    ForEach(callback);
    return 0;
  }

  // For codecs; null in another encoding.
  const ds::ListPack* list_pack() const noexcept { return std::get_if<ds::ListPack>(&fields()); }

 private:
  using FieldTable = ds::Table<PairNodePolicy>;
  struct Volatile;
  using Data = std::variant<ds::ListPack, FieldTable, std::unique_ptr<Volatile>>;
  // A hash together with its fields' deadlines; `data` is one of the first two.
  struct Volatile {
    Data data;
    FieldDeadlines deadlines;
  };

  explicit Hash(Data data) noexcept : data_(std::move(data)) {}
  // What holds the fields, wrapped or not.
  const Data& fields() const noexcept {
    const auto* wrapped = std::get_if<std::unique_ptr<Volatile>>(&data_);
    return wrapped ? (*wrapped)->data : data_;
  }
  Data& fields() noexcept { return const_cast<Data&>(static_cast<const Hash*>(this)->fields()); }
  ds::ListPack* mutable_pack() noexcept { return std::get_if<ds::ListPack>(&fields()); }
  // There is no list pack.
  const FieldTable& field_table() const noexcept { return *std::get_if<FieldTable>(&fields()); }
  FieldTable& field_table() noexcept { return *std::get_if<FieldTable>(&fields()); }
  void Wrap() noexcept;
  void ToTable(size_t count) noexcept;
  static bool PutInTable(FieldTable& table, std::string_view field, std::string_view value) noexcept;

  Data data_;
};

}  // namespace tusk::types
