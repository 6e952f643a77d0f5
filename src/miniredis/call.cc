#include "miniredis/call.h"

#include <memory>

#include "codec/document_frame.h"
#include "families/replies.h"
#include "miniredis/frame.h"
#include "resp/mini_frame.h"
#include "types/hash.h"
#include "types/json_writer.h"
#include "types/list.h"
#include "types/set.h"

namespace tusk::miniredis {

using store::Entry;
using types::Document;
using types::DocumentKind;
using types::DocumentView;

// ---- Arguments ----

// What is malformed ends the connection, whose next bytes may not be what they seem.
bool Call::Refuse(const base::Status& status) {
  if (status.code() == base::Code::kExhausted) return Fail(status.message()), false;
  ctx.reply().Error(std::string(kMalformed) + status.message());
  if (is_mini()) ctx.session().close = command::CloseWish::kAfterReply;
  return false;
}

std::optional<Document> Call::Value(size_t i, size_t levels) {
  const size_t depth_max = ctx.settings().document_max_depth;
  base::Result<Document> value = DocumentFromFrame(raw(i), depth_max - std::min(levels, depth_max));
  if (!value) return Refuse(value.error()), std::nullopt;
  return *std::move(value);
}

std::optional<std::vector<Document>> Call::Values(size_t i, size_t levels) {
  std::vector<Document> values;
  for (; i < count(); ++i) {
    std::optional<Document> value = Value(i, levels);
    if (!value) return {};
    values.push_back(*std::move(value));
  }
  return values;
}

std::optional<Document> Call::Scalar(size_t i) {
  std::optional<Document> value = Value(i);
  if (value && types::IsContainer(value->kind())) return Fail(kUnhandled), std::nullopt;
  return value;
}

std::optional<std::vector<Document>> Call::Scalars(size_t i) {
  std::optional<std::vector<Document>> values = Values(i, 0);
  if (!values) return {};
  for (const Document& value : *values) {
    if (types::IsContainer(value.kind())) return Fail(kUnhandled), std::nullopt;
  }
  return values;
}

std::optional<Document> Call::Number(size_t i) {
  std::optional<Document> value = Value(i);
  if (value && !types::IsNumber(value->kind())) return Fail(kUnhandled), std::nullopt;
  return value;
}

std::optional<int64_t> Call::Integer(size_t i) {
  std::optional<Document> value = Value(i);
  if (!value) return {};
  if (value->kind() != DocumentKind::kInteger) return Fail(kUnhandled), std::nullopt;
  return value->view().integer();
}

// ---- Answers ----

void Call::Dict(size_t pairs) {
  if (!is_mini()) return ctx.reply().MapHeader(pairs);
  ctx.reply().Raw("%" + base::Int64ToString(static_cast<int64_t>(pairs)) + "\r\n");
}

void Call::Set(size_t count) {
  if (!is_mini()) return ctx.reply().SetHeader(count);
  ctx.reply().Raw("&" + base::Int64ToString(static_cast<int64_t>(count)) + "\r\n");
}

void Call::Value(const DocumentView& value) {
  if (is_mini()) return Spell(value, ctx.reply());
  if (ctx.reply().resp3()) return codec::SpellDocument(value, ctx.reply());
  switch (value.kind()) {
    case DocumentKind::kNull: return ctx.reply().Null();
    case DocumentKind::kInteger: return ctx.reply().Integer(value.integer());
    case DocumentKind::kText:
    case DocumentKind::kBytes: return ctx.reply().Bulk(value.text());
    default: return ctx.reply().Bulk(types::JsonOf(value));
  }
}

void Call::Element(const ds::ListPackElement& element) { Value(ViewOfElement(element, kind)); }

DocumentView ViewOfString(const Entry& entry, KeyKind kind, Entry::TextBuffer& buffer) noexcept {
  if (entry.is_integer()) return DocumentView::Integer(entry.integer());
  return ViewOfPlain(entry.text(buffer), kind);
}

void Call::Whole(const Entry* entry) {
  if (!entry) return Null();
  switch (entry->type()) {
    case store::Type::kString: {
      Entry::TextBuffer buffer;
      const DocumentView value = ViewOfString(*entry, kind, buffer);
      // Large bytes are referred to instead of copied.
      if (is_mini() && value.kind() == DocumentKind::kBytes) return families::ReplyString(ctx.reply(), *entry);
      return Value(value);
    }
    case store::Type::kDocument: return Value(entry->object<Document>().view());
    case store::Type::kList: {
      const auto& list = entry->object<types::List>();
      Array(list.size());
      for (types::List::Cursor at = list.First(); at; at.Next()) Element(at.Get());
      return;
    }
    case store::Type::kHash: {
      const auto& hash = entry->object<types::Hash>();
      Dict(hash.size());
      hash.ForEach([this](const ds::ListPackElement& field, const ds::ListPackElement& value) {
        Element(field);
        Element(value);
      });
      return;
    }
    case store::Type::kSet: {
      const auto& set = entry->object<types::Set>();
      Set(set.size());
      set.ForEach([this](const ds::ListPackElement& member) { Element(member); });
      return;
    }
    default: return Fail(kWrongKeyType);
  }
}

// ---- Changes ----

void Call::Store(const store::Key& key, Entry* entry, Document value, bool keep_deadline) {
  const DocumentView view = value.view();
  Entry* stored = nullptr;
  if (!FitsPlain(view, kind)) {
    stored = &ctx.transaction().Put(ctx.db(), key, entry, store::Value::Object(std::make_unique<Document>(std::move(value))));
  } else if (view.kind() == DocumentKind::kInteger) {
    stored = &ctx.PutInteger(key, entry, view.integer());
  } else {
    stored = &ctx.PutString(key, entry, view.text());
  }
  if (!keep_deadline && stored->has_deadline()) ctx.transaction().ClearDeadline(ctx.db(), key, *stored);
}

}  // namespace tusk::miniredis
