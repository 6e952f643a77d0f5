// Stream commands that change or count entries: XADD, XLEN, XDEL, XTRIM, XSETID.
#include "families/streams.h"

#include <string>
#include <vector>

#include "base/check.h"
#include "families/collections.h"
#include "families/replies.h"
#include "families/stream_arguments.h"
#include "families/stream_producer_arguments.h"
#include "store/limits.h"

namespace tusk::families {
namespace {

using command::Context;
using command::Found;
using store::Key;
using types::Stream;
using types::StreamId;

constexpr std::string_view kLastIdReached =
    "ERR The stream has exhausted the last possible ID, unable to add more items";
constexpr std::string_view kIdNotAbove =
    "ERR The ID specified in XADD is equal or smaller than the target stream top item";

struct AddRequest {
  TrimArguments trim;
  ProducerArguments producer;
  bool create = true;
  // The id as it was typed: nothing of it, its first half, or all.
  std::optional<uint64_t> ms;
  std::optional<uint64_t> seq;
  size_t id_at = 0;
};

// "ms-*" or a whole id. False after an error reply.
bool ParseNewId(Context& ctx, AddRequest& request) {
  std::string_view text = ctx.arg(request.id_at);
  if (text.ends_with("-*")) {
    request.ms = types::ParseStreamIdHalf(text.substr(0, text.size() - 2));
    if (!request.ms) ctx.reply().Error(kBadStreamId);
    return request.ms.has_value();
  }
  std::optional<StreamId> id = StreamIdArg(ctx, request.id_at);
  if (!id) return false;
  request.ms = id->ms;
  request.seq = id->seq;
  return true;
}

// False after an error reply.
bool ParseAdd(Context& ctx, AddRequest& request) {
  size_t i = 2;
  while (i < ctx.argc() && ctx.arg(i) != "*") {
    TrimArguments::Step step = request.trim.Take(ctx, i);
    if (step == TrimArguments::Step::kError) return false;
    if (step == TrimArguments::Step::kTaken) continue;
    step = request.producer.Take(ctx, i);
    if (step == TrimArguments::Step::kError) return false;
    if (step == TrimArguments::Step::kTaken) continue;
    if (!ctx.ArgIs(i, "NOMKSTREAM")) break;
    request.create = false;
    ++i;
  }
  request.id_at = i;
  if (i < ctx.argc() && ctx.arg(i) != "*" && !ParseNewId(ctx, request)) return false;
  if (!request.trim.Finish(ctx)) return false;
  if (ctx.argc() < i + 3 || (ctx.argc() - i) % 2 == 0) {
    ReplyWrongArity(ctx);
    return false;
  }
  if (request.producer.given && request.ms) {
    ctx.reply().Error("ERR IDMP and IDMPAUTO need an ID that is generated: *");
    return false;
  }
  if (request.seq == 0 && request.ms == 0) {
    ctx.reply().Error("ERR The ID specified in XADD must be greater than 0-0");
    return false;
  }
  return true;
}

// The id that the new entry gets; replies why there is none.
std::optional<StreamId> NewId(Context& ctx, const AddRequest& request, StreamId last) {
  if (last == StreamId::Max()) {
    ctx.reply().Error(kLastIdReached);
    return {};
  }
  StreamId id;
  if (!request.ms) {
    auto now = static_cast<uint64_t>(ctx.now_ms());
    id = now > last.ms ? StreamId{now, 0} : *last.Next();
  } else if (request.seq) {
    id = {*request.ms, *request.seq};
  } else {
    bool full = *request.ms == last.ms && last.seq == UINT64_MAX;
    id = {*request.ms, *request.ms == last.ms && !full ? last.seq + 1 : 0};
  }
  if (id > last) return id;
  ctx.reply().Error(kIdNotAbove);
  return {};
}

bool FitsEntry(Context& ctx, std::span<const std::string_view> fields) {
  size_t bytes = 0;
  for (std::string_view text : fields) bytes += text.size();
  if (bytes <= Stream::kEntryBytesMax) return true;
  ctx.reply().Error("ERR Elements are too large to be stored");
  return false;
}

void RecordAdd(Context& ctx, const AddRequest& request, const Stream& stream, StreamId id) {
  bool id_as_typed = request.ms && request.seq;
  DCHECK(!request.producer.given || !id_as_typed);
  bool trim_as_typed = !request.trim.trim || !request.trim.trim->approximate;
  if (!ctx.wants_record() || (id_as_typed && trim_as_typed)) return;
  size_t words_behind_id = ctx.argc() - request.id_at;
  std::vector<std::string> argv = RecordWithExactTrim(ctx, request.trim, stream);
  argv[argv.size() - words_behind_id] = id.ToString();
  // Which ids are remembered depends on the clock: followers are told what to remember instead.
  if (request.producer.given) request.producer.EraseFrom(argv);
  std::vector<std::string_view> views(argv.begin(), argv.end());
  ctx.RecordAs(views);
  if (request.producer.given) {
    ctx.RecordAs({"XIDMPRECORD", ctx.arg(1), request.producer.producer, request.producer.id, types::StreamIdText(id).view()});
  }
}

}  // namespace

void CmdXadd(Context& ctx) {
  AddRequest request;
  if (!ParseAdd(ctx, request)) return;
  Key key = ctx.key(1);
  Found<Stream> stream = ctx.Write<Stream>(key);
  if (stream.wrong_type) return;
  if (!stream && !request.create) return ctx.reply().Null();
  std::span<const std::string_view> fields = ctx.args().subspan(request.id_at + 1);
  if (request.producer.given) {
    request.producer.Complete(fields);
    if (stream && ReplyDuplicate(ctx, *stream, request.producer)) return;
  }
  std::optional<StreamId> id = NewId(ctx, request, stream ? stream->last_id() : StreamId{});
  if (!id) return;
  if (!FitsEntry(ctx, fields)) return;
  Stream& target = stream ? *stream : ctx.Create<Stream>(key);
  target.Append(*id, fields, store::StreamLimitsOf(ctx.settings()));
  if (request.producer.given) target.MakeProducers().Record(request.producer.producer, request.producer.id, *id, ctx.now_ms());
  ReplyStreamId(ctx.reply(), *id);
  ctx.Modified(key, store::kEventStream, "xadd");
  if (request.trim.trim && target.Trim(*request.trim.trim) != 0) ctx.Event(key, store::kEventStream, "xtrim");
  RecordAdd(ctx, request, target, *id);
}

void CmdXlen(Context& ctx) {
  Found<Stream> stream = ctx.Read<Stream>(ctx.key(1));
  if (stream.wrong_type) return;
  ctx.reply().Integer(stream ? static_cast<int64_t>(stream->size()) : 0);
}

void CmdXdel(Context& ctx) {
  Key key = ctx.key(1);
  Found<Stream> stream = ctx.Write<Stream>(key);
  if (stream.wrong_type) return;
  if (!stream) return ctx.reply().Integer(0);
  // All ids are looked at before anything happens.
  std::vector<StreamId> ids;
  ids.reserve(ctx.argc() - 2);
  for (size_t i = 2; i < ctx.argc(); ++i) {
    std::optional<StreamId> id = StreamIdArg(ctx, i);
    if (!id) return;
    ids.push_back(*id);
  }
  uint64_t deleted = 0;
  for (StreamId id : ids) deleted += stream->Delete(id) == Stream::Deletion::kDeleted;
  if (deleted != 0) ModifiedBy(ctx, key, store::kEventStream, "xdel", deleted);
  ctx.reply().Integer(static_cast<int64_t>(deleted));
}

void CmdXtrim(Context& ctx) {
  TrimArguments request;
  for (size_t i = 2; i < ctx.argc();) {
    TrimArguments::Step step = request.Take(ctx, i);
    if (step == TrimArguments::Step::kError) return;
    if (step == TrimArguments::Step::kOther) return ctx.reply().Error(command::kSyntaxError);
  }
  if (!request.Finish(ctx)) return;
  if (!request.trim) {
    return ctx.reply().Error("ERR syntax error, XTRIM must be called with at least one trimming strategy");
  }
  Key key = ctx.key(1);
  Found<Stream> stream = ctx.Write<Stream>(key);
  if (stream.wrong_type) return;
  if (!stream) return ctx.reply().Integer(0);
  uint64_t deleted = stream->Trim(*request.trim);
  ctx.reply().Integer(static_cast<int64_t>(deleted));
  if (deleted == 0) return;
  ModifiedBy(ctx, key, store::kEventStream, "xtrim", deleted);
  if (!request.trim->approximate || !ctx.wants_record()) return;
  std::vector<std::string> argv = RecordWithExactTrim(ctx, request, *stream);
  std::vector<std::string_view> views(argv.begin(), argv.end());
  ctx.RecordAs(views);
}

void CmdXsetid(Context& ctx) {
  std::optional<StreamId> id = StreamIdArg(ctx, 2);
  if (!id) return;
  std::optional<int64_t> entries_added;
  StreamId max_deleted;
  for (size_t i = 3; i < ctx.argc(); i += 2) {
    bool more = i + 1 < ctx.argc();
    if (more && ctx.ArgIs(i, "ENTRIESADDED")) {
      entries_added = ctx.Integer(i + 1);
      if (!entries_added) return;
      if (*entries_added < 0) return ctx.reply().Error("ERR entries_added must be positive");
    } else if (more && ctx.ArgIs(i, "MAXDELETEDID")) {
      std::optional<StreamId> given = StreamIdArg(ctx, i + 1);
      if (!given) return;
      if (*id < *given) {
        return ctx.reply().Error("ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id");
      }
      max_deleted = *given;
    } else {
      return ctx.reply().Error(command::kSyntaxError);
    }
  }
  Key key = ctx.key(1);
  Found<Stream> stream = ctx.Write<Stream>(key);
  if (stream.wrong_type) return;
  if (!stream) return ctx.reply().Error(command::kNoSuchKey);
  if (!stream->empty()) {
    StreamId greatest;
    types::StreamCursor at(*stream, {}, StreamId::Max(), types::StreamCursor::Direction::kBackward);
    if (at.Next()) greatest = at.id();
    if (*id < greatest) {
      return ctx.reply().Error("ERR The ID specified in XSETID is smaller than the target stream top item");
    }
    if (entries_added && static_cast<uint64_t>(*entries_added) < stream->size()) {
      return ctx.reply().Error("ERR The entries_added specified in XSETID is smaller than the target stream length");
    }
  }
  if (*id < stream->max_deleted_id()) {
    return ctx.reply().Error("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id");
  }
  stream->set_last_id(*id);
  if (entries_added) stream->set_entries_added(static_cast<uint64_t>(*entries_added));
  if (!max_deleted.zero()) stream->set_max_deleted_id(max_deleted);
  ctx.reply().Ok();
  ctx.Modified(key, store::kEventStream, "xsetid");
}

}  // namespace tusk::families
