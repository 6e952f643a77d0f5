// XCLAIM and XAUTOCLAIM: pending entries change their owner.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "command/command_table.h"
#include "families/stream_arguments.h"
#include "families/stream_records.h"
#include "families/streams.h"

namespace tusk::families {
namespace {

using command::Context;
using command::Found;
using store::Key;
using types::Stream;
using types::StreamConsumer;
using types::StreamCursor;
using types::StreamGroup;
using types::StreamId;
using types::StreamPending;

constexpr int64_t kUnset = -1;

struct ClaimRequest {
  int64_t idle_ms_min = 0;
  size_t ids_at = 5;
  size_t ids_end = 5;
  int64_t delivered_ms = kUnset;
  int64_t retry_count = kUnset;
  bool force = false;
  bool just_id = false;
  std::optional<StreamId> last_id;
};

std::optional<int64_t> MinIdleArg(Context& ctx, std::string_view error) {
  std::optional<int64_t> idle = ctx.Integer(4, error);
  if (idle) *idle = std::max<int64_t>(*idle, 0);
  return idle;
}

// The options behind the ids. False after an error reply.
bool ParseClaimOptions(Context& ctx, ClaimRequest& request) {
  for (size_t i = request.ids_end; i < ctx.argc(); ++i) {
    bool more = i + 1 < ctx.argc();
    if (ctx.ArgIs(i, "FORCE")) {
      request.force = true;
    } else if (ctx.ArgIs(i, "JUSTID")) {
      request.just_id = true;
    } else if (more && ctx.ArgIs(i, "IDLE")) {
      std::optional<int64_t> idle = ctx.Integer(++i, "ERR Invalid IDLE option argument for XCLAIM");
      if (!idle) return false;
      // Wraps where nobody could tell the difference: what lies in the future becomes now.
      request.delivered_ms = static_cast<int64_t>(static_cast<uint64_t>(ctx.now_ms()) - static_cast<uint64_t>(*idle));
    } else if (more && ctx.ArgIs(i, "TIME")) {
      std::optional<int64_t> time = ctx.Integer(++i, "ERR Invalid TIME option argument for XCLAIM");
      if (!time) return false;
      request.delivered_ms = *time;
    } else if (more && ctx.ArgIs(i, "RETRYCOUNT")) {
      std::optional<int64_t> count = ctx.Integer(++i, "ERR Invalid RETRYCOUNT option argument for XCLAIM");
      if (!count) return false;
      request.retry_count = *count;
    } else if (more && ctx.ArgIs(i, "LASTID")) {
      request.last_id = StreamIdArg(ctx, ++i);
      if (!request.last_id) return false;
    } else {
      ctx.reply().Error(fmt::format("ERR Unrecognized XCLAIM option '{}'", command::UpToZeroByte(ctx.arg(i))));
      return false;
    }
  }
  // Neither in the future nor before time began: a delivery that is said to have been then happens now.
  if (request.delivered_ms < 0 || request.delivered_ms > ctx.now_ms()) request.delivered_ms = ctx.now_ms();
  return true;
}

std::vector<StreamId> ParseIds(Context& ctx, ClaimRequest& request) {
  std::vector<StreamId> ids;
  for (; request.ids_end < ctx.argc(); ++request.ids_end) {
    std::optional<StreamId> id = types::ParseStreamId(ctx.arg(request.ids_end), 0);
    if (!id) break;
    ids.push_back(*id);
  }
  return ids;
}

// Replies the entry, or its id.
void ReplyClaimed(Context& ctx, const Stream& stream, StreamId id, bool just_id) {
  if (just_id) return ReplyStreamId(ctx.reply(), id);
  StreamCursor at(stream, id, id);
  bool found = at.Next();
  DCHECK(found);
  if (found) ReplyStreamEntry(ctx.reply(), at);
}

struct Target {
  GroupName name;
  Stream& stream;
  StreamGroup& group;
  StreamConsumer& consumer;
};

Target TargetOf(Context& ctx, const Key& key, Stream& stream, StreamGroup& group) {
  return {{key.text, ctx.arg(2)}, stream, group, SeenConsumer(ctx, key, group, ctx.arg(3))};
}

// The entry is gone from the stream: what is pending of it goes, too. Followers find out by the same claim.
void ForgetDeleted(Context& ctx, const Target& target, StreamId id, const StreamPending& pending) {
  ForgetPending(ctx, target.name, target.group, id, pending);
}

bool IdleFor(Context& ctx, const StreamPending& pending, int64_t idle_ms_min) {
  return idle_ms_min == 0 || ctx.now_ms() - pending.delivered_ms >= idle_ms_min;
}

// The consumer becomes the entry's owner, as if it had been delivered at `delivered_ms`.
StreamPending& Claim(Context& ctx, const Target& target, StreamId id, int64_t delivered_ms) {
  StreamPending& pending = target.group.Assign(id, target.consumer);
  target.group.Deliver(pending, delivered_ms);
  target.consumer.active_ms = ctx.now_ms();
  ctx.transaction().AddDirty(1);
  return pending;
}

// True when the id was claimed.
bool ClaimOne(Context& ctx, const ClaimRequest& request, const Target& target, StreamId id) {
  StreamPending* pending = target.group.FindPending(id);
  if (!target.stream.Contains(id)) {
    if (pending) ForgetDeleted(ctx, target, id, *pending);
    return false;
  }
  if (!pending && !request.force) return false;
  if (pending && !IdleFor(ctx, *pending, request.idle_ms_min)) return false;
  StreamPending& claimed = Claim(ctx, target, id, request.delivered_ms);
  if (request.retry_count >= 0) {
    claimed.deliveries = static_cast<uint64_t>(request.retry_count);
  } else if (!request.just_id) {
    ++claimed.deliveries;
  }
  RecordClaim(ctx, target.name, target.group, id, claimed);
  return true;
}

struct AutoClaimRequest {
  int64_t idle_ms_min = 0;
  StreamId start;
  uint64_t count = 100;
  bool just_id = false;
};

// A call looks at this many pending entries for each that it may claim.
constexpr uint64_t kLooksPerClaim = 10;

// False after an error reply.
bool ParseAutoClaim(Context& ctx, AutoClaimRequest& request) {
  std::optional<int64_t> idle = MinIdleArg(ctx, "ERR Invalid min-idle-time argument for XAUTOCLAIM");
  if (!idle) return false;
  request.idle_ms_min = *idle;
  std::optional<StreamId> start = StreamIntervalArg(ctx, 5, IntervalEnd::kLow);
  if (!start) return false;
  request.start = *start;
  constexpr int64_t kCountMax = INT64_MAX / 16;
  for (size_t i = 6; i < ctx.argc(); ++i) {
    if (ctx.ArgIs(i, "COUNT") && i + 1 < ctx.argc()) {
      std::optional<int64_t> count = ctx.IntegerInRange(++i, 1, kCountMax, "ERR COUNT must be > 0");
      if (!count) return false;
      request.count = static_cast<uint64_t>(*count);
    } else if (ctx.ArgIs(i, "JUSTID")) {
      request.just_id = true;
    } else {
      ctx.reply().Error(command::kSyntaxError);
      return false;
    }
  }
  return true;
}

struct AutoClaimed {
  std::vector<StreamId> claimed;
  std::vector<StreamId> deleted;
  StreamId next;  // Where the next call goes on; 0-0 at the end.
};

AutoClaimed ClaimIdle(Context& ctx, const AutoClaimRequest& request, const Target& target) {
  AutoClaimed result;
  const StreamGroup::Pending& pending = target.group.pending();
  uint64_t looks = request.count * kLooksPerClaim;
  auto at = pending.lower_bound(request.start);
  for (; at != pending.end() && looks > 0 && result.claimed.size() + result.deleted.size() < request.count; --looks) {
    StreamId id = at->first;
    const StreamPending& entry = at->second;
    ++at;  // What follows may take the entry away.
    if (!target.stream.Contains(id)) {
      ForgetDeleted(ctx, target, id, entry);
      result.deleted.push_back(id);
      continue;
    }
    if (!IdleFor(ctx, entry, request.idle_ms_min)) continue;
    StreamPending& claimed = Claim(ctx, target, id, ctx.now_ms());
    if (!request.just_id) ++claimed.deliveries;
    RecordClaim(ctx, target.name, target.group, id, claimed);
    result.claimed.push_back(id);
  }
  if (at != pending.end()) result.next = at->first;
  return result;
}

}  // namespace

void CmdXclaim(Context& ctx) {
  Key key = ctx.key(1);
  Found<Stream> stream;
  StreamGroup* group = ExistingGroupArg(ctx, stream);
  if (!group) return;
  ClaimRequest request;
  std::optional<int64_t> idle = MinIdleArg(ctx, "ERR Invalid min-idle-time argument for XCLAIM");
  if (!idle) return;
  request.idle_ms_min = *idle;
  std::vector<StreamId> ids = ParseIds(ctx, request);
  if (!ParseClaimOptions(ctx, request)) return;
  bool moved = request.last_id && *request.last_id > group->last_id;
  if (moved) group->last_id = *request.last_id;
  // What happens is recorded claim by claim.
  ctx.ChangedNothing();
  Target target = TargetOf(ctx, key, *stream, *group);
  uint64_t dirty = ctx.transaction().dirty();
  resp::Reply::Mark mark = ctx.reply().BeginDeferred();
  size_t claimed = 0;
  for (StreamId id : ids) {
    if (!ClaimOne(ctx, request, target, id)) continue;
    ReplyClaimed(ctx, *stream, id, request.just_id);
    ++claimed;
  }
  ctx.reply().EndArray(mark, claimed);
  if (moved && ctx.transaction().dirty() == dirty) {
    RecordGroupPosition(ctx, target.name, *group);
    ctx.transaction().AddDirty(1);
  }
}

void CmdXautoclaim(Context& ctx) {
  AutoClaimRequest request;
  if (!ParseAutoClaim(ctx, request)) return;
  Key key = ctx.key(1);
  Found<Stream> stream;
  StreamGroup* group = ExistingGroupArg(ctx, stream);
  if (!group) return;
  ctx.ChangedNothing();
  AutoClaimed result = ClaimIdle(ctx, request, TargetOf(ctx, key, *stream, *group));
  resp::Reply& reply = ctx.reply();
  reply.ArrayHeader(3);
  ReplyStreamId(reply, result.next);
  reply.ArrayHeader(result.claimed.size());
  for (StreamId id : result.claimed) ReplyClaimed(ctx, *stream, id, request.just_id);
  reply.ArrayHeader(result.deleted.size());
  for (StreamId id : result.deleted) ReplyStreamId(reply, id);
}

}  // namespace tusk::families
