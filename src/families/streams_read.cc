// XREAD and XREADGROUP. Each handler runs when the command arrives, and again when a stream that it waits for changed;
// the second run looks at that stream alone. "$" means the last id at the time of the first run, so the command waits
// with its ids spelled out.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/check.h"
#include "command/command_table.h"
#include "families/replies.h"
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

constexpr int64_t kDoesNotBlock = -1, kDoesNotClaim = -1;

struct ReadRequest {
  bool grouped = false;  // XREADGROUP.
  std::string_view group = {}, consumer = {};
  bool no_ack = false;
  int64_t claim_ms = kDoesNotClaim;  // Takes over what is pending for that long.
  uint64_t count = 0;                // Of one stream; 0: all.
  uint64_t count_max = 0;            // Of all streams together; 0: no bound.
  uint64_t bytes_max = 0;            // After so many bytes of reply no further entry begins; 0: no bound.
  int64_t block_ms = kDoesNotBlock;
  size_t keys_at = 0;
  size_t streams = 0;

  bool claims() const noexcept { return claim_ms != kDoesNotClaim; }
};

// What may still be replied, of all streams together. The first entry always may, however large it is.
class ReadBudget {
 public:
  ReadBudget(const ReadRequest& request, resp::Reply& reply)
      : count_max_(request.count_max), bytes_max_(request.bytes_max), reply_(reply), start_(reply.buffer().size()) {}

  bool AllowsMore() const noexcept {
    if (replied_ == 0) return true;
    return (count_max_ == 0 || replied_ < count_max_) && (bytes_max_ == 0 || reply_.buffer().size() - start_ < bytes_max_);
  }
  void NoteEntry() noexcept { ++replied_; }

 private:
  uint64_t count_max_;
  uint64_t bytes_max_;
  resp::Reply& reply_;
  size_t start_;
  uint64_t replied_ = 0;
};

// Where to read on in one stream.
struct ReadFrom {
  StreamId after;
  bool undelivered = false;  // ">": what the group has not delivered yet.
};

std::optional<int64_t> BlockMillis(Context& ctx, size_t i) {
  std::optional<int64_t> millis = ctx.Integer(i, "ERR timeout is not an integer or out of range");
  if (!millis) return {};
  if (*millis < 0) {
    ctx.reply().Error("ERR timeout is negative");
    return {};
  }
  if (*millis <= INT64_MAX - ctx.now_ms()) return millis;
  ctx.reply().Error("ERR timeout is out of range");
  return {};
}

// The options that only XREADGROUP has. False after an error reply.
bool ParseGroupOption(Context& ctx, size_t& i, ReadRequest& request) {
  bool group = ctx.ArgIs(i, "GROUP");
  if (!request.grouped) {
    ctx.reply().Error(fmt::format("ERR The {} option is only supported by XREADGROUP. You called XREAD instead.",
                                  group ? "GROUP" : "NOACK"));
    return false;
  }
  if (!group) {
    request.no_ack = true;
    return true;
  }
  request.group = ctx.arg(i + 1);
  request.consumer = ctx.arg(i + 2);
  i += 2;
  return true;
}

bool ParseStreams(Context& ctx, size_t i, ReadRequest& request) {
  request.keys_at = i + 1;
  size_t words = ctx.argc() - request.keys_at;
  request.streams = words / 2;
  if (words % 2 == 0) return true;
  ctx.reply().Error(fmt::format("ERR Unbalanced '{}' list of streams: for each stream key an ID or '{}' must be specified.",
                                request.grouped ? "xreadgroup" : "xread", request.grouped ? '>' : '$'));
  return false;
}

// MAXCOUNT or MAXSIZE. False after an error reply.
bool ParseBound(Context& ctx, size_t i, uint64_t& bound) {
  const bool counts = ctx.ArgIs(i, "MAXCOUNT");
  std::optional<int64_t> value = ctx.IntegerInRange(
      i + 1, 1, INT64_MAX, counts ? "ERR MAXCOUNT must be a positive integer" : "ERR MAXSIZE must be a positive integer");
  if (!value) return false;
  bound = static_cast<uint64_t>(*value);
  return true;
}

