// Strings as a whole: GET, SET and their relatives. Numbers, ranges and LCS have files of their own.
#include "families/strings.h"

#include <fmt/format.h>

#include <limits>

#include "base/numbers.h"
#include "command/command_table.h"
#include "command/context.h"
#include "families/replies.h"
#include "families/typed.h"
#include "families/strings_conditional.h"
#include "families/strings_expiry.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Entry;
using store::Key;

struct SetOptions {
  bool nx = false;
  bool xx = false;
  bool get = false;
  bool keep_ttl = false;
  bool persist = false;
  ExpiryArg expiry{};
  ValueCondition condition{};
};

enum class Grammar { kSet, kGetex };

bool ParseSetOptions(Context& ctx, size_t first, Grammar grammar, SetOptions* options) {
  bool set = grammar == Grammar::kSet;
  for (size_t i = first; i < ctx.argc(); ++i) {
    if (set && ctx.ArgIs(i, "nx") && !options->xx && !options->condition) {
      options->nx = true;
    } else if (set && ctx.ArgIs(i, "xx") && !options->nx && !options->condition) {
      options->xx = true;
    } else if (ValueCondition condition; set && !options->nx && !options->xx && !options->condition &&
                                         (condition = ParseValueCondition(ctx, i))) {
      options->condition = condition;
      ++i;
    } else if (set && ctx.ArgIs(i, "get")) {
      options->get = true;
    } else if (set && ctx.ArgIs(i, "keepttl") && options->expiry.at == 0) {
      options->keep_ttl = true;
    } else if (!set && ctx.ArgIs(i, "persist") && options->expiry.at == 0) {
      options->persist = true;
    } else if (!options->keep_ttl && !options->persist && TakeExpiryArg(ctx, i, &options->expiry)) {
      ++i;
    } else {
      ctx.reply().Error(command::kSyntaxError);
      return false;
    }
  }
  return true;
}

struct TextNumber {
  explicit TextNumber(int64_t value) noexcept : size(base::FormatInt64(value, bytes)) {}
  operator std::string_view() const noexcept { return {bytes, size}; }  // NOLINT(google-explicit-constructor)
  char bytes[base::kInt64TextMax];
  size_t size;
};

// What GET and its relatives answer with.
bool IsReadable(const Entry& entry) noexcept {
  return entry.type() == store::Type::kString || entry.type() == store::Type::kDocument;
}

// Replies the value or null; a nested value as its reader's protocol has it. False: it is of another type, WRONGTYPE is replied.
bool ReplyValue(Context& ctx, const Entry* entry) {
  if (!entry) {
    ctx.reply().Null();
  } else if (entry->type() == store::Type::kString) [[likely]] {
    ReplyString(ctx.reply(), *entry);
  } else if (entry->type() == store::Type::kDocument) {
    ReplyDocument(entry->object<types::Document>(), ctx.reply());
  } else {
    ctx.reply().Error(command::kWrongType);
    return false;
  }
  return true;
}

// Puts the value and settles the deadline: a given one, the old one, or none.
void Store(Context& ctx, const Key& key, Entry* entry, std::string_view value, std::optional<int64_t> deadline,
           bool keep_ttl) {
  Entry& stored = ctx.PutString(key, entry, value);
  if (deadline) {
    ctx.transaction().SetDeadline(ctx.db(), key, stored, *deadline);
  } else if (stored.has_deadline() && !keep_ttl) {
    ctx.transaction().ClearDeadline(ctx.db(), key, stored);
  }
  ctx.Modified(key, store::kEventString, "set");
  if (!deadline) return;
  ctx.Event(key, store::kEventGeneric, "expire");
  ctx.RecordAs({"SET", key.text, value, "PXAT", TextNumber(*deadline)});
}

enum class SetReply { kOk, kOneOrZero };

