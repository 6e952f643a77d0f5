#include "codec/stream_codec.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tusk::codec {
namespace {

using types::Stream;
using types::StreamConsumer;
using types::StreamGroup;
using types::StreamId;
using types::StreamNode;
using types::StreamPending;

constexpr size_t kIdBytes = 16;
static_assert(sizeof(StreamId) == kIdBytes);

void WriteRawId(StreamId id, char* out) noexcept {
  for (size_t i = 0; i < 8; ++i) {
    out[i] = static_cast<char>(id.ms >> (56 - 8 * i));
    out[8 + i] = static_cast<char>(id.seq >> (56 - 8 * i));
  }
}

StreamId ParseRawId(std::string_view bytes) noexcept {
  StreamId id;
  if (bytes.size() != kIdBytes) return id;
  for (size_t i = 0; i < 8; ++i) {
    id.ms = id.ms << 8 | static_cast<uint8_t>(bytes[i]);
    id.seq = id.seq << 8 | static_cast<uint8_t>(bytes[8 + i]);
  }
  return id;
}

void WriteId(StreamId id, Writer& out) {
  out.Length(id.ms);
  out.Length(id.seq);
}

StreamId ReadId(Reader& in) {
  uint64_t ms = in.Length();
  return {ms, in.Length()};
}

// Files of this version know no entry that is pending for nobody. A released one is written as belonging to a consumer
// without a name who got it when time began: for older servers that is somebody's, and any claim takes it; here it is
// released again. A consumer who has no name and was never seen is there for that alone.
constexpr int64_t kReleasedMs = 0;

void WriteConsumers(const StreamGroup& group, Writer& out) {
  char id_bytes[kIdBytes];
  std::vector<StreamId> released;
  if (group.released_count() != 0) {
    for (const auto& [id, pending] : group.pending()) {
      if (pending.released()) released.push_back(id);
    }
  }
  auto write_id = [&](StreamId id) {
    WriteRawId(id, id_bytes);
    out.Raw({id_bytes, kIdBytes});
  };
  const auto nameless = group.consumers().find("");
  const bool extra = !released.empty() && nameless == group.consumers().end();
  out.Length(group.consumers().size() + extra);
  if (extra) {
    out.Text({});
    out.Fixed64(kReleasedMs);
    out.Length(released.size());
    for (StreamId id : released) write_id(id);
  }
  for (const auto& [name, consumer] : group.consumers()) {
    out.Text(name);
    out.Fixed64(static_cast<uint64_t>(consumer.seen_ms));
    out.Length(consumer.pending().size() + (name.empty() ? released.size() : 0));
    for (StreamId id : consumer.pending()) write_id(id);
    if (name.empty()) {
      for (StreamId id : released) write_id(id);
    }
  }
}

void WriteGroup(const StreamGroup& group, Writer& out) {
  char id_bytes[kIdBytes];
  WriteId(group.last_id, out);
  out.Length(static_cast<uint64_t>(group.entries_read));
  out.Length(group.pending().size());
  for (const auto& [id, pending] : group.pending()) {
    WriteRawId(id, id_bytes);
    out.Raw({id_bytes, kIdBytes});
    out.Fixed64(static_cast<uint64_t>(pending.delivered_ms));
    out.Length(pending.deliveries);
  }
  WriteConsumers(group, out);
}

void ReadNodes(Reader& in, Stream& stream) {
  for (uint64_t nodes = in.Count(kIdBytes); nodes > 0 && in.ok(); --nodes) {
    std::string_view key = in.Text(kIdBytes);
    StreamId id = ParseRawId(key);
    if (key.size() != kIdBytes) return in.Fail("stream node without an id");
    if (!stream.empty() && id <= stream.nodes().rbegin()->first) return in.Fail("stream nodes out of order");
    auto node = StreamNode::FromBytes(in.Text(), id);
    if (!in.ok()) return;
    if (!node) return in.Fail("Stream listpack integrity check failed: " + node.error().message());
    stream.AppendNode(id, std::move(*node));
  }
}

// What is pending is listed twice in a file: for the group with its data, for the consumers by id alone.
void ReadGroup(Reader& in, RdbType type, Stream& stream) {
  std::string name(in.Text());
  StreamId last_id = ReadId(in);
  int64_t entries_read = StreamGroup::kUnknown;
  if (type != RdbType::kStream1) {
    entries_read = static_cast<int64_t>(in.Length());
  } else if (std::optional<uint64_t> read = stream.EntriesUpTo(last_id)) {
    entries_read = static_cast<int64_t>(*read);
  }
  if (!in.ok()) return;
  StreamGroup* group = stream.AddGroup(name, last_id, entries_read);
  if (!group) return in.Fail("stream with a group twice");
  std::map<StreamId, StreamPending> unassigned;
  for (uint64_t count = in.Count(kIdBytes); count > 0 && in.ok(); --count) {
    StreamId id = ParseRawId(in.Bytes(kIdBytes));
    StreamPending pending{.delivered_ms = static_cast<int64_t>(in.Fixed64())};
    pending.deliveries = in.Length();
    if (!unassigned.try_emplace(id, pending).second) return in.Fail("stream entry pending twice");
  }
  for (uint64_t count = in.Count(); count > 0 && in.ok(); --count) {
    std::string consumer_name(in.Text());
    auto seen_ms = static_cast<int64_t>(in.Fixed64());
    int64_t active_ms = type == RdbType::kStream3 ? static_cast<int64_t>(in.Fixed64()) : seen_ms;
    if (!in.ok()) return;
    if (group->FindConsumer(consumer_name)) return in.Fail("Duplicate stream consumer detected");
    StreamConsumer* consumer = nullptr;
    if (!consumer_name.empty() || seen_ms != kReleasedMs) {
      consumer = &group->ConsumerOf(consumer_name, seen_ms);
      consumer->active_ms = active_ms;
    }
    for (uint64_t ids = in.Count(kIdBytes); ids > 0 && in.ok(); --ids) {
      StreamId id = ParseRawId(in.Bytes(kIdBytes));
      auto found = unassigned.extract(id);
      if (!in.ok()) return;
      if (found.empty()) return in.Fail("stream consumer with an entry that its group has not pending");
      const bool released = consumer_name.empty() && found.mapped().delivered_ms == kReleasedMs;
      if (!released && !consumer) consumer = &group->ConsumerOf(consumer_name, seen_ms);
      StreamPending& pending = released ? group->Release(id) : group->Assign(id, *consumer);
      group->Deliver(pending, found.mapped().delivered_ms);
      pending.deliveries = found.mapped().deliveries;
    }
  }
  if (in.ok() && !unassigned.empty()) in.Fail("stream entry pending for nobody");
}

}  // namespace