// False after an error reply.
bool ParseRead(Context& ctx, ReadRequest& request) {
  for (size_t i = 1; i < ctx.argc() && request.keys_at == 0; ++i) {
    size_t more = ctx.argc() - i - 1;
    if (more >= 1 && ctx.ArgIs(i, "BLOCK")) {
      std::optional<int64_t> millis = BlockMillis(ctx, ++i);
      if (!millis) return false;
      request.block_ms = *millis;
      if (ctx.in_script()) {
        ctx.reply().Error(fmt::format("ERR {} command is not allowed with BLOCK option from scripts",
                                      request.grouped ? "xreadgroup" : "xread"));
        return false;
      }
    } else if (more >= 1 && ctx.ArgIs(i, "COUNT")) {
      std::optional<int64_t> count = ctx.Integer(++i);
      if (!count) return false;
      request.count = static_cast<uint64_t>(std::max<int64_t>(*count, 0));
    } else if (more >= 1 && (ctx.ArgIs(i, "MAXCOUNT") || ctx.ArgIs(i, "MAXSIZE"))) {
      if (!ParseBound(ctx, i, ctx.ArgIs(i, "MAXCOUNT") ? request.count_max : request.bytes_max)) return false;
      ++i;
    } else if (more >= 1 && ctx.ArgIs(i, "STREAMS")) {
      if (!ParseStreams(ctx, i, request)) return false;
    } else if (more >= 1 && ctx.ArgIs(i, "CLAIM") && request.grouped) {
      std::optional<int64_t> idle = ctx.IntegerInRange(++i, 0, INT64_MAX, "ERR min-idle-time must be a non-negative integer");
      if (!idle) return false;
      request.claim_ms = *idle;
    } else if ((more >= 2 && ctx.ArgIs(i, "GROUP")) || ctx.ArgIs(i, "NOACK")) {
      if (!ParseGroupOption(ctx, i, request)) return false;
    } else {
      ctx.reply().Error(command::kSyntaxError);
      return false;
    }
  }
  if (request.keys_at == 0) {
    ctx.reply().Error(command::kSyntaxError);
    return false;
  }
  if (request.count_max != 0 && request.count > request.count_max) {
    ctx.reply().Error("ERR MAXCOUNT must be greater than or equal to COUNT");
    return false;
  }
  if (request.grouped && request.group.data() == nullptr) {
    ctx.reply().Error("ERR Missing GROUP option for XREADGROUP");
    return false;
  }
  return true;
}

StreamId GreatestId(const Stream& stream) noexcept {
  StreamCursor at(stream, {}, StreamId::Max(), StreamCursor::Direction::kBackward);
  return at.Next() ? at.id() : StreamId{};
}

// Nothing after an error reply.
std::optional<ReadFrom> ParseFrom(Context& ctx, const ReadRequest& request, size_t i, const Stream* stream) {
  std::string_view text = ctx.arg(i);
  if (text == "$") {
    if (!request.grouped) return ReadFrom{stream ? stream->last_id() : StreamId{}};
    ctx.reply().Error(
        "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by "
        "specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.");
    return {};
  }
  if (text == "+" && !request.grouped) {
    StreamId greatest = stream ? GreatestId(*stream) : StreamId{};
    return ReadFrom{greatest.Previous().value_or(StreamId{})};
  }
  if (text == ">") {
    if (request.grouped) return ReadFrom{{}, true};
    ctx.reply().Error(
        "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.");
    return {};
  }
  std::optional<StreamId> id = StreamIdArg(ctx, i);
  if (!id) return {};
  return ReadFrom{*id};
}

// One stream of the request. `stream` is null when there is no key.
struct Source {
  Key key;
  Stream* stream = nullptr;
  StreamGroup* group = nullptr;
  ReadFrom from;
  std::vector<StreamId> idle = {};  // Pending for long enough to be claimed, the longest first.
};

