// CLIENT TRACKING, CACHING, GETREDIR, TRACKINGINFO.
#include <optional>
#include <string>
#include <vector>

#include "command/context.h"
#include "pubsub/commands.h"
#include "pubsub/tracking.h"

namespace tusk::pubsub {
namespace {

using command::Context;
using command::TrackingMode;

struct Wish {
  TrackingMode mode;
  std::vector<std::string_view> prefixes;
};

bool Fail(Context& ctx, std::string_view error) {
  ctx.reply().Error(error);
  return false;
}

// All options are read before any is judged, as Redis does.
bool ParseOptions(Context& ctx, Wish& wish) {
  for (size_t i = 3; i < ctx.argc(); ++i) {
    const bool more = i + 1 < ctx.argc();
    if (ctx.ArgIs(i, "redirect") && more) {
      ++i;
      if (wish.mode.redirect != 0) return Fail(ctx, "ERR A client can only redirect to a single other client");
      std::optional<int64_t> id = ctx.Integer(i);
      if (!id) return false;
      wish.mode.redirect = static_cast<uint64_t>(*id);
      const bool known = *id > 0 && ctx.services().clients && ctx.services().clients->FindTarget(wish.mode.redirect);
      if (!known) return Fail(ctx, "ERR The client ID you want redirect to does not exist");
    } else if (ctx.ArgIs(i, "bcast")) {
      wish.mode.broadcast = true;
    } else if (ctx.ArgIs(i, "optin")) {
      wish.mode.opt_in = true;
    } else if (ctx.ArgIs(i, "optout")) {
      wish.mode.opt_out = true;
    } else if (ctx.ArgIs(i, "noloop")) {
      wish.mode.no_loop = true;
    } else if (ctx.ArgIs(i, "prefix") && more) {
      wish.prefixes.push_back(ctx.arg(++i));
    } else {
      return Fail(ctx, command::kSyntaxError);
    }
  }
  return true;
}

// What one mode excludes, and what can't be changed while tracking is on.
bool CheckMode(Context& ctx, const Wish& wish) {
  const TrackingMode& now = ctx.session().tracking;
  const TrackingMode& mode = wish.mode;
  if (!mode.broadcast && !wish.prefixes.empty()) {
    return Fail(ctx, "ERR PREFIX option requires BCAST mode to be enabled");
  }
  if (now.on && now.broadcast != mode.broadcast) {
    return Fail(ctx, "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then "
                     "re-enabling it with a different mode.");
  }
  if (mode.broadcast && (mode.opt_in || mode.opt_out)) {
    return Fail(ctx, "ERR OPTIN and OPTOUT are not compatible with BCAST");
  }
  if (mode.opt_in && mode.opt_out) return Fail(ctx, "ERR You can't specify both OPTIN mode and OPTOUT mode");
  if ((mode.opt_in && now.opt_out) || (mode.opt_out && now.opt_in)) {
    return Fail(ctx, "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then "
                     "re-enabling it with a different mode.");
  }
  return true;
}

bool Overlap(std::string_view a, std::string_view b) noexcept { return a.starts_with(b) || b.starts_with(a); }

// One client's prefixes must not overlap, or it would hear of a key twice.
bool CheckPrefixes(Context& ctx, const std::vector<std::string_view>& prefixes) {
  const std::vector<std::string> present = ctx.services().tracking->PrefixesOf(ctx.session());
  auto refuse = [&](std::string_view wanted, std::string_view which, std::string_view other) {
    return Fail(ctx, "ERR Prefix '" + std::string(wanted) + "' overlaps with " + std::string(which) + " prefix '" +
                         std::string(other) + "'. Prefixes for a single client must not overlap.");
  };
  for (size_t i = 0; i < prefixes.size(); ++i) {
    for (const std::string& other : present) {
      if (Overlap(prefixes[i], other)) return refuse(prefixes[i], "an existing", other);
    }
    for (size_t j = i + 1; j < prefixes.size(); ++j) {
      if (Overlap(prefixes[i], prefixes[j])) return refuse(prefixes[i], "another provided", prefixes[j]);
    }
  }
  return true;
}

}  // namespace

void CmdClientTracking(Context& ctx) {
  Wish wish;
  if (!ParseOptions(ctx, wish)) return;
  if (ctx.ArgIs(2, "off")) {
    ctx.services().tracking->Stop(ctx.session());
    return ctx.reply().Ok();
  }
  if (!ctx.ArgIs(2, "on")) return ctx.reply().Error(command::kSyntaxError);
  if (ctx.session().host == nullptr) return ctx.reply().Error("ERR Nobody could be told of changes here");
  if (!CheckMode(ctx, wish)) return;
  if (wish.mode.broadcast && !CheckPrefixes(ctx, wish.prefixes)) return;
  // Following everything is following the empty prefix.
  if (wish.mode.broadcast && wish.prefixes.empty()) wish.prefixes.emplace_back();
  wish.mode.on = true;
  ctx.session().tracking = wish.mode;
  ctx.services().tracking->Start(ctx.session(), wish.prefixes);
  ctx.reply().Ok();
}

void CmdClientCaching(Context& ctx) {
  TrackingMode& mode = ctx.session().tracking;
  if (!mode.on) {
    return ctx.reply().Error("ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or "
                             "OPTOUT mode enabled");
  }
  if (ctx.ArgIs(2, "yes")) {
    if (!mode.opt_in) {
      return ctx.reply().Error("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.");
    }
  } else if (ctx.ArgIs(2, "no")) {
    if (!mode.opt_out) {
      return ctx.reply().Error("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.");
    }
  } else {
    return ctx.reply().Error(command::kSyntaxError);
  }
  mode.caching = true;
  ctx.reply().Ok();
}

void CmdClientGetredir(Context& ctx) {
  const TrackingMode& mode = ctx.session().tracking;
  ctx.reply().Integer(mode.on ? static_cast<int64_t>(mode.redirect) : -1);
}

void CmdClientTrackinginfo(Context& ctx) {
  const TrackingMode& mode = ctx.session().tracking;
  const Tracking& tracking = *ctx.services().tracking;
  resp::Reply& reply = ctx.reply();
  reply.MapHeader(3);
  reply.Bulk("flags");
  const resp::Reply::Mark mark = reply.BeginDeferred();
  size_t flags = 0;
  auto flag = [&](bool set, std::string_view name) {
    if (!set) return;
    reply.Bulk(name);
    ++flags;
  };
  flag(true, mode.on ? "on" : "off");
  flag(mode.broadcast, "bcast");
  flag(mode.opt_in, "optin");
  flag(mode.opt_in && mode.caching, "caching-yes");
  flag(mode.opt_out, "optout");
  flag(mode.opt_out && mode.caching, "caching-no");
  flag(mode.no_loop, "noloop");
  flag(mode.on && tracking.IsRedirectBroken(ctx.session().id), "broken_redirect");
  reply.EndSet(mark, flags);
  reply.Bulk("redirect");
  reply.Integer(mode.on ? static_cast<int64_t>(mode.redirect) : -1);
  reply.Bulk("prefixes");
  const std::vector<std::string> prefixes = tracking.PrefixesOf(ctx.session());
  reply.ArrayHeader(prefixes.size());
  for (const std::string& prefix : prefixes) reply.Bulk(prefix);
}

}  // namespace tusk::pubsub
