// The server's small commands: MONITOR, ROLE, TIME, SHUTDOWN and LOLWUT.
#include "engine/server_commands.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <random>
#include <string>

#include "engine/engine_of.h"

namespace tusk::engine {
namespace {

using command::Context;

// LOLWUT's picture.
constexpr int64_t kTuskColumnsMin = 12, kTuskColumnsMax = 132, kTusksMax = 8;

// One tusk below the other, each a quarter of an ellipse that grows thinner towards its tip. The seed decides how long and
// how bent they are.
std::string DrawTusks(int64_t seed, int64_t columns, int64_t tusks) {
  std::minstd_rand random(static_cast<uint32_t>(seed));
  std::string picture;
  for (int64_t tusk = 0; tusk < tusks; ++tusk) {
    const int64_t rows = 4 + static_cast<int64_t>(random() % 6);
    const int64_t reach = columns / 2 + static_cast<int64_t>(random() % static_cast<uint32_t>(columns / 2));
    for (int64_t row = 0; row < rows; ++row) {
      const double height = static_cast<double>(rows - row) / static_cast<double>(rows);
      const auto edge = static_cast<int64_t>((1 - std::sqrt(1 - height * height)) * static_cast<double>(reach - 1));
      const auto thick = static_cast<int64_t>((1 - height) * static_cast<double>(columns) / 6);
      const int64_t ivory = std::clamp<int64_t>(thick, 0, std::max<int64_t>(columns - edge - 2, 0));
      picture.append(static_cast<size_t>(edge), ' ').append("(").append(static_cast<size_t>(ivory), ':').append(")\n");
    }
  }
  return picture;
}

}  // namespace

void CmdMonitor(Context& ctx) {
  if (ctx.session().host == nullptr || ctx.in_script()) {
    return ctx.reply().Error("ERR MONITOR isn't allowed for DENY BLOCKING client");
  }
  EngineOf(ctx).watch().StartMonitor(ctx.session());
  ctx.reply().Ok();
}

void CmdTime(Context& ctx) {
  int64_t micros = ctx.keyspace().clock().UnixMicros();
  ctx.reply().ArrayHeader(2);
  ctx.reply().BulkInteger(micros / 1'000'000);
  ctx.reply().BulkInteger(micros % 1'000'000);
}

void CmdShutdown(Context& ctx) {
  bool save = false;
  bool no_save = false;
  bool now = false;
  bool force = false;
  bool abort = false;
  for (size_t i = 1; i < ctx.argc(); ++i) {
    save = save || ctx.ArgIs(i, "save");
    no_save = no_save || ctx.ArgIs(i, "nosave");
    now = now || ctx.ArgIs(i, "now");
    force = force || ctx.ArgIs(i, "force");
    abort = abort || ctx.ArgIs(i, "abort");
    bool known = ctx.ArgIs(i, "save") || ctx.ArgIs(i, "nosave") || ctx.ArgIs(i, "now") ||
                 ctx.ArgIs(i, "force") || ctx.ArgIs(i, "abort");
    if (!known) return ctx.reply().Error(command::kSyntaxError);
  }
  if ((save && no_save) || (abort && ctx.argc() > 2)) return ctx.reply().Error(command::kSyntaxError);
  command::Process* process = ctx.services().process;
  if (process == nullptr) return ctx.reply().Error("ERR This instance is not a server");
  base::Status status =
      abort ? process->AbortShutdown()
            : process->Shutdown({.save = save, .no_save = no_save, .now = now, .force = force});
  if (!status.ok()) return ctx.reply().Error(status);
  if (abort) return ctx.reply().Ok();
  // The end of the connection is the answer.
  ctx.session().close = command::CloseWish::kAfterReply;
}

void CmdLolwut(Context& ctx) {
  int64_t columns = 66, tusks = 3;
  if (ctx.argc() > 2 && ctx.ArgIs(1, "version")) {
    // All versions show the same picture, of the size that is asked for.
    if (!ctx.Integer(2)) return;
    for (size_t i = 3; i < std::min<size_t>(ctx.argc(), 5); ++i) {
      std::optional<int64_t> size = ctx.Integer(i);
      if (!size) return;
      (i == 3 ? columns : tusks) = *size;
    }
  }
  std::string picture = DrawTusks(ctx.keyspace().clock().UnixMicros(), std::clamp<int64_t>(columns, kTuskColumnsMin, kTuskColumnsMax),
                                  std::clamp<int64_t>(tusks, 1, kTusksMax));
  ctx.reply().Verbatim("txt", picture + "\nTusk ver. " + std::string(kVersion) + ", Redis ver. " + std::string(kRedisVersion) + "\n");
}

}  // namespace tusk::engine
