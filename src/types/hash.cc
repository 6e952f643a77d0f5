#include "types/hash.h"

#include <algorithm>

namespace tusk::types {
namespace {

auto IsField(std::string_view field) {
  return [field](const PairNode* node) { return node->field() == field; };
}

}  // namespace

Hash Hash::Clone() const noexcept {
  if (const auto* pack = list_pack()) return FromListPack(pack->Clone());
  FieldTable copy;
  copy.Reserve(size());
  ForEach([&](Element field, Element value) {
    copy.Insert(base::KeyHash(field.text()), PairNode::New(field.text(), value.text()));
  });
  return Hash(Data(std::move(copy)));
}

std::string_view Hash::EncodingName() const noexcept {
  return encoding() == Encoding::kListPack ? "listpack" : "hashtable";
}

size_t Hash::size() const noexcept {
  if (const auto* pack = list_pack()) return pack->size() / 2;
  return std::get<FieldTable>(data_).size();
}

size_t Hash::MemoryBytes(size_t samples) const noexcept {
  if (const auto* pack = list_pack()) return sizeof *this + pack->MemoryBytes();
  const auto& table = std::get<FieldTable>(data_);
  size_t bytes = sizeof *this + table.MemoryBytes();
  if (table.empty()) return bytes;
  size_t seen = 0;
  size_t seen_bytes = 0;
  uint64_t cursor = 0;
  do {
    cursor = table.Scan(cursor, [&](const PairNode* node) {
      ++seen;
      seen_bytes += base::AllocatedSize(node);
    });
  } while (cursor != 0 && (samples == 0 || seen < samples));
  return bytes + (seen ? seen_bytes * table.size() / seen : 0);
}

std::optional<Hash::Element> Hash::Get(std::string_view field) const noexcept {
  if (const auto* table = std::get_if<FieldTable>(&data_)) {
    const PairNode* node = table->Find(base::KeyHash(field), IsField(field));
    if (!node) return std::nullopt;
    return Element(node->value());
  }
  const auto& pack = std::get<ds::ListPack>(data_);
  auto pos = pack.Find(field, pack.First(), 1);
  if (pos == ds::ListPack::kNone) return std::nullopt;
  return pack.Get(pack.Next(pos));
}

bool Hash::PutInTable(FieldTable& table, std::string_view field, std::string_view value) noexcept {
  uint64_t hash = base::KeyHash(field);
  auto slot = table.FindSlot(hash, IsField(field));
  if (!slot) {
    table.Insert(hash, PairNode::New(field, value));
    return true;
  }
  PairNode* node = slot.item();
  if (!node->TryReplaceValue(value)) {
    slot.Replace(PairNode::New(field, value));
    PairNode::Free(node);
  }
  return false;
}

bool Hash::Put(std::string_view field, std::string_view value, const HashLimits& limits) noexcept {
  if (auto* pack = std::get_if<ds::ListPack>(&data_)) {
    if (field.size() > limits.listpack_value_max || value.size() > limits.listpack_value_max ||
        !pack->SafeToAdd(field.size() + value.size())) {
      ToTable(size() + 1);
    }
  }
  if (auto* table = std::get_if<FieldTable>(&data_)) return PutInTable(*table, field, value);

  auto& pack = std::get<ds::ListPack>(data_);
  auto pos = pack.Find(field, pack.First(), 1);
  if (pos != ds::ListPack::kNone) {
    pack.Replace(pack.Next(pos), value);
    return false;
  }
  const std::string_view both[] = {field, value};
  pack.PushBackAll(both);
  if (pack.size() / 2 > limits.listpack_entries_max) ToTable(pack.size() / 2);
  return true;
}

bool Hash::Delete(std::string_view field) noexcept {
  if (auto* table = std::get_if<FieldTable>(&data_)) {
    PairNode* node = table->Erase(base::KeyHash(field), IsField(field));
    if (node) PairNode::Free(node);
    return node != nullptr;
  }
  auto& pack = std::get<ds::ListPack>(data_);
  auto pos = pack.Find(field, pack.First(), 1);
  if (pos == ds::ListPack::kNone) return false;
  pack.EraseFrom(pos, 2);
  return true;
}

void Hash::Expect(size_t count, const HashLimits& limits) noexcept {
  if (encoding() == Encoding::kListPack && count > limits.listpack_entries_max) ToTable(count);
}

void Hash::Clear() noexcept {
  if (auto* table = std::get_if<FieldTable>(&data_)) table->Clear(&PairNode::Free);
}

void Hash::ToTable(size_t count) noexcept {
  FieldTable table;
  table.Reserve(std::max(count, size()));
  char field_buffer[base::kInt64TextMax];
  char value_buffer[base::kInt64TextMax];
  ForEach([&](Element field, Element value) {
    std::string_view text = field.ToText(field_buffer);
    table.Insert(base::KeyHash(text), PairNode::New(text, value.ToText(value_buffer)));
  });
  data_ = std::move(table);
}

Hash::Entry Hash::RandomEntry(base::Random& random) const noexcept {
  if (const auto* table = std::get_if<FieldTable>(&data_)) {
    const PairNode* node = table->RandomItem(random);
    return {Element(node->field()), Element(node->value())};
  }
  const auto& pack = std::get<ds::ListPack>(data_);
  auto pos = pack.Seek(static_cast<int64_t>(random.Below(pack.size() / 2) * 2));
  return {pack.Get(pos), pack.Get(pack.Next(pos))};
}

}  // namespace tusk::types
