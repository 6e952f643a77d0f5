// XPENDING: what was delivered and not acknowledged.
#include <fmt/format.h>

#include <algorithm>

#include "base/numbers.h"
#include "command/command_table.h"
#include "families/stream_arguments.h"
#include "families/streams.h"

namespace tusk::families {
namespace {

using command::Context;
using types::Stream;
using types::StreamConsumer;
using types::StreamGroup;
using types::StreamId;
using types::StreamPending;

struct PendingRange {
  int64_t idle_ms_min = 0;
  StreamId low, high;
  uint64_t count = 0;
  size_t consumer_at = 0;  // 0: every consumer.
};

// XPENDING key group [[IDLE min-idle-time] start end count [consumer]]. False after an error reply.
bool ParseRange(Context& ctx, PendingRange& range) {
  size_t at = 3;
  if (ctx.ArgIs(at, "IDLE")) {
    std::optional<int64_t> idle = ctx.Integer(at + 1);
    if (!idle) return false;
    range.idle_ms_min = *idle;
    at += 2;
  }
  if (ctx.argc() < at + 3) {
    ctx.reply().Error(command::kSyntaxError);
    return false;
  }
  std::optional<int64_t> count = ctx.Integer(at + 2);
  if (!count) return false;
  range.count = static_cast<uint64_t>(std::max<int64_t>(*count, 0));
  std::optional<StreamId> low = StreamIntervalArg(ctx, at, IntervalEnd::kLow);
  if (!low) return false;
  std::optional<StreamId> high = StreamIntervalArg(ctx, at + 1, IntervalEnd::kHigh);
  if (!high) return false;
  range.low = *low;
  range.high = *high;
  if (ctx.argc() > at + 3) range.consumer_at = at + 3;
  return true;
}

void ReplySummary(Context& ctx, const StreamGroup& group) {
  resp::Reply& reply = ctx.reply();
  reply.ArrayHeader(4);
  reply.Integer(static_cast<int64_t>(group.pending().size()));
  if (group.pending().empty()) {
    reply.Null();
    reply.Null();
    return reply.NullArray();
  }
  ReplyStreamId(reply, group.pending().begin()->first);
  ReplyStreamId(reply, group.pending().rbegin()->first);
  resp::Reply::Mark mark = reply.BeginDeferred();
  size_t consumers = 0;
  for (const auto& [name, consumer] : group.consumers()) {
    if (consumer.pending().empty()) continue;
    reply.ArrayHeader(2);
    reply.Bulk(name);
    reply.BulkInteger(static_cast<int64_t>(consumer.pending().size()));
    ++consumers;
  }
  reply.EndArray(mark, consumers);
}

// False: idle for too short, and nothing was replied.
bool ReplyPending(Context& ctx, const PendingRange& range, StreamId id, const StreamPending& pending) {
  // What is released is idle enough for everybody, and for no time that could be told.
  constexpr int64_t kReleased = -1;
  int64_t idle_ms = pending.released() ? kReleased : std::max<int64_t>(ctx.now_ms() - pending.delivered_ms, 0);
  if (idle_ms < range.idle_ms_min && !pending.released()) return false;
  ctx.reply().ArrayHeader(4);
  ReplyStreamId(ctx.reply(), id);
  ctx.reply().Bulk(pending.owner());
  ctx.reply().Integer(idle_ms);
  ctx.reply().Integer(static_cast<int64_t>(pending.deliveries));
  return true;
}

void ReplyRange(Context& ctx, const StreamGroup& group, const PendingRange& range) {
  resp::Reply::Mark mark = ctx.reply().BeginDeferred();
  uint64_t replied = 0;
  for (auto at = group.pending().lower_bound(range.low);
       at != group.pending().end() && at->first <= range.high && replied < range.count; ++at) {
    replied += ReplyPending(ctx, range, at->first, at->second);
  }
  ctx.reply().EndArray(mark, replied);
}

void ReplyRangeOf(Context& ctx, const StreamGroup& group, const StreamConsumer& consumer, const PendingRange& range) {
  resp::Reply::Mark mark = ctx.reply().BeginDeferred();
  uint64_t replied = 0;
  for (auto at = consumer.pending().lower_bound(range.low);
       at != consumer.pending().end() && *at <= range.high && replied < range.count; ++at) {
    replied += ReplyPending(ctx, range, *at, group.pending().at(*at));
  }
  ctx.reply().EndArray(mark, replied);
}

}  // namespace

void CmdXpending(Context& ctx) {
  bool summary = ctx.argc() == 3;
  PendingRange range;
  // As in Redis, up to nine words pass, whether the last ones mean something or not.
  constexpr size_t kWordsMax = 9;
  if (!summary && (ctx.argc() < 6 || ctx.argc() > kWordsMax)) return ctx.reply().Error(command::kSyntaxError);
  if (!summary && !ParseRange(ctx, range)) return;
  auto stream = ctx.Read<Stream>(ctx.key(1));
  if (stream.wrong_type) return;
  StreamGroup* group = stream ? stream->FindGroup(ctx.arg(2)) : nullptr;
  if (!group) {
    return ctx.reply().Error(
        fmt::format("NOGROUP No such key '{}' or consumer group '{}'", command::UpToZeroByte(ctx.arg(1)), command::UpToZeroByte(ctx.arg(2))));
  }
  if (summary) return ReplySummary(ctx, *group);
  if (range.consumer_at == 0) return ReplyRange(ctx, *group, range);
  const StreamConsumer* consumer = group->FindConsumer(ctx.arg(range.consumer_at));
  if (!consumer) return ctx.reply().EmptyArray();
  ReplyRangeOf(ctx, *group, *consumer, range);
}

}  // namespace tusk::families
