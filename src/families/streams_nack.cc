// XNACK: a consumer gives pending entries back, for any other to claim at once.
#include <optional>
#include <vector>

#include "families/collections.h"
#include "families/stream_arguments.h"
#include "families/streams.h"

namespace tusk::families {
namespace {

using command::Context;
using command::Found;
using store::Key;
using types::Stream;
using types::StreamGroup;
using types::StreamId;
using types::StreamPending;

constexpr auto kDeliveriesMax = static_cast<uint64_t>(INT64_MAX);

// What the release says of the delivery.
enum class Mode : uint8_t {
  kSilent,  // It does not count.
  kFail,    // It counts.
  kFatal,   // No delivery will help.
};

struct NackRequest {
  Mode mode = Mode::kFail;
  std::vector<StreamId> ids;
  std::optional<int64_t> retry_count;
  bool force = false;
};

// False after an error reply.
bool ParseNack(Context& ctx, NackRequest& request) {
  if (ctx.ArgIs(3, "SILENT")) {
    request.mode = Mode::kSilent;
  } else if (ctx.ArgIs(3, "FATAL")) {
    request.mode = Mode::kFatal;
  } else if (!ctx.ArgIs(3, "FAIL")) {
    ctx.reply().Error(command::kSyntaxError);
    return false;
  }
  size_t i = 4;
  while (i < ctx.argc()) {
    const bool more = i + 1 < ctx.argc();
    if (request.ids.empty() && more && ctx.ArgIs(i, "IDS")) {
      if (!CountedStreamIdsArg(ctx, ++i, request.ids)) return false;
    } else if (more && ctx.ArgIs(i, "RETRYCOUNT")) {
      request.retry_count = ctx.IntegerInRange(i + 1, 0, INT64_MAX, "ERR Invalid RETRYCOUNT option argument for XNACK");
      if (!request.retry_count) return false;
      i += 2;
    } else if (ctx.ArgIs(i, "FORCE")) {
      request.force = true;
      ++i;
    } else {
      break;
    }
  }
  if (i == ctx.argc() && !request.ids.empty()) return true;
  ctx.reply().Error(command::kSyntaxError);
  return false;
}

uint64_t DeliveriesAfter(const NackRequest& request, uint64_t deliveries) noexcept {
  if (request.retry_count) return static_cast<uint64_t>(*request.retry_count);
  if (request.mode == Mode::kFatal) return kDeliveriesMax;
  return request.mode == Mode::kSilent && deliveries > 0 ? deliveries - 1 : deliveries;
}

}  // namespace

void CmdXnack(Context& ctx) {
  NackRequest request;
  if (!ParseNack(ctx, request)) return;
  Found<Stream> stream;
  StreamGroup* group = ExistingGroupArg(ctx, stream);
  if (!group) return;
  uint64_t released = 0;
  for (StreamId id : request.ids) {
    const StreamPending* pending = group->FindPending(id);
    if (!pending && !(request.force && stream->Contains(id))) continue;
    const uint64_t deliveries = DeliveriesAfter(request, pending ? pending->deliveries : 0);
    group->Release(id).deliveries = deliveries;
    ++released;
  }
  ctx.reply().Integer(static_cast<int64_t>(released));
  // Who waits with CLAIM may have them.
  if (released != 0) ModifiedBy(ctx, ctx.key(1), store::kEventStream, "xnack", released);
}

}  // namespace tusk::families
