// XCFGSET and XIDMPRECORD: what a stream remembers of its producers.
#include <optional>

#include "families/stream_arguments.h"
#include "families/streams.h"

namespace tusk::families {

using command::Context;
using command::Found;
using types::Stream;
using types::StreamId;
using types::StreamProducers;

void CmdXcfgset(Context& ctx) {
  std::optional<int64_t> duration, size;
  for (size_t i = 2; i < ctx.argc(); i += 2) {
    const bool more = i + 1 < ctx.argc();
    if (more && ctx.ArgIs(i, "IDMP-DURATION")) {
      duration = ctx.IntegerInRange(i + 1, 1, StreamProducers::kDurationSecondsMax, "ERR invalid duration");
      if (!duration) return;
    } else if (more && ctx.ArgIs(i, "IDMP-MAXSIZE")) {
      size = ctx.IntegerInRange(i + 1, 1, StreamProducers::kSizeMax, "ERR invalid maxsize");
      if (!size) return;
    } else {
      return ctx.reply().Error(command::kSyntaxError);
    }
  }
  if (!duration && !size) return ctx.reply().Error(command::kSyntaxError);
  Found<Stream> stream = ctx.Write<Stream>(ctx.key(1));
  if (stream.wrong_type) return;
  if (!stream) return ctx.reply().Error(command::kNoSuchKey);
  StreamProducers& producers = stream->MakeProducers();
  producers.Configure(duration.value_or(producers.duration_seconds()), size.value_or(producers.size_max()));
  ctx.transaction().AddDirty(1);
  ctx.reply().Ok();
}

// What XADD tells its followers; nobody else has use for it.
void CmdXidmprecord(Context& ctx) {
  if (ctx.arg(2).empty() || ctx.arg(3).empty()) {
    return ctx.reply().Error("ERR producer ID and idempotent ID must not be empty");
  }
  std::optional<StreamId> id = StreamIdArg(ctx, 4);
  if (!id) return;
  Found<Stream> stream = ctx.Write<Stream>(ctx.key(1));
  if (stream.wrong_type) return;
  if (!stream) return ctx.reply().Error(command::kNoSuchKey);
  if (!stream->Contains(*id)) return ctx.reply().Error("ERR The ID specified in XIDMPRECORD is not in the stream");
  StreamProducers& producers = stream->MakeProducers();
  std::optional<StreamId> known = producers.Find(ctx.arg(2), ctx.arg(3), ctx.now_ms());
  if (known && *known != *id) return ctx.reply().Error("ERR The idempotent ID belongs to another entry");
  if (!known) {
    producers.Record(ctx.arg(2), ctx.arg(3), *id, ctx.now_ms());
    ctx.transaction().AddDirty(1);
  }
  ctx.reply().Ok();
}

}  // namespace tusk::families
