#include "types/stream_node.h"

#include <vector>

#include "base/check.h"
#include "base/numbers.h"

namespace tusk::types {
namespace {

using ds::ListPack;
using ds::ListPackElement;

ListPack::Pos Skip(const ListPack& pack, ListPack::Pos pos, size_t count) noexcept {
  for (; count > 0; --count) pos = pack.Next(pos);
  return pos;
}

// Bounded look at elements that nobody has checked yet.
class Checker {
 public:
  explicit Checker(const ListPack& pack) noexcept : pack_(pack), pos_(pack.First()) {}
  bool at_end() const noexcept { return pos_ == ListPack::kNone; }
  // The integer here, and on; false when there is none.
  bool Take(int64_t& value) noexcept {
    if (at_end()) return false;
    ListPackElement element = pack_.Get(pos_);
    if (!element.is_int()) return false;
    value = element.int_value();
    pos_ = pack_.Next(pos_);
    return true;
  }
  bool TakeCount(int64_t& value) noexcept { return Take(value) && value >= 0; }
  bool Pass(uint64_t count) noexcept {
    for (; count > 0 && !at_end(); --count) pos_ = pack_.Next(pos_);
    return count == 0;
  }

 private:
  const ListPack& pack_;
  ListPack::Pos pos_;
};

}  // namespace

StreamNode::StreamNode(std::span<const std::string_view> fields) noexcept {
  DCHECK(fields.size() % 2 == 0);
  pack_.PushBackInt(0);
  pack_.PushBackInt(0);
  pack_.PushBackInt(static_cast<int64_t>(fields.size() / 2));
  for (size_t i = 0; i < fields.size(); i += 2) pack_.PushBack(fields[i]);
  pack_.PushBackInt(0);
}

base::Result<StreamNode> StreamNode::FromBytes(std::string_view bytes, StreamId node_id) {
  auto pack = ListPack::FromBytes(bytes);
  if (!pack) return base::Error(pack.error());
  StreamNode node(std::move(*pack));
  base::Status status = node.Check(node_id);
  if (!status.ok()) return base::Error(std::move(status));
  return node;
}

base::Status StreamNode::Check(StreamId node_id) const {
  auto bad = [] { return base::Status::Invalid("stream node integrity check failed"); };
  Checker in(pack_);
  int64_t live, deleted, fields, terminator;
  if (!in.TakeCount(live) || !in.TakeCount(deleted) || !in.TakeCount(fields)) return bad();
  if (!in.Pass(static_cast<uint64_t>(fields)) || !in.Take(terminator) || terminator != 0) return bad();
  int64_t seen_live = 0, seen_deleted = 0;
  StreamId last = node_id;
  while (!in.at_end()) {
    int64_t flags, ms, seq, own_fields = fields, length;
    if (!in.TakeCount(flags) || !in.Take(ms) || !in.Take(seq)) return bad();
    auto bits = static_cast<uint64_t>(flags);
    if ((bits & ~(kDeleted | kSameFields)) != 0) return bad();
    if (!(bits & kSameFields) && !in.TakeCount(own_fields)) return bad();
    // No pack is long enough for more, and the sums below must not wrap.
    if (own_fields > static_cast<int64_t>(pack_.bytes())) return bad();
    int64_t body = bits & kSameFields ? own_fields : 1 + 2 * own_fields;
    auto elements = static_cast<uint64_t>(bits & kSameFields ? own_fields : 2 * own_fields);
    if (!in.Pass(elements) || !in.Take(length) || length != body + static_cast<int64_t>(kEntryHead)) return bad();
    StreamId id{node_id.ms + static_cast<uint64_t>(ms), node_id.seq + static_cast<uint64_t>(seq)};
    bool first = seen_live + seen_deleted == 0;
    if (first ? id < node_id : id <= last) return bad();
    last = id;
    ++(bits & kDeleted ? seen_deleted : seen_live);
  }
  if (seen_live != live || seen_deleted != deleted || live == 0) return bad();
  return {};
}

uint64_t StreamNode::Number(ListPack::Pos pos) const noexcept {
  ListPackElement element = pack_.Get(pos);
  DCHECK(element.is_int());
  return static_cast<uint64_t>(element.int_value());
}

bool StreamNode::HasSameNames(std::span<const std::string_view> fields) const noexcept {
  ListPack::Pos pos = pack_.Seek(2);
  if (Number(pos) != fields.size() / 2) return false;
  for (size_t i = 0; i < fields.size(); i += 2) {
    pos = pack_.Next(pos);
    if (!pack_.Get(pos).Equals(fields[i])) return false;
  }
  return true;
}

void StreamNode::Append(StreamId node_id, StreamId id, std::span<const std::string_view> fields) noexcept {
  DCHECK(node_id <= id && fields.size() % 2 == 0);
  bool same = HasSameNames(fields);
  size_t count = fields.size() / 2;
  char ms[base::kInt64TextMax], seq[base::kInt64TextMax], number[base::kInt64TextMax], length[base::kInt64TextMax];
  std::vector<std::string_view> elements;
  elements.reserve(kEntryHead + 1 + fields.size() + 1);
  auto add = [&elements](char* buffer, uint64_t value) {
    elements.emplace_back(buffer, base::FormatInt64(static_cast<int64_t>(value), buffer));
  };
  elements.push_back(same ? "2" : "0");
  add(ms, id.ms - node_id.ms);
  add(seq, id.seq - node_id.seq);
  if (!same) add(number, count);
  for (size_t i = 0; i < fields.size(); ++i) {
    if (!same || i % 2 == 1) elements.push_back(fields[i]);
  }
  add(length, elements.size());
  pack_.PushBackAll(elements);
  pack_.ReplaceInt(pack_.First(), static_cast<int64_t>(live() + 1));
}

void StreamNode::FlagDeleted(const Cursor& at) noexcept {
  DCHECK(at.node_ == this && !at.is_deleted());
  pack_.ReplaceInt(at.flags_pos_, static_cast<int64_t>(at.flags_ | kDeleted));
}

void StreamNode::SettleCounts(uint64_t newly_deleted) noexcept {
  if (newly_deleted == 0) return;
  DCHECK(newly_deleted <= live());
  uint64_t live_after = live() - newly_deleted, deleted_after = deleted() + newly_deleted;
  pack_.ReplaceInt(pack_.First(), static_cast<int64_t>(live_after));
  pack_.ReplaceInt(pack_.Next(pack_.First()), static_cast<int64_t>(deleted_after));
}

// ---- Cursor ----

StreamNode::Cursor::Cursor(const StreamNode& node, StreamId node_id) noexcept : node_(&node), node_id_(node_id) {
  Pos fields = node.pack_.Seek(2);
  master_fields_ = node.Number(fields);
  master_names_ = node.pack_.Next(fields);
}

void StreamNode::Cursor::Load(Pos flags_pos) noexcept {
  const ListPack& pack = node_->pack_;
  flags_pos_ = flags_pos;
  flags_ = node_->Number(flags_pos);
  Pos pos = pack.Next(flags_pos);
  id_.ms = node_id_.ms + node_->Number(pos);
  pos = pack.Next(pos);
  id_.seq = node_id_.seq + node_->Number(pos);
  pos = pack.Next(pos);
  if (flags_ & kSameFields) {
    field_count_ = master_fields_;
    name_pos_ = master_names_;
  } else {
    field_count_ = node_->Number(pos);
    pos = pack.Next(pos);
  }
  field_pos_ = pos;
  fields_left_ = field_count_;
}

bool StreamNode::Cursor::Next() noexcept {
  const ListPack& pack = node_->pack_;
  Pos pos;
  if (flags_pos_ == ListPack::kNone) {
    pos = Skip(pack, master_names_, master_fields_);  // The master entry's closing 0.
  } else {
    pos = Skip(pack, field_pos_, flags_ & kSameFields ? fields_left_ : 2 * fields_left_);
  }
  pos = pack.Next(pos);
  if (pos == ListPack::kNone) return false;
  Load(pos);
  return true;
}

bool StreamNode::Cursor::Previous() noexcept {
  const ListPack& pack = node_->pack_;
  Pos pos = flags_pos_ == ListPack::kNone ? pack.Last() : pack.Prev(flags_pos_);
  uint64_t length = node_->Number(pos);
  if (length == 0) return false;
  for (; length > 0; --length) pos = pack.Prev(pos);
  Load(pos);
  return true;
}

bool StreamNode::Cursor::NextField(Element& name, Element& value) noexcept {
  if (fields_left_ == 0) return false;
  --fields_left_;
  const ListPack& pack = node_->pack_;
  if (flags_ & kSameFields) {
    name = pack.Get(name_pos_);
    name_pos_ = pack.Next(name_pos_);
  } else {
    name = pack.Get(field_pos_);
    field_pos_ = pack.Next(field_pos_);
  }
  value = pack.Get(field_pos_);
  field_pos_ = pack.Next(field_pos_);
  return true;
}

void StreamNode::Cursor::Rewind() noexcept { Load(flags_pos_); }

}  // namespace tusk::types