void WriteStream(const Stream& stream, Writer& out) {
  char id_bytes[kIdBytes];
  out.Length(stream.nodes().size());
  for (const auto& [id, node] : stream.nodes()) {
    WriteRawId(id, id_bytes);
    out.Text({id_bytes, kIdBytes});
    out.Text(node.raw());
  }
  out.Length(stream.size());
  WriteId(stream.last_id(), out);
  WriteId(stream.first_id(), out);
  WriteId(stream.max_deleted_id(), out);
  out.Length(stream.entries_added());
  out.Length(stream.groups().size());
  for (const auto& [name, group] : stream.groups()) {
    out.Text(name);
    WriteGroup(group, out);
  }
}

Stream ReadStream(Reader& in, RdbType type) {
  Stream stream;
  ReadNodes(in, stream);
  uint64_t size = in.Length();
  if (in.ok() && size != stream.size()) in.Fail("stream whose size is not that of its nodes");
  stream.set_last_id(ReadId(in));
  stream.set_entries_added(size);
  if (type != RdbType::kStream1) {
    ReadId(in);  // The first id: it is known from the nodes.
    stream.set_max_deleted_id(ReadId(in));
    stream.set_entries_added(in.Length());
  }
  for (uint64_t groups = in.Count(); groups > 0 && in.ok(); --groups) ReadGroup(in, type, stream);
  return stream;
}

}  // namespace tusk::codec