void SetGeneric(Context& ctx, size_t value_arg, const SetOptions& options, SetReply kind) {
  std::optional<int64_t> deadline;
  if (options.expiry.at != 0) {
    deadline = DeadlineOf(ctx, options.expiry);
    if (!deadline) return;
  }
  Key key = ctx.key(1);
  Entry* entry;
  if (options.get) {
    entry = ctx.Lookup(key, store::Access::kRead);
    if (!ReplyValue(ctx, entry)) return;
  } else {
    entry = ctx.Lookup(key, store::Access::kWrite);
  }
  std::optional<bool> holds = options.condition ? Holds(ctx, options.condition, entry) : true;
  if (!holds) return ctx.ChangedNothing();
  if ((options.nx && entry) || (options.xx && !entry) || !*holds) {
    if (options.get) return;
    return kind == SetReply::kOk ? ctx.reply().Null() : ctx.reply().Integer(0);
  }
  std::string_view value = ctx.arg(value_arg);
  Store(ctx, key, entry, value, deadline, options.keep_ttl);
  if (options.get || options.condition) {
    // What the reply was and why it was set does not matter to those who repeat the command.
    if (!deadline && options.keep_ttl) ctx.RecordAs({"SET", key.text, value, "KEEPTTL"});
    if (!deadline && !options.keep_ttl) ctx.RecordAs({"SET", key.text, value});
    if (options.get) return;
  }
  kind == SetReply::kOk ? ctx.reply().Ok() : ctx.reply().Integer(1);
}

void SetWithExpiry(Context& ctx, bool in_seconds) {
  SetGeneric(ctx, 3, {.expiry = {.at = 2, .in_seconds = in_seconds}}, SetReply::kOk);
}

// Replies the value or null; the entry, unless there is none or it is of another type.
Entry* GetGeneric(Context& ctx, const Key& key) {
  Entry* entry = ctx.Lookup(key, store::Access::kRead);
  return ReplyValue(ctx, entry) ? entry : nullptr;
}

}  // namespace

bool TakeExpiryArg(Context& ctx, size_t i, ExpiryArg* expiry) {
  bool seconds = ctx.ArgIs(i, "ex") || ctx.ArgIs(i, "exat");
  bool absolute = ctx.ArgIs(i, "exat") || ctx.ArgIs(i, "pxat");
  if (!seconds && !absolute && !ctx.ArgIs(i, "px")) return false;
  if (i + 1 >= ctx.argc()) return false;
  if (expiry->at != 0 && (expiry->in_seconds != seconds || expiry->is_absolute != absolute)) return false;
  *expiry = {i + 1, seconds, absolute};
  return true;
}

std::optional<int64_t> DeadlineOf(Context& ctx, const ExpiryArg& expiry) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  std::optional<int64_t> time = ctx.Integer(expiry.at);
  if (!time) return std::nullopt;
  bool valid = *time > 0 && (!expiry.in_seconds || *time <= kMax / 1000);
  if (valid && expiry.in_seconds) *time *= 1000;
  if (valid && !expiry.is_absolute) {
    valid = *time <= kMax - ctx.now_ms();
    if (valid) *time += ctx.now_ms();
  }
  if (valid) return time;
  ctx.reply().Error(fmt::format("ERR invalid expire time in '{}' command", ctx.command().full_name));
  return std::nullopt;
}

void CmdGet(Context& ctx) { GetGeneric(ctx, ctx.key(1)); }

void CmdSet(Context& ctx) {
  SetOptions options;
  if (ctx.argc() > 3 && !ParseSetOptions(ctx, 3, Grammar::kSet, &options)) return;
  SetGeneric(ctx, 2, options, SetReply::kOk);
}

void CmdSetnx(Context& ctx) { SetGeneric(ctx, 2, {.nx = true}, SetReply::kOneOrZero); }

void CmdSetex(Context& ctx) { SetWithExpiry(ctx, true); }

void CmdPsetex(Context& ctx) { SetWithExpiry(ctx, false); }

void CmdGetset(Context& ctx) {
  Key key = ctx.key(1);
  Entry* old = ctx.Lookup(key, store::Access::kRead);
  if (!ReplyValue(ctx, old)) return;
  Store(ctx, key, old, ctx.arg(2), std::nullopt, false);
  ctx.RecordAs({"SET", key.text, ctx.arg(2)});
}

void CmdGetdel(Context& ctx) {
  Key key = ctx.key(1);
  Entry* entry = GetGeneric(ctx, key);
  if (!entry) return;
  ctx.Delete(key, *entry);
  ctx.Modified(key, store::kEventGeneric, "del");
  ctx.RecordAs({ctx.settings().lazyfree_lazy_server_del ? "UNLINK" : "DEL", key.text});
}

