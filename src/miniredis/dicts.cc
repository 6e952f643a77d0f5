// HSET and its relatives: on documents that are dicts, and on Redis' own hashes.
//
// A dict that a verb creates is a document; one that is emptied stays. Fields and values of a Redis hash are texts, bytes or
// integers, and an emptied one goes.
#include "base/numbers.h"
#include "families/limits.h"
#include "miniredis/call.h"
#include "miniredis/handlers.h"
#include "miniredis/numbers.h"
#include "types/hash.h"

namespace tusk::miniredis {
namespace {

using command::Context;
using store::Access;
using store::Entry;
using store::Key;
using types::Document;
using types::DocumentKind;
using types::DocumentView;
using types::Hash;

// What is at a key, as a dict. At most one of map and hash is set.
struct Dict {
  Key key;
  Entry* entry = nullptr;
  Document* map = nullptr;
  Hash* hash = nullptr;

  size_t size() const noexcept { return map ? map->size() : hash ? hash->size() : 0; }
};

// False: the key holds something else; the error is replied.
bool Find(Call& call, Access access, Dict& dict) {
  return FindEither(call, 0, access, DocumentKind::kMap, store::Type::kHash, dict.key, dict.entry, dict.map, dict.hash);
}

// The value of a field, copied; nothing when there is none.
std::optional<Document> ValueOf(Call& call, const Dict& dict, const DocumentView& field) {
  if (dict.map) {
    std::optional<DocumentView> found = dict.map->view().Find(field);
    return found ? std::optional(Document::CopyOf(*found)) : std::nullopt;
  }
  std::optional<std::string> name = dict.hash ? PlainText(field) : std::nullopt;
  if (!name) return {};
  std::optional<Hash::Element> found = dict.hash->Get(*name);
  return found ? std::optional(Document::CopyOf(ViewOfElement(*found, call.kind))) : std::nullopt;
}

void Changed(Call& call, Dict& dict, std::string_view event) {
  if (dict.map) dict.map->Settle();
  call.ctx.Modified(dict.key, store::kEventHash, event);
  if (!dict.hash || !dict.hash->empty()) return;
  call.ctx.Delete(dict.key, *dict.entry);
  call.ctx.Event(dict.key, store::kEventGeneric, "del");
}

// Puts fields and values, which come in turns. False: a Redis hash can't hold one of them; nothing has changed.
bool Put(Call& call, Dict& dict, std::vector<Document> pairs, std::string_view event) {
  if (dict.hash) {
    std::vector<std::string> texts;
    for (const Document& item : pairs) {
      std::optional<std::string> text = PlainText(item.view());
      if (!text) return call.Fail(kWrongValueType), false;
      texts.push_back(*std::move(text));
    }
    const types::HashLimits limits = families::HashLimitsOf(call.ctx.settings());
    for (size_t i = 0; i + 1 < texts.size(); i += 2) dict.hash->Put(texts[i], texts[i + 1], limits);
  } else {
    if (!dict.entry) {
      dict.map = &call.ctx.Create<Document>(dict.key);
      *dict.map = Document::Map();
    }
    for (size_t i = 0; i + 1 < pairs.size(); i += 2) dict.map->Put(std::move(pairs[i]), std::move(pairs[i + 1]));
  }
  Changed(call, dict, event);
  return true;
}

bool PutOne(Call& call, Dict& dict, Document field, Document value, std::string_view event) {
  std::vector<Document> pair;
  pair.push_back(std::move(field));
  pair.push_back(std::move(value));
  return Put(call, dict, std::move(pair), event);
}

enum class Side : uint8_t { kFields, kValues };

void ReplySide(Context& ctx, Side side) {
  Call call(ctx);
  Dict dict;
  if (!Find(call, Access::kRead, dict)) return;
  call.Array(dict.size());
  if (dict.map) {
    for (types::DocumentCursor at(dict.map->view()); at.Next();) call.Value(side == Side::kFields ? at.key() : at.value());
  } else if (dict.hash) {
    dict.hash->ForEach([&](const Hash::Element& field, const Hash::Element& value) {
      call.Element(side == Side::kFields ? field : value);
    });
  }
}

}  // namespace

void CmdHget(Context& ctx) {
  Call call(ctx);
  std::optional<Document> field = call.Scalar(1);
  if (!field) return;
  Dict dict;
  if (!Find(call, Access::kRead, dict)) return;
  std::optional<Document> value = ValueOf(call, dict, field->view());
  value ? call.Value(value->view()) : call.Null();
}

void CmdHexists(Context& ctx) {
  Call call(ctx);
  std::optional<Document> field = call.Scalar(1);
  if (!field) return;
  Dict dict;
  if (Find(call, Access::kRead, dict)) call.Integer64(ValueOf(call, dict, field->view()) ? 1 : 0);
}

void CmdHgetall(Context& ctx) {
  Call call(ctx);
  Dict dict;
  if (!Find(call, Access::kRead, dict)) return;
  dict.entry ? call.Whole(dict.entry) : call.Dict(0);
}

void CmdHkeys(Context& ctx) { ReplySide(ctx, Side::kFields); }
void CmdHvals(Context& ctx) { ReplySide(ctx, Side::kValues); }

void CmdHlen(Context& ctx) {
  Call call(ctx);
  Dict dict;
  if (Find(call, Access::kRead, dict)) call.Integer64(static_cast<int64_t>(dict.size()));
}

void CmdHmget(Context& ctx) {
  Call call(ctx);
  std::optional<std::vector<Document>> fields = call.Scalars(1);
  if (!fields) return;
  Dict dict;
  if (!Find(call, Access::kRead, dict)) return;
  // A field that is asked for twice is answered once.
  Document answer = Document::Map();
  for (Document& field : *fields) {
    std::optional<Document> value = ValueOf(call, dict, field.view());
    answer.Put(std::move(field), value ? *std::move(value) : Document());
  }
  call.Value(answer.view());
}

namespace {

void SetField(Context& ctx, bool only_new) {
  Call call(ctx);
  std::optional<Document> field = call.Scalar(1);
  if (!field) return;
  std::optional<Document> value = call.Value(2, 1);
  if (!value) return;
  Dict dict;
  if (!Find(call, Access::kWrite, dict)) return;
  if (only_new && ValueOf(call, dict, field->view())) return call.Integer64(0);
  if (PutOne(call, dict, *std::move(field), *std::move(value), "hset")) call.Integer64(1);
}

}  // namespace

void CmdHset(Context& ctx) { SetField(ctx, false); }
void CmdHsetnx(Context& ctx) { SetField(ctx, true); }

void CmdHmset(Context& ctx) {
  Call call(ctx);
  std::optional<Document> given = call.Value(1);
  if (!given) return;
  if (given->kind() != DocumentKind::kMap) return call.Fail(kUnhandled);
  Dict dict;
  if (!Find(call, Access::kWrite, dict)) return;
  std::vector<Document> pairs;
  for (types::DocumentCursor at(given->view()); at.Next();) {
    pairs.push_back(Document::CopyOf(at.key()));
    pairs.push_back(Document::CopyOf(at.value()));
  }
  const auto count = static_cast<int64_t>(pairs.size() / 2);
  if (count > 0 && !Put(call, dict, std::move(pairs), "hset")) return;
  call.Integer64(count);
}

void CmdHdel(Context& ctx) {
  Call call(ctx);
  std::optional<Document> field = call.Scalar(1);
  if (!field) return;
  Dict dict;
  if (!Find(call, Access::kWrite, dict)) return;
  std::optional<std::string> name = PlainText(field->view());
  const bool deleted = (dict.map && dict.map->Erase(field->view())) || (dict.hash && name && dict.hash->Delete(*name));
  if (deleted) Changed(call, dict, "hdel");
  call.Integer64(deleted ? 1 : 0);
}

void CmdHincrby(Context& ctx) {
  Call call(ctx);
  std::optional<Document> field = call.Scalar(1);
  if (!field) return;
  std::optional<Document> amount = call.count() > 2 ? call.Number(2) : std::optional(Document::Integer(1));
  if (!amount) return;
  Dict dict;
  if (!Find(call, Access::kWrite, dict)) return;
  std::optional<Document> old = ValueOf(call, dict, field->view());
  std::optional<Document> sum = Sum(old ? old->view() : DocumentView::Integer(0), amount->view());
  if (!sum) return call.Fail(kUnhandled);
  const Document shown = sum->Clone();
  // Redis' hashes have no doubles, but texts that spell them.
  if (dict.hash && sum->kind() == DocumentKind::kDouble) sum = Document::Text(base::DoubleToString(sum->view().number()));
  if (PutOne(call, dict, *std::move(field), *std::move(sum), "hincrby")) call.Value(shown.view());
}

}  // namespace tusk::miniredis
