// GET, SET and what else deals with a key's value as a whole.
#include <cmath>

#include "base/numbers.h"
#include "families/limits.h"
#include "miniredis/call.h"
#include "miniredis/frame.h"
#include "miniredis/handlers.h"
#include "miniredis/numbers.h"
#include "types/list.h"

namespace tusk::miniredis {
namespace {

using command::Context;
using store::Access;
using store::Entry;
using store::Key;
using types::Document;
using types::DocumentKind;
using types::DocumentView;

// As Redis would do it where the value is a string, so that followers need not know this port.
void RecordSet(Call& call, const Key& key, const DocumentView& value, std::string_view frame, std::optional<int64_t> deadline_ms) {
  if (!call.ctx.wants_record()) return call.ctx.ChangedNothing();
  if (std::optional<std::string> text = call.IsPlain(value) ? PlainText(value) : std::nullopt) {
    if (!deadline_ms) return call.ctx.RecordAs({"SET", key.text, *text});
    return call.ctx.RecordAs({"SET", key.text, *text, "PXAT", base::Int64ToString(*deadline_ms)});
  }
  call.ctx.RecordAs({"MINI", "SET", call.ctx.arg(kKindArg), key.text, frame});
  if (deadline_ms) call.ctx.RecordAs({"PEXPIREAT", key.text, base::Int64ToString(*deadline_ms)});
}

// SET of the value in argument i, with a deadline or without. False: the error is replied.
bool SetValue(Call& call, size_t i, std::optional<int64_t> deadline_ms) {
  const Key key = call.key();
  // Most values are a text or a number, which is stored from where it stands.
  if (std::optional<DocumentView> scalar = ScalarInFrame(call.raw(i)); scalar && call.IsPlain(*scalar)) {
    Entry* entry = call.ctx.Lookup(key, Access::kWrite);
    Entry* stored = scalar->kind() == DocumentKind::kInteger ? &call.ctx.PutInteger(key, entry, scalar->integer())
                                                              : &call.ctx.PutString(key, entry, scalar->text());
    if (deadline_ms) {
      call.ctx.transaction().SetDeadline(call.ctx.db(), key, *stored, *deadline_ms);
    } else if (stored->has_deadline()) {
      call.ctx.transaction().ClearDeadline(call.ctx.db(), key, *stored);
    }
    RecordSet(call, key, *scalar, call.raw(i), deadline_ms);
  } else {
    std::optional<Document> value = call.Value(i);
    if (!value) return false;
    RecordSet(call, key, value->view(), call.raw(i), deadline_ms);
    call.Store(key, call.ctx.Lookup(key, Access::kWrite), *std::move(value));
    if (deadline_ms) call.ctx.transaction().SetDeadline(call.ctx.db(), key, *call.ctx.Lookup(key, Access::kPeek), *deadline_ms);
  }
  call.ctx.Modified(key, store::kEventString, "set");
  if (deadline_ms) call.ctx.Event(key, store::kEventGeneric, "expire");
  return true;
}

// When seconds from now are over; fractions count. Replies the error.
std::optional<int64_t> DeadlineIn(Call& call, size_t i) {
  std::optional<Document> seconds = call.Number(i);
  if (!seconds) return {};
  constexpr double kMillis = 1000.0;
  // Beyond what a double holds exactly nobody counts seconds.
  constexpr double kMillisMax = 9007199254740992.0;
  const double millis = seconds->view().number() * kMillis;
  if (!(std::abs(millis) <= kMillisMax)) return call.Fail(kUnhandled), std::nullopt;
  return call.ctx.now_ms() + static_cast<int64_t>(std::ceil(millis));
}

void Remove(Call& call, const Key& key, Entry& entry) {
  call.ctx.Delete(key, entry);
  call.ctx.Modified(key, store::kEventGeneric, "del");
  call.ctx.RecordAs({"DEL", key.text});
}

// A key whose deadline is past goes at once.
void SetDeadline(Call& call, const Key& key, Entry& entry, int64_t deadline_ms) {
  if (call.ctx.IsPast(deadline_ms)) return Remove(call, key, entry);
  call.ctx.transaction().SetDeadline(call.ctx.db(), key, entry, deadline_ms);
  call.ctx.Modified(key, store::kEventGeneric, "expire");
  call.ctx.RecordAs({"PEXPIREAT", key.text, base::Int64ToString(deadline_ms)});
}

// The values of MSET, all of them before the first is stored: key value ... from argument `first` on.
std::optional<std::vector<Document>> PairValues(Call& call, size_t first) {
  std::vector<Document> values;
  for (size_t i = first; i + 1 < call.count(); i += 2) {
    std::optional<Document> value = call.Value(i + 1);
    if (!value) return {};
    values.push_back(*std::move(value));
  }
  return values;
}

// What APPEND makes of two values. Nothing: they cannot be joined.
std::optional<Document> Joined(const DocumentView& old, const DocumentView& more) {
  if (types::IsNumber(old.kind())) return Sum(old, more);
  const bool is_textual = old.kind() == DocumentKind::kText || old.kind() == DocumentKind::kBytes;
  if (!is_textual || old.kind() != more.kind()) return {};
  return Document::Textual(old.kind(), std::string(old.text()).append(more.text()));
}

// A list takes on the elements of a list, or another value as one more.
void AppendToArray(Document& array, Document more) {
  if (more.kind() != DocumentKind::kArray) {
    array.Append(std::move(more));
  } else {
    for (types::DocumentCursor at(more.view()); at.Next();) array.Append(Document::CopyOf(at.value()));
  }
  array.Settle();
}

// False: not all of it are strings.
bool AppendToList(Call& call, types::List& list, const DocumentView& more) {
  std::vector<std::string> texts;
  auto take = [&texts](const DocumentView& value) {
    std::optional<std::string> text = PlainText(value);
    if (text) texts.push_back(*std::move(text));
    return text.has_value();
  };
  if (more.kind() != DocumentKind::kArray && !take(more)) return false;
  for (types::DocumentCursor at(more); more.kind() == DocumentKind::kArray && at.Next();) {
    if (!take(at.value())) return false;
  }
  for (const std::string& text : texts) list.Push(types::ListEnd::kTail, text, families::ListLimitsOf(call.ctx.settings()));
  return true;
}

}  // namespace

void CmdGet(Context& ctx) {
  Call call(ctx);
  call.Whole(ctx.Lookup(call.key(), Access::kRead));
}

void CmdSet(Context& ctx) {
  Call call(ctx);
  if (SetValue(call, 1, std::nullopt)) call.Integer64(1);
}

void CmdSetex(Context& ctx) {
  Call call(ctx);
  std::optional<int64_t> deadline = DeadlineIn(call, 2);
  if (!deadline) return;
  if (!ctx.IsPast(*deadline)) {
    if (SetValue(call, 1, deadline)) call.Integer64(1);
    return;
  }
  // It has expired already: what was there goes.
  if (!call.Value(1)) return;
  if (Entry* entry = ctx.Lookup(call.key(), Access::kWrite)) Remove(call, call.key(), *entry);
  call.Integer64(1);
}

void CmdSetnx(Context& ctx) {
  Call call(ctx);
  if (ctx.Lookup(call.key(), Access::kRead)) return call.Integer64(0);
  if (SetValue(call, 1, std::nullopt)) call.Integer64(1);
}

void CmdGetset(Context& ctx) {
  Call call(ctx);
  std::optional<Document> value = call.Value(1);
  if (!value) return;
  const Key key = call.key();
  Entry* entry = ctx.Lookup(key, Access::kWrite);
  call.Whole(entry);
  call.Store(key, entry, *std::move(value), true);
  ctx.Modified(key, store::kEventString, "set");
}

void CmdMget(Context& ctx) {
  Call call(ctx);
  call.Array(call.count());
  for (size_t i = 0; i < call.count(); ++i) call.Whole(ctx.Lookup(call.key(i), Access::kRead));
}

void CmdMpop(Context& ctx) {
  Call call(ctx);
  call.Array(call.count());
  for (size_t i = 0; i < call.count(); ++i) {
    Entry* entry = ctx.Lookup(call.key(i), Access::kWrite);
    call.Whole(entry);
    if (entry) Remove(call, call.key(i), *entry);
  }
}

void CmdPop(Context& ctx) {
  Call call(ctx);
  Entry* entry = ctx.Lookup(call.key(), Access::kWrite);
  call.Whole(entry);
  if (entry) Remove(call, call.key(), *entry);
}

void CmdMset(Context& ctx) {
  Call call(ctx);
  std::optional<std::vector<Document>> values = PairValues(call, 0);
  if (!values) return;
  for (size_t i = 0; i < values->size(); ++i) {
    const Key key = call.key(2 * i);
    call.Store(key, ctx.Lookup(key, Access::kWrite), std::move((*values)[i]));
    ctx.Modified(key, store::kEventString, "set");
  }
  call.Integer64(static_cast<int64_t>(values->size()));
}

void CmdMsetex(Context& ctx) {
  Call call(ctx);
  std::optional<int64_t> deadline = DeadlineIn(call, 0);
  if (!deadline) return;
  std::optional<std::vector<Document>> values = PairValues(call, 1);
  if (!values) return;
  for (size_t i = 0; i < values->size(); ++i) {
    const Key key = call.key(1 + 2 * i);
    RecordSet(call, key, (*values)[i].view(), call.raw(2 + 2 * i), std::nullopt);
    call.Store(key, ctx.Lookup(key, Access::kWrite), std::move((*values)[i]));
    ctx.Modified(key, store::kEventString, "set");
    SetDeadline(call, key, *ctx.Lookup(key, Access::kWrite), *deadline);
  }
  call.Null();
}

void CmdAppend(Context& ctx) {
  Call call(ctx);
  const Key key = call.key();
  std::optional<Document> more = call.Value(1, 1);
  if (!more) return;
  Entry* entry = ctx.Lookup(key, Access::kWrite);
  if (!entry) {
    call.Store(key, nullptr, *std::move(more));
  } else if (entry->type() == store::Type::kDocument && entry->object<Document>().kind() == DocumentKind::kArray) {
    AppendToArray(entry->object<Document>(), *std::move(more));
  } else if (entry->type() == store::Type::kList) {
    if (!AppendToList(call, entry->object<types::List>(), more->view())) return call.Fail(kCannotAppend);
  } else if (entry->type() == store::Type::kString || entry->type() == store::Type::kDocument) {
    Entry::TextBuffer buffer;
    const bool is_string = entry->type() == store::Type::kString;
    const DocumentView old = is_string ? ViewOfString(*entry, call.kind, buffer) : entry->object<Document>().view();
    std::optional<Document> joined = Joined(old, more->view());
    if (!joined) return call.Fail(kCannotAppend);
    call.Store(key, entry, *std::move(joined), true);
  } else {
    return call.Fail(kCannotAppend);
  }
  ctx.Modified(key, store::kEventString, "append");
  call.Whole(ctx.Lookup(key, Access::kPeek));
}

// DELETE and MDELETE.
void CmdDelete(Context& ctx) {
  Call call(ctx);
  int64_t deleted = 0;
  for (size_t i = 0; i < call.count(); ++i) {
    Entry* entry = ctx.Lookup(call.key(i), Access::kWrite);
    if (!entry) continue;
    Remove(call, call.key(i), *entry);
    ++deleted;
  }
  call.Integer64(deleted);
}

void CmdExists(Context& ctx) {
  Call call(ctx);
  call.Integer64(ctx.Lookup(call.key(), Access::kRead) ? 1 : 0);
}

void CmdExpire(Context& ctx) {
  Call call(ctx);
  std::optional<int64_t> deadline = DeadlineIn(call, 1);
  if (!deadline) return;
  if (Entry* entry = ctx.Lookup(call.key(), Access::kWrite)) SetDeadline(call, call.key(), *entry, *deadline);
  call.Null();
}

}  // namespace tusk::miniredis