void CmdGetex(Context& ctx) {
  SetOptions options;
  if (!ParseSetOptions(ctx, 2, Grammar::kGetex, &options)) return;
  Key key = ctx.key(1);
  Entry* entry = ctx.Lookup(key, store::Access::kRead);
  if (!entry) return ctx.reply().Null();
  if (!IsReadable(*entry)) return ctx.reply().Error(command::kWrongType);
  std::optional<int64_t> deadline;
  if (options.expiry.at != 0) {
    deadline = DeadlineOf(ctx, options.expiry);
    if (!deadline) return;
  }
  ReplyValue(ctx, entry);
  if (deadline && ctx.IsPast(*deadline)) {
    ctx.Delete(key, *entry);
    ctx.Modified(key, store::kEventGeneric, "del");
    ctx.RecordAs({ctx.settings().lazyfree_lazy_expire ? "UNLINK" : "DEL", key.text});
  } else if (deadline) {
    ctx.transaction().SetDeadline(ctx.db(), key, *entry, *deadline);
    ctx.Modified(key, store::kEventGeneric, "expire");
    ctx.RecordAs({"PEXPIREAT", key.text, TextNumber(*deadline)});
  } else if (options.persist && entry->has_deadline()) {
    ctx.transaction().ClearDeadline(ctx.db(), key, *entry);
    ctx.Modified(key, store::kEventGeneric, "persist");
    ctx.RecordAs({"PERSIST", key.text});
  }
}

void CmdMget(Context& ctx) {
  ctx.reply().ArrayHeader(ctx.argc() - 1);
  for (size_t i = 1; i < ctx.argc(); ++i) {
    const Entry* entry = ctx.Lookup(ctx.key(i), store::Access::kRead);
    ReplyValue(ctx, entry && IsReadable(*entry) ? entry : nullptr);  // A value of another type is none here.
  }
}

void CmdMset(Context& ctx) {
  if (ctx.argc() % 2 == 0) return ReplyWrongArity(ctx);
  for (size_t i = 1; i < ctx.argc(); i += 2) {
    Key key = ctx.key(i);
    Store(ctx, key, ctx.Lookup(key, store::Access::kWrite), ctx.arg(i + 1), std::nullopt, false);
  }
  ctx.reply().Ok();
}

void CmdMsetnx(Context& ctx) {
  if (ctx.argc() % 2 == 0) return ReplyWrongArity(ctx);
  for (size_t i = 1; i < ctx.argc(); i += 2) {
    if (ctx.Lookup(ctx.key(i), store::Access::kWrite)) return ctx.reply().Integer(0);
  }
  for (size_t i = 1; i < ctx.argc(); i += 2) {
    Key key = ctx.key(i);
    // A key that is named twice is there the second time.
    Store(ctx, key, ctx.Lookup(key, store::Access::kWrite), ctx.arg(i + 1), std::nullopt, false);
  }
  ctx.reply().Integer(1);
}

// MSETEX numkeys key value ... [NX | XX] [expiry | KEEPTTL]
void CmdMsetex(Context& ctx) {
  std::optional<int64_t> count = ctx.IntegerInRange(1, 1, std::numeric_limits<int32_t>::max(), "ERR invalid numkeys value");
  if (!count) return;
  size_t options_at = 2 + static_cast<size_t>(*count) * 2;
  if (options_at > ctx.argc()) return ReplyWrongArity(ctx);
  SetOptions options;
  if (!ParseSetOptions(ctx, options_at, Grammar::kSet, &options)) return;
  if (options.get || options.condition) return ctx.reply().Error(command::kSyntaxError);
  std::optional<int64_t> deadline;
  if (options.expiry.at != 0) {
    deadline = DeadlineOf(ctx, options.expiry);
    if (!deadline) return;
  }
  for (size_t i = 2; i < options_at && (options.nx || options.xx); i += 2) {
    bool exists = ctx.Lookup(ctx.key(i), store::Access::kWrite) != nullptr;
    if (exists ? options.nx : options.xx) return ctx.reply().Integer(0);
  }
  for (size_t i = 2; i < options_at; i += 2) {
    Key key = ctx.key(i);
    Store(ctx, key, ctx.Lookup(key, store::Access::kWrite), ctx.arg(i + 1), deadline, options.keep_ttl);
  }
  ctx.reply().Integer(1);
}

}  // namespace tusk::families
