#include "families/typed.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/numbers.h"
#include "codec/document_frame.h"
#include "command/context.h"
#include "command/help.h"
#include "families/replies.h"
#include "families/strings_expiry.h"
#include "types/json_writer.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Entry;
using store::Key;
using types::Document;

// ---- Arguments: TYPED SET positions key value ... ----

// An argument of the command behind TYPED, as that command counts them.
constexpr size_t kShift = 2;
constexpr size_t kPositionsArg = 2;

// "2,4": ascending indices of the command's arguments. Replies the error.
std::optional<std::vector<size_t>> PositionsOf(Context& ctx) {
  std::vector<size_t> positions;
  std::string_view text = ctx.arg(kPositionsArg);
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    std::optional<uint64_t> position = base::ParseUint64(text.substr(0, comma));
    if (!position || *position + kShift >= ctx.argc() || (!positions.empty() && *position <= positions.back())) {
      ctx.reply().Error("ERR positions of typed values must be indices in ascending order");
      return {};
    }
    positions.push_back(*position);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return positions;
}

constexpr std::string_view kOnlyValues = "ERR only values can be typed, not keys and options";

// The document in argument `position` of the command, if that is the only typed one. Replies the error.
std::optional<Document> OnlyValue(Context& ctx, size_t position) {
  std::optional<std::vector<size_t>> positions = PositionsOf(ctx);
  if (!positions) return {};
  if (*positions != std::vector<size_t>{position}) return ctx.reply().Error(kOnlyValues), std::nullopt;
  base::Result<Document> value = codec::DocumentFromFrame(ctx.arg(position + kShift), ctx.settings().document_max_depth);
  if (!value) return ctx.reply().Error(value.error()), std::nullopt;
  return *std::move(value);
}

// ---- Setting ----

struct SetOptions {
  bool nx = false;
  bool xx = false;
  bool get = false;
  bool keep_ttl = false;
  ExpiryArg expiry{};
};

bool ParseOptions(Context& ctx, size_t first, SetOptions& options) {
  for (size_t i = first; i < ctx.argc(); ++i) {
    if (ctx.ArgIs(i, "nx") && !options.xx) {
      options.nx = true;
    } else if (ctx.ArgIs(i, "xx") && !options.nx) {
      options.xx = true;
    } else if (ctx.ArgIs(i, "get")) {
      options.get = true;
    } else if (ctx.ArgIs(i, "keepttl") && options.expiry.at == 0) {
      options.keep_ttl = true;
    } else if (!options.keep_ttl && TakeExpiryArg(ctx, i, &options.expiry)) {
      ++i;
    } else {
      ctx.reply().Error(command::kSyntaxError);
      return false;
    }
  }
  return true;
}

void ReplyOld(Context& ctx, const Entry* entry) {
  if (!entry) return ctx.reply().Null();
  if (entry->type() == store::Type::kString) return ReplyString(ctx.reply(), *entry);
  ReplyDocument(entry->object<Document>(), ctx.reply());
}

// Puts the document in the place of whatever is there.
void Store(Context& ctx, const Key& key, Entry* entry, Document value, std::optional<int64_t> deadline, bool keep_ttl) {
  if (keep_ttl && !deadline && entry && entry->has_deadline()) deadline = entry->deadline_ms();
  Entry& stored = ctx.Replace(key, entry, store::Value::Object(std::make_unique<Document>(std::move(value))));
  if (deadline) ctx.transaction().SetDeadline(ctx.db(), key, stored, *deadline);
  ctx.Modified(key, store::kEventString, "set");
  if (deadline && !keep_ttl) ctx.Event(key, store::kEventGeneric, "expire");
}

// Recorded without its conditions, and with an absolute deadline.
void Record(Context& ctx, std::string_view key, std::string_view frame, std::optional<int64_t> deadline, bool keep_ttl) {
  if (deadline) return ctx.RecordAs({"TYPED", "SET", "2", key, frame, "PXAT", base::Int64ToString(*deadline)});
  if (keep_ttl) return ctx.RecordAs({"TYPED", "SET", "2", key, frame, "KEEPTTL"});
  ctx.RecordAs({"TYPED", "SET", "2", key, frame});
}

enum class SetReply : uint8_t { kOk, kOneOrZero };

