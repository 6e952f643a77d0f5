#include "families/stream_arguments.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/numbers.h"
#include "base/text.h"
#include "command/command_table.h"
#include "families/replies.h"

namespace tusk::families {

using command::Context;
using types::Stream;
using types::StreamCursor;
using types::StreamId;
using types::StreamTrim;

// ---- Replies ----

void ReplyStreamId(resp::Reply& reply, StreamId id) { reply.Bulk(types::StreamIdText(id).view()); }

void ReplyStreamEntry(resp::Reply& reply, StreamCursor& at) {
  reply.ArrayHeader(2);
  ReplyStreamEntryParts(reply, at);
}

void ReplyStreamEntryParts(resp::Reply& reply, StreamCursor& at) {
  ReplyStreamId(reply, at.id());
  reply.ArrayHeader(at.field_count() * 2);
  StreamCursor::Element name{int64_t{0}}, value{int64_t{0}};
  while (at.NextField(name, value)) {
    ReplyElement(reply, name);
    ReplyElement(reply, value);
  }
}

size_t ReplyStreamRange(resp::Reply& reply, const Stream& stream, StreamId low, StreamId high, uint64_t count,
                        StreamCursor::Direction direction) {
  resp::Reply::Mark mark = reply.BeginDeferred();
  size_t replied = 0;
  StreamCursor at(stream, low, high, direction);
  while ((count == 0 || replied < count) && at.Next()) {
    ReplyStreamEntry(reply, at);
    ++replied;
  }
  reply.EndArray(mark, replied);
  return replied;
}

// ---- Ids ----

std::optional<StreamId> StreamIdArg(Context& ctx, size_t i, uint64_t missing_seq) {
  std::optional<StreamId> id = types::ParseStreamId(ctx.arg(i), missing_seq);
  if (!id) ctx.reply().Error(kBadStreamId);
  return id;
}

std::optional<StreamId> StreamBoundArg(Context& ctx, size_t i, uint64_t missing_seq) {
  if (ctx.arg(i) == "-") return StreamId{};
  if (ctx.arg(i) == "+") return StreamId::Max();
  return StreamIdArg(ctx, i, missing_seq);
}

std::optional<StreamId> StreamIntervalArg(Context& ctx, size_t i, IntervalEnd end) {
  uint64_t missing_seq = end == IntervalEnd::kLow ? 0 : UINT64_MAX;
  std::string_view text = ctx.arg(i);
  if (text.size() < 2 || text.front() != '(') return StreamBoundArg(ctx, i, missing_seq);
  std::optional<StreamId> id = types::ParseStreamId(text.substr(1), missing_seq);
  if (!id) {
    ctx.reply().Error(kBadStreamId);
    return {};
  }
  std::optional<StreamId> neighbour = end == IntervalEnd::kLow ? id->Next() : id->Previous();
  if (!neighbour) {
    ctx.reply().Error(end == IntervalEnd::kLow ? "ERR invalid start ID for the interval"
                                               : "ERR invalid end ID for the interval");
  }
  return neighbour;
}

bool CountedStreamIdsArg(Context& ctx, size_t& i, std::vector<StreamId>& ids) {
  std::optional<int64_t> count = ctx.IntegerInRange(i, 1, INT64_MAX, "ERR Number of IDs must be a positive integer");
  if (!count) return false;
  if (static_cast<uint64_t>(*count) > ctx.argc() - i - 1) {
    ctx.reply().Error("ERR The `numids` parameter must match the number of arguments");
    return false;
  }
  size_t end = i + 1 + static_cast<size_t>(*count);
  for (++i; i < end; ++i) {
    std::optional<StreamId> id = StreamIdArg(ctx, i);
    if (!id) return false;
    ids.push_back(*id);
  }
  return true;
}

types::StreamGroup* ExistingGroupArg(Context& ctx, command::Found<Stream>& stream) {
  stream = ctx.Write<Stream>(ctx.key(1));
  if (stream.wrong_type) return nullptr;
  types::StreamGroup* group = stream ? stream->FindGroup(ctx.arg(2)) : nullptr;
  if (!group) {
    ctx.reply().Error(fmt::format("NOGROUP No such key '{}' or consumer group '{}'", command::UpToZeroByte(ctx.arg(1)), command::UpToZeroByte(ctx.arg(2))));
  }
  return group;
}

// ---- Trimming ----

TrimArguments::Step TrimArguments::TakeThreshold(Context& ctx, size_t& i, StreamTrim::By by) {
  if (trim) {
    ctx.reply().Error("ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
    return Step::kError;
  }
  trim.emplace();
  trim->by = by;
  ++i;
  if (i + 1 < ctx.argc() && (ctx.arg(i) == "~" || ctx.arg(i) == "=")) {
    trim->approximate = ctx.arg(i) == "~";
    ++i;
  }
  threshold_at = i;
  if (by == StreamTrim::By::kId) {
    std::optional<StreamId> id = StreamIdArg(ctx, i);
    if (!id) return Step::kError;
    trim->id = *id;
  } else {
    std::optional<int64_t> length = ctx.Integer(i);
    if (!length) return Step::kError;
    if (*length < 0) {
      ctx.reply().Error("ERR The MAXLEN argument must be >= 0.");
      return Step::kError;
    }
    trim->length = static_cast<uint64_t>(*length);
  }
  ++i;
  return Step::kTaken;
}

std::optional<types::StreamReferences> ReferencesArg(Context& ctx, size_t i) {
  if (ctx.ArgIs(i, "KEEPREF")) return types::StreamReferences::kKeep;
  if (ctx.ArgIs(i, "DELREF")) return types::StreamReferences::kDelete;
  if (ctx.ArgIs(i, "ACKED")) return types::StreamReferences::kAcknowledged;
  return {};
}

TrimArguments::Step TrimArguments::Take(Context& ctx, size_t& i) {
  if (std::optional<types::StreamReferences> references = ReferencesArg(ctx, i)) {
    if (references_) {
      ctx.reply().Error(command::kSyntaxError);
      return Step::kError;
    }
    references_ = references;
    ++i;
    return Step::kTaken;
  }
  if (i + 1 >= ctx.argc()) return Step::kOther;
  if (ctx.ArgIs(i, "MAXLEN")) return TakeThreshold(ctx, i, StreamTrim::By::kLength);
  if (ctx.ArgIs(i, "MINID")) return TakeThreshold(ctx, i, StreamTrim::By::kId);
  if (!ctx.ArgIs(i, "LIMIT")) return Step::kOther;
  std::optional<int64_t> limit = ctx.Integer(i + 1);
  if (!limit) return Step::kError;
  if (*limit < 0) {
    ctx.reply().Error("ERR The LIMIT argument must be >= 0.");
    return Step::kError;
  }
  limit_given = true;
  limit_ = static_cast<uint64_t>(*limit);
  i += 2;
  return Step::kTaken;
}

bool TrimArguments::Finish(Context& ctx) {
  // A limit of nothing in particular keeps one command from evicting millions.
  constexpr uint64_t kNodesPerTrim = 100, kLimitMax = 1'000'000, kLimitOfUnboundedNodes = 10'000;
  if (limit_given && limit_ != 0 && !trim) {
    ctx.reply().Error("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy");
    return false;
  }
  if (!trim) return true;
  if (references_) trim->references = *references_;
  if (limit_given && !trim->approximate) {
    ctx.reply().Error("ERR syntax error, LIMIT cannot be used without the special ~ option");
    return false;
  }
  if (limit_given) {
    trim->limit = limit_;
  } else if (trim->approximate) {
    uint64_t entries = std::min<uint64_t>(ctx.settings().stream_node_max_entries, kLimitMax);
    trim->limit = entries == 0 ? kLimitOfUnboundedNodes : std::min(kNodesPerTrim * entries, kLimitMax);
  }
  return true;
}

std::vector<std::string> RecordWithExactTrim(Context& ctx, const TrimArguments& trim, const Stream& stream) {
  std::vector<std::string> argv(ctx.args().begin(), ctx.args().end());
  if (!trim.trim || !trim.trim->approximate) return argv;
  size_t at = trim.threshold_at;
  DCHECK(at >= 2 && argv[at - 1] == "~");
  argv[at - 1][0] = '=';
  argv[at] = trim.trim->by == StreamTrim::By::kLength ? base::Int64ToString(static_cast<int64_t>(stream.size()))
                                                      : stream.first_id().ToString();
  // An exact threshold goes without a limit, which may stand before it or behind it.
  if (!trim.limit_given) return argv;
  for (size_t i = 2; i + 1 < argv.size(); ++i) {
    if (i == at || !base::EqualsIgnoreCase(argv[i], "LIMIT")) continue;
    argv.erase(argv.begin() + static_cast<ptrdiff_t>(i), argv.begin() + static_cast<ptrdiff_t>(i) + 2);
    break;
  }
  return argv;
}

}  // namespace tusk::families
