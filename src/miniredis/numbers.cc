#include "miniredis/numbers.h"

#include "miniredis/call.h"
#include "miniredis/handlers.h"

namespace tusk::miniredis {
namespace {

using command::Context;
using store::Entry;
using types::Document;
using types::DocumentKind;
using types::DocumentView;

// A key that is missing starts at 0. The deadline stays.
void Add(Call& call, const DocumentView& amount) {
  const store::Key key = call.key();
  Entry* entry = call.ctx.Lookup(key, store::Access::kWrite);
  Entry::TextBuffer buffer;
  DocumentView old = DocumentView::Integer(0);
  if (entry && entry->type() == store::Type::kDocument) {
    old = entry->object<Document>().view();
  } else if (entry && entry->type() == store::Type::kString) {
    old = ViewOfString(*entry, call.kind, buffer);
  } else if (entry) {
    return call.Fail(kWrongKeyType);
  }
  if (types::IsContainer(old.kind())) return call.Fail(kWrongKeyType);
  std::optional<Document> sum = Sum(old, amount);
  if (!sum) return call.Fail(kWrongValueType);
  const Document shown = sum->Clone();
  call.Store(key, entry, *std::move(sum), true);
  call.ctx.Modified(key, store::kEventString, "incrby");
  call.Value(shown.view());
}

// The negated argument; the one integer that has no negation becomes a double.
Document Negated(const DocumentView& number) noexcept {
  if (number.kind() == DocumentKind::kInteger && number.integer() != INT64_MIN) return Document::Integer(-number.integer());
  return Document::Double(-number.number());
}

}  // namespace

std::optional<Document> Sum(const DocumentView& a, const DocumentView& b) noexcept {
  if (!types::IsNumber(a.kind()) || !types::IsNumber(b.kind())) return {};
  if (a.kind() == DocumentKind::kDouble || b.kind() == DocumentKind::kDouble) return Document::Double(a.number() + b.number());
  int64_t sum = 0;
  if (__builtin_add_overflow(a.integer(), b.integer(), &sum)) return {};
  return Document::Integer(sum);
}

void CmdIncr(Context& ctx) {
  Call call(ctx);
  Add(call, DocumentView::Integer(1));
}

void CmdDecr(Context& ctx) {
  Call call(ctx);
  Add(call, DocumentView::Integer(-1));
}

void CmdIncrby(Context& ctx) {
  Call call(ctx);
  std::optional<Document> amount = call.Number(1);
  if (amount) Add(call, amount->view());
}

void CmdDecrby(Context& ctx) {
  Call call(ctx);
  std::optional<Document> amount = call.Number(1);
  if (!amount) return;
  const Document negated = Negated(amount->view());
  Add(call, negated.view());
}

}  // namespace tusk::miniredis