void SetTyped(Context& ctx, size_t value_position, const SetOptions& options, SetReply kind) {
  std::optional<Document> value = OnlyValue(ctx, value_position);
  if (!value) return;
  std::optional<int64_t> deadline;
  if (options.expiry.at != 0) {
    deadline = DeadlineOf(ctx, options.expiry);
    if (!deadline) return;
  }
  const Key key = ctx.key(1 + kShift);
  Entry* entry = ctx.Lookup(key, store::Access::kWrite);
  if (options.get) {
    const bool fits = !entry || entry->type() == store::Type::kString || entry->type() == store::Type::kDocument;
    if (!fits) return ctx.reply().Error(command::kWrongType);
    ReplyOld(ctx, entry);
  }
  if ((options.nx && entry) || (options.xx && !entry)) {
    if (options.get) return;
    return kind == SetReply::kOk ? ctx.reply().Null() : ctx.reply().Integer(0);
  }
  Store(ctx, key, entry, *std::move(value), deadline, options.keep_ttl);
  Record(ctx, key.text, ctx.arg(value_position + kShift), deadline, options.keep_ttl);
  if (options.get) return;
  kind == SetReply::kOk ? ctx.reply().Ok() : ctx.reply().Integer(1);
}

}  // namespace

void ReplyDocument(const Document& document, resp::Reply& reply) {
  const types::DocumentView value = document.view();
  if (reply.resp3()) return codec::SpellDocument(value, reply);
  const bool is_string = value.kind() == types::DocumentKind::kText || value.kind() == types::DocumentKind::kBytes;
  reply.Bulk(is_string ? std::string(value.text()) : types::JsonOf(value));
}

void CmdTypedSet(Context& ctx) {
  SetOptions options;
  if (!ParseOptions(ctx, 3 + kShift, options)) return;
  SetTyped(ctx, 2, options, SetReply::kOk);
}

void CmdTypedSetnx(Context& ctx) { SetTyped(ctx, 2, {.nx = true}, SetReply::kOneOrZero); }
void CmdTypedSetex(Context& ctx) { SetTyped(ctx, 3, {.expiry = {.at = 2 + kShift, .in_seconds = true}}, SetReply::kOk); }
void CmdTypedPsetex(Context& ctx) { SetTyped(ctx, 3, {.expiry = {.at = 2 + kShift}}, SetReply::kOk); }
void CmdTypedGetset(Context& ctx) { SetTyped(ctx, 2, {.get = true}, SetReply::kOk); }

void CmdTypedMset(Context& ctx) {
  if ((ctx.argc() - kShift) % 2 == 0) return ReplyWrongArity(ctx);
  std::optional<std::vector<size_t>> positions = PositionsOf(ctx);
  if (!positions) return;
  if (std::ranges::any_of(*positions, [](size_t position) { return position < 2 || position % 2 != 0; })) {
    return ctx.reply().Error(kOnlyValues);
  }
  // All are read before the first is stored.
  std::vector<Document> values;
  for (size_t position : *positions) {
    base::Result<Document> value = codec::DocumentFromFrame(ctx.arg(position + kShift), ctx.settings().document_max_depth);
    if (!value) return ctx.reply().Error(value.error());
    values.push_back(*std::move(value));
  }
  size_t next = 0;
  for (size_t position = 2; position + kShift < ctx.argc(); position += 2) {
    const Key key = ctx.key(position - 1 + kShift);
    Entry* entry = ctx.Lookup(key, store::Access::kWrite);
    if (next < values.size() && (*positions)[next] == position) {
      Store(ctx, key, entry, std::move(values[next++]), std::nullopt, false);
      continue;
    }
    Entry& stored = ctx.PutString(key, entry, ctx.arg(position + kShift));
    if (stored.has_deadline()) ctx.transaction().ClearDeadline(ctx.db(), key, stored);
    ctx.Modified(key, store::kEventString, "set");
  }
  ctx.reply().Ok();
}

void CmdTypedHset(Context& ctx) { ctx.reply().Error("ERR a hash's fields hold strings; a nested value needs a key of its own"); }

void CmdTypedHelp(Context& ctx) { command::ReplyHelp(ctx); }

}  // namespace tusk::families