enum class Opened : uint8_t { kYes, kNotYet, kError };

// A stream for which XREADGROUP waited has gone or is something else now; 7.0 had one answer for both. False: say what
// the command says at its first run.
bool RepliedGone(Context& ctx, const ReadRequest& request) {
  if (!ctx.has_waited() || !request.grouped || !ctx.settings().classic_replies) return false;
  ctx.reply().Error("UNBLOCKED the stream key no longer exists");
  return true;
}

// kNotYet: the command waits, and this key is none for it.
Opened Open(Context& ctx, const ReadRequest& request, size_t index, Source& source) {
  size_t key_at = request.keys_at + index;
  source.key = ctx.key(key_at);
  store::Entry* entry = ctx.Lookup(source.key, request.grouped ? store::Access::kWrite : store::Access::kRead);
  if (entry && entry->type() != store::Type::kStream) {
    if (ctx.has_waited() && !request.grouped) return Opened::kNotYet;
    if (!RepliedGone(ctx, request)) ctx.reply().Error(command::kWrongType);
    return Opened::kError;
  }
  if (entry) source.stream = &entry->object<Stream>();
  if (!entry && RepliedGone(ctx, request)) return Opened::kError;
  if (request.grouped) {
    source.group = source.stream ? source.stream->FindGroup(request.group) : nullptr;
    if (!source.group) {
      ctx.reply().Error(
          fmt::format("NOGROUP No such key '{}' or consumer group '{}' in XREADGROUP with GROUP option",
                      command::UpToZeroByte(ctx.arg(key_at)), command::UpToZeroByte(request.group)));
      return Opened::kError;
    }
  }
  std::optional<ReadFrom> from = ParseFrom(ctx, request, key_at + request.streams, source.stream);
  if (!from) return Opened::kError;
  source.from = *from;
  return Opened::kYes;
}

bool HasNews(const Source& source) noexcept {
  if (!source.stream || source.stream->empty()) return false;
  return GreatestId(*source.stream) > (source.from.undelivered ? source.group->last_id : source.from.after);
}

// What is pending for the consumer, as if it were delivered once more. Deleted entries show as a null.
void ReplyHistory(Context& ctx, const ReadRequest& request, Source& source, StreamConsumer& consumer, ReadBudget& budget) {
  resp::Reply& reply = ctx.reply();
  resp::Reply::Mark mark = reply.BeginDeferred();
  size_t replied = 0;
  auto id = consumer.pending().upper_bound(source.from.after);
  for (; id != consumer.pending().end() && (request.count == 0 || replied < request.count) && budget.AllowsMore(); ++id, ++replied) {
    budget.NoteEntry();
    StreamCursor at(*source.stream, *id, *id);
    if (!at.Next()) {
      reply.ArrayHeader(2);
      ReplyStreamId(reply, *id);
      reply.NullArray();
      continue;
    }
    ReplyStreamEntry(reply, at);
    StreamPending* pending = source.group->FindPending(*id);
    DCHECK(pending != nullptr);
    pending->delivered_ms = ctx.now_ms();
    ++pending->deliveries;
  }
  reply.EndArray(mark, replied);
}

// With CLAIM every entry says how long ago it was delivered, in milliseconds, and how often before.
void ReplyClaimableEntry(Context& ctx, StreamCursor& at, int64_t idle_ms, uint64_t deliveries) {
  ctx.reply().ArrayHeader(4);
  ReplyStreamEntryParts(ctx.reply(), at);
  ctx.reply().Integer(idle_ms);
  ctx.reply().Integer(static_cast<int64_t>(deliveries));
}

