#include "types/hash.h"

#include <algorithm>

namespace tusk::types {
namespace {

auto IsField(std::string_view field) {
  return [field](const PairNode* node) { return node->field() == field; };
}

}  // namespace

Hash Hash::Clone() const noexcept {
  Hash copy;
  if (const auto* pack = list_pack()) {
    copy = FromListPack(pack->Clone());
  } else {
    FieldTable table;
    table.Reserve(size());
    ForEach([&](Element field, Element value) {
      table.Insert(base::KeyHash(field.text()), PairNode::New(field.text(), value.text()));
    });
    copy = Hash(Data(std::move(table)));
  }
  if (const FieldDeadlines* own = deadlines(); own && !own->empty()) {
    copy.Wrap();
    copy.deadlines()->CopyFrom(*own);
  }
  return copy;
}

std::string_view Hash::EncodingName() const noexcept {
  if (encoding() == Encoding::kTable) return "hashtable";
  return deadlines() ? "listpackex" : "listpack";
}

size_t Hash::size() const noexcept {
  if (const auto* pack = list_pack()) return pack->size() / 2;
  return field_table().size();
}

size_t Hash::MemoryBytes(size_t samples) const noexcept {
  size_t bytes = sizeof *this;
  if (deadlines()) bytes += sizeof(Volatile) - sizeof(FieldDeadlines) + deadlines()->MemoryBytes();
  if (const auto* pack = list_pack()) return bytes + pack->MemoryBytes();
  const FieldTable& table = field_table();
  bytes += table.MemoryBytes();
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

size_t Hash::MoveBlocks() noexcept {
  if (ds::ListPack* pack = mutable_pack()) return pack->MoveBlock();
  size_t moves = 0;
  uint64_t cursor = 0;
  do {
    cursor = field_table().Relocate(cursor, [&moves](PairNode* node) { return PairNode::Moved(node, moves); });
  } while (cursor != 0);
  return moves;
}

std::optional<Hash::Element> Hash::Get(std::string_view field) const noexcept {
  const ds::ListPack* pack = list_pack();
  if (!pack) {
    const PairNode* node = field_table().Find(base::KeyHash(field), IsField(field));
    if (!node) return std::nullopt;
    return Element(node->value());
  }
  auto pos = pack->Find(field, pack->First(), 1);
  if (pos == ds::ListPack::kNone) return std::nullopt;
  return pack->Get(pack->Next(pos));
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

bool Hash::Put(std::string_view field, std::string_view value, const HashLimits& limits, Deadline deadline) noexcept {
  if (deadline == Deadline::kDrop) ClearDeadline(field);
  if (ds::ListPack* pack = mutable_pack()) {
    if (field.size() > limits.listpack_value_max || value.size() > limits.listpack_value_max ||
        !pack->SafeToAdd(field.size() + value.size())) {
      ToTable(size() + 1);
    }
  }
  ds::ListPack* pack = mutable_pack();
  if (!pack) return PutInTable(field_table(), field, value);

  auto pos = pack->Find(field, pack->First(), 1);
  if (pos != ds::ListPack::kNone) {
    pack->Replace(pack->Next(pos), value);
    return false;
  }
  const std::string_view both[] = {field, value};
  pack->PushBackAll(both);
  if (pack->size() / 2 > limits.listpack_entries_max) ToTable(pack->size() / 2);
  return true;
}

bool Hash::Delete(std::string_view field) noexcept {
  ds::ListPack* pack = mutable_pack();
  if (!pack) {
    PairNode* node = field_table().Erase(base::KeyHash(field), IsField(field));
    if (!node) return false;
    ClearDeadline(field);
    PairNode::Free(node);
    return true;
  }
  auto pos = pack->Find(field, pack->First(), 1);
  if (pos == ds::ListPack::kNone) return false;
  ClearDeadline(field);
  pack->EraseFrom(pos, 2);
  DCHECK(!deadlines() || deadlines()->size() <= size());
  return true;
}

void Hash::SetDeadline(std::string_view field, int64_t deadline_ms) noexcept {
  DCHECK(Exists(field));
  if (!deadlines()) Wrap();
  deadlines()->Set(field, deadline_ms);
  DCHECK(deadlines()->size() <= size());
}

void Hash::Wrap() noexcept {
  auto wrapped = std::make_unique<Volatile>();
  wrapped->data = std::exchange(data_, Data());
  data_ = std::move(wrapped);
}

void Hash::Expect(size_t count, const HashLimits& limits) noexcept {
  if (encoding() == Encoding::kListPack && count > limits.listpack_entries_max) ToTable(count);
}

void Hash::Clear() noexcept {
  if (!list_pack()) field_table().Clear(&PairNode::Free);
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
  fields() = std::move(table);
}

Hash::Entry Hash::RandomEntry(base::Random& random) const noexcept {
  const ds::ListPack* pack = list_pack();
  if (!pack) {
    const PairNode* node = field_table().RandomItem(random);
    return {Element(node->field()), Element(node->value())};
  }
  auto pos = pack->Seek(static_cast<int64_t>(random.Below(pack->size() / 2) * 2));
  return {pack->Get(pos), pack->Get(pack->Next(pos))};
}

}  // namespace tusk::types
