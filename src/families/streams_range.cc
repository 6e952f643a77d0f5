// Stream commands that read entries without waiting: XRANGE, XREVRANGE.
#include "families/stream_arguments.h"
#include "families/streams.h"

namespace tusk::families {
namespace {

using command::Context;
using types::Stream;
using types::StreamCursor;
using types::StreamId;

void Range(Context& ctx, StreamCursor::Direction direction) {
  bool forward = direction == StreamCursor::Direction::kForward;
  std::optional<StreamId> low = StreamIntervalArg(ctx, forward ? 2 : 3, IntervalEnd::kLow);
  if (!low) return;
  std::optional<StreamId> high = StreamIntervalArg(ctx, forward ? 3 : 2, IntervalEnd::kHigh);
  if (!high) return;
  int64_t count = -1;  // No limit.
  for (size_t i = 4; i < ctx.argc(); i += 2) {
    if (!ctx.ArgIs(i, "COUNT") || i + 1 == ctx.argc()) return ctx.reply().Error(command::kSyntaxError);
    std::optional<int64_t> given = ctx.Integer(i + 1);
    if (!given) return;
    count = std::max<int64_t>(*given, 0);
  }
  auto stream = ctx.Read<Stream>(ctx.key(1));
  if (stream.wrong_type) return;
  if (!stream) return ctx.reply().EmptyArray();
  if (count == 0) return ctx.reply().NullArray();
  ReplyStreamRange(ctx.reply(), *stream, *low, *high, count < 0 ? 0 : static_cast<uint64_t>(count), direction);
}

}  // namespace

void CmdXrange(Context& ctx) { Range(ctx, StreamCursor::Direction::kForward); }
void CmdXrevrange(Context& ctx) { Range(ctx, StreamCursor::Direction::kBackward); }

}  // namespace tusk::families