// Makes idle entries the consumer's own. Returns how many were replied.
size_t ReplyClaims(Context& ctx, const ReadRequest& request, Source& source, StreamConsumer& consumer, ReadBudget& budget) {
  GroupName name{source.key.text, request.group};
  StreamGroup& group = *source.group;
  size_t replied = 0;
  for (StreamId id : source.idle) {
    StreamCursor at(*source.stream, id, id);
    bool there = at.Next();
    DCHECK(there);
    if (!there) continue;
    if (!budget.AllowsMore()) break;
    budget.NoteEntry();
    StreamPending& pending = group.Assign(id, consumer);
    ReplyClaimableEntry(ctx, at, std::max<int64_t>(ctx.now_ms() - pending.delivered_ms, 0), pending.deliveries);
    group.Deliver(pending, ctx.now_ms());
    if (pending.deliveries < static_cast<uint64_t>(INT64_MAX)) ++pending.deliveries;
    consumer.active_ms = ctx.now_ms();
    RecordClaim(ctx, name, group, id, pending);
    ++replied;
  }
  return replied;
}

// Delivers new entries to the consumer, behind those that it claims.
void ReplyDelivery(Context& ctx, const ReadRequest& request, Source& source, StreamConsumer& consumer, ReadBudget& budget) {
  GroupName name{source.key.text, request.group};
  StreamGroup& group = *source.group;
  resp::Reply& reply = ctx.reply();
  resp::Reply::Mark mark = reply.BeginDeferred();
  const size_t claimed = ReplyClaims(ctx, request, source, consumer, budget);
  size_t replied = claimed;
  StreamCursor at(*source.stream, group.last_id.Next().value_or(StreamId::Max()), StreamId::Max());
  for (; (request.count == 0 || replied < request.count) && budget.AllowsMore() && at.Next(); ++replied) {
    budget.NoteEntry();
    request.claims() ? ReplyClaimableEntry(ctx, at, 0, 0) : ReplyStreamEntry(reply, at);
    source.stream->Advance(group, at.id());
    if (request.no_ack) continue;
    // A group that was set back delivers entries anew that may be pending for another consumer.
    StreamPending& pending = group.Assign(at.id(), consumer);
    group.Deliver(pending, ctx.now_ms());
    pending.deliveries = 1;
    consumer.active_ms = ctx.now_ms();
    RecordClaim(ctx, name, group, at.id(), pending);
  }
  if (replied != claimed) RecordGroupPosition(ctx, name, group);
  reply.EndArray(mark, replied);
}

void ReplySource(Context& ctx, const ReadRequest& request, Source& source, StreamConsumer* consumer, ReadBudget& budget) {
  if (!ctx.reply().resp3()) ctx.reply().ArrayHeader(2);
  ctx.reply().Bulk(source.key.text);
  if (!consumer) {
    StreamId low = source.from.after.Next().value_or(StreamId::Max());
    resp::Reply::Mark mark = ctx.reply().BeginDeferred();
    size_t replied = 0;
    StreamCursor at(*source.stream, low, StreamId::Max());
    for (; (request.count == 0 || replied < request.count) && budget.AllowsMore() && at.Next(); ++replied) {
      budget.NoteEntry();
      ReplyStreamEntry(ctx.reply(), at);
    }
    ctx.reply().EndArray(mark, replied);
    return;
  }
  ctx.transaction().AddDirty(1);
  if (source.from.undelivered) {
    ReplyDelivery(ctx, request, source, *consumer, budget);
  } else {
    ReplyHistory(ctx, request, source, *consumer, budget);
  }
}

StreamConsumer& ConsumerFor(Context& ctx, const ReadRequest& request, Source& source, bool delivers) {
  bool created = false;
  StreamConsumer& consumer = SeenConsumer(ctx, source.key, *source.group, request.consumer, &created);
  // The claims that tell of a delivery make followers create it, too.
  if (created && (request.no_ack || !delivers)) {
    RecordNewConsumer(ctx, {source.key.text, request.group}, request.consumer);
  }
  return consumer;
}

