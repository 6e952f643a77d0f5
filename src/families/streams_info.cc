// XINFO: what a stream, its groups and their consumers look like.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <iterator>
#include <utility>
#include <vector>

#include "base/check.h"
#include "command/command_table.h"
#include "command/help.h"
#include "families/stream_arguments.h"
#include "families/streams.h"

namespace tusk::families {
namespace {

using command::Context;
using command::Found;
using types::Stream;
using types::StreamConsumer;
using types::StreamCursor;
using types::StreamGroup;
using types::StreamId;
using types::StreamPending;

constexpr size_t kIdBytes = 16;

// Big-endian bytes that two ids have in common at their front.
size_t CommonBytes(StreamId a, StreamId b) noexcept {
  if (a.ms != b.ms) return static_cast<size_t>(std::countl_zero(a.ms ^ b.ms)) / 8;
  return 8 + static_cast<size_t>(std::countl_zero(a.seq ^ b.seq)) / 8;
}

// How many nodes Redis' radix tree of the same node ids has, which is what "radix-tree-nodes" means to those who watch it.
// Each place where ids part is a node, and so is each run of bytes between such places, and each leaf. O(nodes).
size_t RadixNodes(const Stream::Nodes& nodes) {
  if (nodes.empty()) return 1;
  size_t branches = 0, runs = 0;
  // The edge from a branching place down to the next one or to a leaf: the branch itself holds its first byte.
  auto count_edge = [&runs](size_t from, size_t to) { runs += to > from + 1; };
  std::vector<size_t> open;  // Depths of the branching places above the present leaf; they ascend.
  for (auto node = nodes.begin(), next = std::next(node); next != nodes.end(); ++node, ++next) {
    size_t depth = CommonBytes(node->first, next->first);
    size_t below = kIdBytes;
    for (; !open.empty() && open.back() > depth; open.pop_back()) {
      count_edge(open.back(), below);
      below = open.back();
    }
    count_edge(depth, below);
    if (!open.empty() && open.back() == depth) continue;
    open.push_back(depth);
    ++branches;
  }
  size_t below = kIdBytes;
  for (; !open.empty(); open.pop_back()) {
    count_edge(open.back(), below);
    below = open.back();
  }
  return nodes.size() + branches + runs + (below > 0 ? 1 : 0);
}

void ReplyOptional(resp::Reply& reply, std::optional<uint64_t> value) {
  if (!value) return reply.Null();
  reply.Integer(static_cast<int64_t>(*value));
}

void ReplyGroupCounters(Context& ctx, const Stream& stream, const StreamGroup& group) {
  resp::Reply& reply = ctx.reply();
  reply.Bulk("last-delivered-id");
  ReplyStreamId(reply, group.last_id);
  reply.Bulk("entries-read");
  if (group.entries_read == StreamGroup::kUnknown) {
    reply.Null();
  } else {
    reply.Integer(group.entries_read);
  }
  reply.Bulk("lag");
  ReplyOptional(reply, stream.Lag(group));
}

void ReplyEdge(Context& ctx, const Stream& stream, StreamCursor::Direction direction) {
  StreamCursor at(stream, {}, StreamId::Max(), direction);
  if (!at.Next()) return ctx.reply().Null();
  ReplyStreamEntry(ctx.reply(), at);
}

// What both forms of XINFO STREAM begin with.
constexpr size_t kStreamFields = 7;
void ReplyStreamFields(Context& ctx, const Stream& stream) {
  resp::Reply& reply = ctx.reply();
  reply.Bulk("length");
  reply.Integer(static_cast<int64_t>(stream.size()));
  reply.Bulk("radix-tree-keys");
  reply.Integer(static_cast<int64_t>(stream.nodes().size()));
  reply.Bulk("radix-tree-nodes");
  reply.Integer(static_cast<int64_t>(RadixNodes(stream.nodes())));
  reply.Bulk("last-generated-id");
  ReplyStreamId(reply, stream.last_id());
  reply.Bulk("max-deleted-entry-id");
  ReplyStreamId(reply, stream.max_deleted_id());
  reply.Bulk("entries-added");
  reply.Integer(static_cast<int64_t>(stream.entries_added()));
  reply.Bulk("recorded-first-entry-id");
  ReplyStreamId(reply, stream.first_id());
}

// Told by Redis 8.6 and later, once producers have identified themselves.
constexpr size_t kProducerFields = 6;
size_t ProducerFieldCount(const Stream& stream) noexcept { return stream.producers() ? kProducerFields : 0; }
void ReplyProducers(Context& ctx, const Stream& stream) {
  const types::StreamProducers* producers = stream.producers();
  if (!producers) return;
  resp::Reply& reply = ctx.reply();
  const types::StreamProducers::Tracked tracked = producers->CountTracked(ctx.now_ms());
  const std::pair<std::string_view, uint64_t> fields[] = {
      {"idmp-duration", static_cast<uint64_t>(producers->duration_seconds())},
      {"idmp-maxsize", static_cast<uint64_t>(producers->size_max())},
      {"pids-tracked", tracked.producers},
      {"iids-tracked", tracked.ids},
      {"iids-added", producers->added()},
      {"iids-duplicates", producers->duplicates()}};
  static_assert(std::size(fields) == kProducerFields);
  for (const auto& [name, value] : fields) {
    reply.Bulk(name);
    reply.Integer(static_cast<int64_t>(value));
  }
}

// Of the group's pending entries at most `count`; 0: all.
void ReplyGroupPending(Context& ctx, const StreamGroup& group, uint64_t count) {
  resp::Reply::Mark mark = ctx.reply().BeginDeferred();
  uint64_t replied = 0;
  for (const auto& [id, pending] : group.pending()) {
    if (count != 0 && replied == count) break;
    ctx.reply().ArrayHeader(4);
    ReplyStreamId(ctx.reply(), id);
    ctx.reply().Bulk(pending.owner());
    ctx.reply().Integer(pending.delivered_ms);
    ctx.reply().Integer(static_cast<int64_t>(pending.deliveries));
    ++replied;
  }
  ctx.reply().EndArray(mark, replied);
}

void ReplyFullConsumer(Context& ctx, const StreamGroup& group, const StreamConsumer& consumer, uint64_t count) {
  resp::Reply& reply = ctx.reply();
  reply.MapHeader(5);
  reply.Bulk("name");
  reply.Bulk(consumer.name());
  reply.Bulk("seen-time");
  reply.Integer(consumer.seen_ms);
  reply.Bulk("active-time");
  reply.Integer(consumer.active_ms);
  reply.Bulk("pel-count");
  reply.Integer(static_cast<int64_t>(consumer.pending().size()));
  reply.Bulk("pending");
  resp::Reply::Mark mark = reply.BeginDeferred();
  uint64_t replied = 0;
  for (StreamId id : consumer.pending()) {
    if (count != 0 && replied == count) break;
    const StreamPending& pending = group.pending().at(id);
    reply.ArrayHeader(3);
    ReplyStreamId(reply, id);
    reply.Integer(pending.delivered_ms);
    reply.Integer(static_cast<int64_t>(pending.deliveries));
    ++replied;
  }
  reply.EndArray(mark, replied);
}

void ReplyFull(Context& ctx, const Stream& stream, uint64_t count) {
  resp::Reply& reply = ctx.reply();
  reply.MapHeader(kStreamFields + 2 + ProducerFieldCount(stream));
  ReplyStreamFields(ctx, stream);
  ReplyProducers(ctx, stream);
  reply.Bulk("entries");
  ReplyStreamRange(reply, stream, {}, StreamId::Max(), count);
  reply.Bulk("groups");
  reply.ArrayHeader(stream.groups().size());
  for (const auto& [name, group] : stream.groups()) {
    // Redis 8.8 has the field at all times; those who know older replies see it when there is something to tell.
    const size_t released = group.released_count();
    reply.MapHeader(released != 0 ? 8 : 7);
    reply.Bulk("name");
    reply.Bulk(name);
    ReplyGroupCounters(ctx, stream, group);
    reply.Bulk("pel-count");
    reply.Integer(static_cast<int64_t>(group.pending().size()));
    reply.Bulk("pending");
    ReplyGroupPending(ctx, group, count);
    reply.Bulk("consumers");
    reply.ArrayHeader(group.consumers().size());
    for (const auto& [consumer_name, consumer] : group.consumers()) ReplyFullConsumer(ctx, group, consumer, count);
    if (released == 0) continue;
    reply.Bulk("nacked-count");
    reply.Integer(static_cast<int64_t>(released));
  }
}

// The stream at argument 2; replies the error.
Found<Stream> ExistingStream(Context& ctx) {
  Found<Stream> stream = ctx.Read<Stream>(ctx.key(2));
  if (!stream && !stream.wrong_type) ctx.reply().Error(command::kNoSuchKey);
  return stream;
}

}  // namespace

void CmdXinfoStream(Context& ctx) {
  constexpr int64_t kFullCount = 10;
  // As in Redis, a key that is missing or of another type answers before wrong options do.
  Found<Stream> stream = ExistingStream(ctx);
  if (!stream) return;
  bool full = ctx.argc() > 3;
  int64_t count = kFullCount;
  if (full && (!ctx.ArgIs(3, "FULL") || ctx.argc() == 5 || ctx.argc() > 6)) {
    return command::ReplySubcommandError(ctx);
  }
  if (ctx.argc() == 6) {
    if (!ctx.ArgIs(4, "COUNT")) return command::ReplySubcommandError(ctx);
    std::optional<int64_t> given = ctx.Integer(5);
    if (!given) return;
    count = *given < 0 ? kFullCount : *given;
  }
  if (full) return ReplyFull(ctx, *stream, static_cast<uint64_t>(count));
  ctx.reply().MapHeader(kStreamFields + 3 + ProducerFieldCount(*stream));
  ReplyStreamFields(ctx, *stream);
  ReplyProducers(ctx, *stream);
  ctx.reply().Bulk("groups");
  ctx.reply().Integer(static_cast<int64_t>(stream->groups().size()));
  ctx.reply().Bulk("first-entry");
  ReplyEdge(ctx, *stream, StreamCursor::Direction::kForward);
  ctx.reply().Bulk("last-entry");
  ReplyEdge(ctx, *stream, StreamCursor::Direction::kBackward);
}

void CmdXinfoGroups(Context& ctx) {
  Found<Stream> stream = ExistingStream(ctx);
  if (!stream) return;
  resp::Reply& reply = ctx.reply();
  reply.ArrayHeader(stream->groups().size());
  for (const auto& [name, group] : stream->groups()) {
    reply.MapHeader(6);
    reply.Bulk("name");
    reply.Bulk(name);
    reply.Bulk("consumers");
    reply.Integer(static_cast<int64_t>(group.consumers().size()));
    reply.Bulk("pending");
    reply.Integer(static_cast<int64_t>(group.pending().size()));
    ReplyGroupCounters(ctx, *stream, group);
  }
}

void CmdXinfoConsumers(Context& ctx) {
  Found<Stream> stream = ExistingStream(ctx);
  if (!stream) return;
  const StreamGroup* group = stream->FindGroup(ctx.arg(3));
  if (!group) {
    return ctx.reply().Error(
        fmt::format("NOGROUP No such consumer group '{}' for key name '{}'", command::UpToZeroByte(ctx.arg(3)), command::UpToZeroByte(ctx.arg(2))));
  }
  resp::Reply& reply = ctx.reply();
  reply.ArrayHeader(group->consumers().size());
  for (const auto& [name, consumer] : group->consumers()) {
    reply.MapHeader(4);
    reply.Bulk("name");
    reply.Bulk(name);
    reply.Bulk("pending");
    reply.Integer(static_cast<int64_t>(consumer.pending().size()));
    reply.Bulk("idle");
    reply.Integer(std::max<int64_t>(ctx.now_ms() - consumer.seen_ms, 0));
    reply.Bulk("inactive");
    bool never = consumer.active_ms == StreamConsumer::kNever;
    reply.Integer(never ? -1 : std::max<int64_t>(ctx.now_ms() - consumer.active_ms, 0));
  }
}

void CmdXinfoHelp(Context& ctx) { command::ReplyHelp(ctx); }

}  // namespace tusk::families