// Finds what the request may claim, one budget for all streams. What is pending of deleted entries goes.
void FindIdle(Context& ctx, ReadRequest& request, std::vector<Source>& sources) {
  if (!request.claims()) return;
  uint64_t budget = request.count;
  for (Source& source : sources) {
    if (!source.from.undelivered || (request.count != 0 && budget == 0)) continue;
    GroupName name{source.key.text, request.group};
    for (StreamId id : source.group->DeliveredUntil(ctx.now_ms() - request.claim_ms)) {
      if (!source.stream->Contains(id)) {
        ForgetPending(ctx, name, *source.group, id, *source.group->FindPending(id));
        continue;
      }
      source.idle.push_back(id);
      if (request.count != 0 && --budget == 0) break;
    }
  }
}

size_t CountIdle(std::span<const Source> sources) noexcept {
  size_t count = 0;
  for (const Source& source : sources) count += source.idle.size();
  return count;
}

// Until something that is pending now, or is delivered from now on, can have been idle for long enough.
int64_t ClaimableInMillis(Context& ctx, const ReadRequest& request, std::span<const Source> sources) {
  if (!request.claims()) return 0;
  int64_t oldest_ms = ctx.now_ms();
  for (const Source& source : sources) {
    if (source.from.undelivered) oldest_ms = std::min(oldest_ms, source.group->oldest_delivery_ms());
  }
  // Deliveries are not above now, so this is not above the idle time asked for.
  return std::max<int64_t>(request.claim_ms - (ctx.now_ms() - oldest_ms), 1);
}

// Waits with its ids spelled out.
void Wait(Context& ctx, const ReadRequest& request, std::span<const Source> sources) {
  Context::BlockOptions options{.timeout_ms = request.block_ms, .serve_without_key = request.grouped};
  options.retry_after_ms = ClaimableInMillis(ctx, request, sources);
  std::vector<Key> keys;
  if (!ctx.has_waited()) {
    options.argv.assign(ctx.args().begin(), ctx.args().end());
    for (size_t i = 0; i < sources.size(); ++i) {
      keys.push_back(sources[i].key);
      if (!request.grouped) options.argv[request.keys_at + request.streams + i] = sources[i].from.after.ToString();
    }
  }
  ctx.Block(keys, options);
}

void Read(Context& ctx, bool grouped) {
  ReadRequest request{.grouped = grouped};
  if (!ParseRead(ctx, request)) return;
  std::vector<Source> sources;
  for (size_t i = 0; i < request.streams; ++i) {
    // A second run holds the key that turned ready, no other.
    if (ctx.ready_key() && ctx.ready_key()->text != ctx.arg(request.keys_at + i)) continue;
    Opened opened = Open(ctx, request, i, sources.emplace_back());
    if (opened == Opened::kError) return;
    if (opened == Opened::kNotYet) sources.pop_back();
  }
  // The command as it came is no record of what it does: deliveries record themselves.
  if (grouped) ctx.ChangedNothing();
  FindIdle(ctx, request, sources);
  const bool all_claimed = request.claims() && request.count != 0 && CountIdle(sources) >= request.count;
  resp::Reply::Mark mark = ctx.reply().BeginDeferred();
  ReadBudget budget(request, ctx.reply());
  size_t served = 0;
  for (Source& source : sources) {
    bool serve = (grouped && !source.from.undelivered) || !source.idle.empty() || (HasNews(source) && !all_claimed);
    StreamConsumer* consumer = grouped ? &ConsumerFor(ctx, request, source, serve && source.from.undelivered) : nullptr;
    if (!serve) continue;
    // Streams are served in the order of the command: once the budget is used up, the others are not there.
    if (!budget.AllowsMore()) continue;
    ReplySource(ctx, request, source, consumer, budget);
    ++served;
  }
  if (served != 0) {
    return ctx.reply().resp3() ? ctx.reply().EndMap(mark, served) : ctx.reply().EndArray(mark, served);
  }
  ctx.reply().CancelDeferred(mark);
  if (request.block_ms == kDoesNotBlock) return ctx.reply().NullArray();
  Wait(ctx, request, sources);
}

}  // namespace

void CmdXread(Context& ctx) { Read(ctx, false); }
void CmdXreadgroup(Context& ctx) { Read(ctx, true); }

}  // namespace tusk::families
