// JSON.* commands that read: GET, MGET, TYPE, lengths, keys, ARRINDEX, RESP, DEBUG.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "codec/document_frame.h"
#include "families/json.h"
#include "families/json_paths.h"
#include "types/json_reader.h"
#include "types/json_writer.h"

namespace tusk::families {
namespace {

using command::Context;
using types::Document;
using types::DocumentCursor;
using types::DocumentKind;
using types::DocumentView;
using types::JsonPath;
using types::PathMatch;
using Matches = std::vector<PathMatch>;

// ---- JSON.GET ----

enum class Format : uint8_t { kString, kStrings, kExpandOne, kExpand };

std::optional<Format> FormatOf(std::string_view word) noexcept {
  if (word == "STRING") return Format::kString;
  if (word == "STRINGS") return Format::kStrings;
  if (word == "EXPAND1") return Format::kExpandOne;
  if (word == "EXPAND") return Format::kExpand;
  return {};
}
constexpr std::string_view kWrongFormat = "ERR wrong reply format";
constexpr std::string_view kFormatNeedsResp3 = "ERR FORMAT argument is not supported on RESP2";

struct GetOptions {
  types::JsonLayout layout;
  Format format = Format::kString;
  std::vector<std::string_view> paths;
};

bool ParseGet(Context& ctx, GetOptions& options) {
  for (size_t i = 2; i < ctx.argc(); ++i) {
    std::string_view* text = ctx.ArgIs(i, "INDENT")    ? &options.layout.indent
                             : ctx.ArgIs(i, "NEWLINE") ? &options.layout.newline
                             : ctx.ArgIs(i, "SPACE")   ? &options.layout.space
                                                       : nullptr;
    if (text || ctx.ArgIs(i, "FORMAT")) {
      if (i + 1 == ctx.argc()) return ctx.reply().Error(command::kSyntaxError), false;
      if (text) {
        *text = ctx.arg(++i);
        continue;
      }
      if (!ctx.reply().resp3() && options.paths.empty()) return ctx.reply().Error(kFormatNeedsResp3), false;
      std::optional<Format> format = FormatOf(ctx.arg(++i));
      if (!format || *format == Format::kStrings) return ctx.reply().Error(kWrongFormat), false;
      options.format = *format;
    } else if (!ctx.ArgIs(i, "NOESCAPE")) {
      options.paths.push_back(ctx.arg(i));
    }
  }
  if (options.paths.empty()) options.paths.push_back(".");
  return true;
}

// A list of values that lie apart, laid out as one array.
void WriteMatches(const Matches& matches, const types::JsonLayout& layout, std::string& out) {
  types::Document array = Document::Array();
  if (layout.newline.empty() && layout.indent.empty()) {
    out += '[';
    for (size_t i = 0; i < matches.size(); ++i) {
      if (i > 0) out += ',';
      types::WriteJson(matches[i].value, layout, out);
    }
    out += ']';
    return;
  }
  // Indented as a whole, which a copy makes simple: who asks for this asks for something to look at.
  for (const PathMatch& match : matches) array.Append(Document::CopyOf(match.value));
  types::WriteJson(array.view(), layout, out);
}

void ReplyTyped(Context& ctx, const DocumentView& value, Format format) {
  if (format == Format::kExpand || !types::IsContainer(value.kind())) {
    if (format != Format::kExpand && types::IsTextual(value.kind())) return ctx.reply().Bulk(types::JsonOf(value));
    return codec::SpellDocument(value, ctx.reply());
  }
  ctx.reply().Bulk(types::JsonOf(value));
}

void GetTyped(Context& ctx, const DocumentView& root, const GetOptions& options) {
  std::vector<Matches> all;
  for (std::string_view text : options.paths) {
    std::optional<JsonPath> path = JsonPathIn(ctx, text);
    if (!path) return;
    std::optional<Matches> matches = SelectJson(ctx, *path, root, false);
    if (!matches) return;
    all.push_back(*std::move(matches));
  }
  ctx.reply().ArrayHeader(all.size());
  for (const Matches& matches : all) {
    ctx.reply().ArrayHeader(matches.size());
    for (const PathMatch& match : matches) ReplyTyped(ctx, match.value, options.format);
  }
}

// Several paths: an object of what each selects. One path that is no legacy one makes lists of all.
void GetMany(Context& ctx, const DocumentView& root, const GetOptions& options) {
  std::vector<std::pair<std::string_view, JsonPath>> paths;
  bool lists = false;
  for (std::string_view text : options.paths) {
    std::optional<JsonPath> path = JsonPathIn(ctx, text);
    if (!path) return;
    lists |= !path->is_legacy();
    auto same = [text](const auto& known) { return known.first == text; };
    if (std::none_of(paths.begin(), paths.end(), same)) paths.emplace_back(text, *std::move(path));
  }
  Document object = Document::Map();
  for (auto& [text, path] : paths) {
    std::optional<Matches> matches = SelectJson(ctx, path, root, false);
    if (!matches) return;
    if (!lists) {
      if (matches->empty()) return ctx.reply().Error(kJsonNoPath);
      object.Put(Document::Text(text), Document::CopyOf(matches->front().value));
      continue;
    }
    Document list = Document::Array();
    for (const PathMatch& match : *matches) list.Append(Document::CopyOf(match.value));
    object.Put(Document::Text(text), std::move(list));
  }
  std::string out;
  types::WriteJson(object.view(), options.layout, out);
  ctx.reply().Bulk(out);
}

void GetOne(Context& ctx, const DocumentView& root, const GetOptions& options) {
  std::optional<JsonPath> path = JsonPathIn(ctx, options.paths[0]);
  if (!path) return;
  std::optional<Matches> matches = SelectJson(ctx, *path, root, false);
  if (!matches) return;
  std::string out;
  if (!path->is_legacy()) {
    WriteMatches(*matches, options.layout, out);
  } else if (matches->empty()) {
    return ctx.reply().Error(kJsonNoPath);
  } else {
    types::WriteJson(matches->front().value, options.layout, out);
  }
  ctx.reply().Bulk(out);
}

// ---- Commands that answer with one figure of each value ----

// What a missing key and, for legacy paths, a missing value are to such a command.
enum class IfMissing : uint8_t { kNull, kError };

struct FigureRules {
  bool (*fits)(DocumentKind kind);
  void (*figure)(Context& ctx, const DocumentView& value);
  IfMissing legacy_key;
  IfMissing legacy_value;
  std::string_view no_key = kJsonNoKey;  // "$" paths: a missing key is always an error.
  std::string_view legacy_wrong;         // Of another kind than the command wants.
};

void Figure(Context& ctx, const FigureRules& rules) {
  std::optional<JsonPath> path = JsonPathAt(ctx, 2);
  if (!path) return;
  auto found = ctx.Read<Document>(ctx.key(1));
  if (found.wrong_type) return;
  if (!found) {
    if (path->is_legacy() && rules.legacy_key == IfMissing::kNull) return ctx.reply().Null();
    return ctx.reply().Error(rules.no_key);
  }
  std::optional<Matches> matches = SelectJson(ctx, *path, found->view(), false);
  if (!matches) return;
  if (path->is_legacy()) {
    if (matches->empty()) return rules.legacy_value == IfMissing::kNull ? ctx.reply().Null() : ctx.reply().Error(kJsonNoPath);
    const DocumentView& value = matches->front().value;
    return rules.fits(value.kind()) ? rules.figure(ctx, value) : ctx.reply().Error(rules.legacy_wrong);
  }
  ctx.reply().ArrayHeader(matches->size());
  for (const PathMatch& match : *matches) rules.fits(match.value.kind()) ? rules.figure(ctx, match.value) : ctx.reply().Null();
}

bool IsList(DocumentKind kind) noexcept { return kind == DocumentKind::kArray || kind == DocumentKind::kSet; }
bool IsObject(DocumentKind kind) noexcept { return kind == DocumentKind::kMap; }

void ReplySize(Context& ctx, const DocumentView& value) { ctx.reply().Integer(static_cast<int64_t>(value.size())); }

std::string KeyText(const DocumentView& key) {
  return types::IsTextual(key.kind()) ? std::string(key.text()) : types::JsonOf(key);
}

void ReplyKeys(Context& ctx, const DocumentView& map) {
  ctx.reply().ArrayHeader(map.size());
  for (DocumentCursor at(map); at.Next();) ctx.reply().Bulk(KeyText(at.key()));
}

// ---- JSON.ARRINDEX ----

// -1: not there. `end` 0 and beyond the last: to the end.
int64_t IndexOf(const DocumentView& array, const DocumentView& wanted, int64_t start, int64_t end) {
  const auto size = static_cast<int64_t>(array.size());
  if (start < 0) start = std::max<int64_t>(0, size + start);
  start = std::min(start, std::max<int64_t>(0, size - 1));
  end = end == 0 ? size : end < 0 ? std::max<int64_t>(0, size + end) : std::min(end, size);
  int64_t index = 0;
  for (DocumentCursor at(array); at.Next() && index < end; ++index) {
    if (index >= start && at.value() == wanted) return index;
  }
  return -1;
}

// ---- JSON.RESP ----

void ReplyResp(Context& ctx, const DocumentView& value) {
  resp::Reply& reply = ctx.reply();
  switch (value.kind()) {
    case DocumentKind::kNull: return reply.Null();
    case DocumentKind::kBool: return reply.Simple(value.boolean() ? "true" : "false");
    case DocumentKind::kInteger: return reply.Integer(value.integer());
    case DocumentKind::kDouble: return reply.Double(value.number());
    case DocumentKind::kText:
    case DocumentKind::kBytes:
    case DocumentKind::kError: return reply.Bulk(value.text());
    default: break;
  }
  const bool is_map = value.kind() == DocumentKind::kMap;
  reply.ArrayHeader(1 + value.size() * (is_map ? 2 : 1));
  reply.Simple(is_map ? "{" : "[");
  for (DocumentCursor at(value); at.Next();) {
    if (is_map) reply.Bulk(KeyText(at.key()));
    ReplyResp(ctx, at.value());
  }
}

int64_t MemoryOf(const DocumentView& value) {
  const Document copy = Document::CopyOf(value);
  return static_cast<int64_t>(sizeof(Document) + copy.MemoryBytes());
}

}  // namespace

void CmdJsonGet(Context& ctx) {
  GetOptions options;
  if (!ParseGet(ctx, options)) return;
  auto found = ctx.Read<Document>(ctx.key(1));
  if (found.wrong_type) return;
  if (!found) return ctx.reply().Null();
  if (ctx.reply().resp3() && options.format != Format::kString) return GetTyped(ctx, found->view(), options);
  if (options.paths.size() > 1) return GetMany(ctx, found->view(), options);
  GetOne(ctx, found->view(), options);
}

void CmdJsonMget(Context& ctx) {
  const size_t last = ctx.argc() - 1;
  std::optional<JsonPath> path = JsonPathAt(ctx, last);
  if (!path) return;
  ctx.reply().ArrayHeader(last - 1);
  for (size_t i = 1; i < last; ++i) {
    const store::Entry* entry = ctx.Lookup(ctx.key(i), store::Access::kRead);
    if (!entry || entry->type() != store::Type::kDocument) {
      ctx.reply().Null();
      continue;
    }
    base::Result<Matches> matches = path->Select(entry->object<Document>().view(), false);
    if (!matches || (path->is_legacy() && matches->empty())) {
      ctx.reply().Null();
      continue;
    }
    std::string out;
    path->is_legacy() ? types::WriteJson(matches->front().value, {}, out) : WriteMatches(*matches, {}, out);
    ctx.reply().Bulk(out);
  }
}

void CmdJsonType(Context& ctx) {
  std::optional<JsonPath> path = JsonPathAt(ctx, 2);
  if (!path) return;
  auto found = ctx.Read<Document>(ctx.key(1));
  if (found.wrong_type) return;
  std::optional<Matches> matches = found ? SelectJson(ctx, *path, found->view(), false) : Matches();
  if (!matches) return;
  if (ctx.reply().resp3()) ctx.reply().ArrayHeader(1);
  if (!found || (path->is_legacy() && matches->empty())) return ctx.reply().Null();
  if (path->is_legacy()) return ctx.reply().Bulk(JsonTypeName(matches->front().value.kind()));
  ctx.reply().ArrayHeader(matches->size());
  for (const PathMatch& match : *matches) ctx.reply().Bulk(JsonTypeName(match.value.kind()));
}

void CmdJsonStrlen(Context& ctx) {
  Figure(ctx, {.fits = types::IsTextual, .figure = ReplySize, .legacy_key = IfMissing::kNull, .legacy_value = IfMissing::kError,
               .legacy_wrong = "WRONGTYPE wrong type of path value - expected string"});
}

void CmdJsonArrlen(Context& ctx) {
  Figure(ctx, {.fits = IsList, .figure = ReplySize, .legacy_key = IfMissing::kNull, .legacy_value = IfMissing::kError,
               .legacy_wrong = "ERR Path does not exist or not an array"});
}

void CmdJsonObjlen(Context& ctx) {
  Figure(ctx, {.fits = IsObject, .figure = ReplySize, .legacy_key = IfMissing::kNull, .legacy_value = IfMissing::kNull,
               .no_key = "ERR Path does not exist or not an object",
               .legacy_wrong = "WRONGTYPE wrong type of path value - expected object"});
}

void CmdJsonObjkeys(Context& ctx) {
  Figure(ctx, {.fits = IsObject, .figure = ReplyKeys, .legacy_key = IfMissing::kNull, .legacy_value = IfMissing::kNull,
               .legacy_wrong = "ERR Path does not exist or not an object"});
}

void CmdJsonArrindex(Context& ctx) {
  std::optional<JsonPath> path = JsonPathAt(ctx, 2);
  if (!path) return;
  std::optional<int64_t> start = ctx.argc() > 4 ? ctx.Integer(4) : 0;
  std::optional<int64_t> end = start && ctx.argc() > 5 ? ctx.Integer(5) : 0;
  if (!start || !end) return;
  std::optional<Document> wanted = JsonValueAt(ctx, 3);
  if (!wanted) return;
  auto found = ctx.Read<Document>(ctx.key(1));
  if (found.wrong_type) return;
  if (!found) return ctx.reply().Error(kJsonNoPath);
  std::optional<Matches> matches = SelectJson(ctx, *path, found->view(), false);
  if (!matches) return;
  if (path->is_legacy()) {
    if (matches->empty()) return ctx.reply().Error(kJsonNoPath);
    const DocumentView& array = matches->front().value;
    if (!IsList(array.kind())) return ctx.reply().Error("WRONGTYPE wrong type of path value - expected array");
    return ctx.reply().Integer(IndexOf(array, wanted->view(), *start, *end));
  }
  ctx.reply().ArrayHeader(matches->size());
  for (const PathMatch& match : *matches) {
    IsList(match.value.kind()) ? ctx.reply().Integer(IndexOf(match.value, wanted->view(), *start, *end)) : ctx.reply().Null();
  }
}

void CmdJsonResp(Context& ctx) {
  std::optional<JsonPath> path = JsonPathAt(ctx, 2);
  if (!path) return;
  auto found = ctx.Read<Document>(ctx.key(1));
  if (found.wrong_type) return;
  if (!found) return ctx.reply().Null();
  std::optional<Matches> matches = SelectJson(ctx, *path, found->view(), false);
  if (!matches) return;
  if (path->is_legacy()) return matches->empty() ? ctx.reply().Error(kJsonNoPath) : ReplyResp(ctx, matches->front().value);
  ctx.reply().ArrayHeader(matches->size());
  for (const PathMatch& match : *matches) ReplyResp(ctx, match.value);
}

void CmdJsonDebugMemory(Context& ctx) {
  std::optional<JsonPath> path = JsonPathAt(ctx, 3);
  if (!path) return;
  auto found = ctx.Read<Document>(ctx.key(2));
  if (found.wrong_type) return;
  if (!found) return path->is_legacy() ? ctx.reply().Integer(0) : ctx.reply().EmptyArray();
  std::optional<Matches> matches = SelectJson(ctx, *path, found->view(), false);
  if (!matches) return;
  if (path->is_legacy()) return matches->empty() ? ctx.reply().Error(kJsonNoPath) : ctx.reply().Integer(MemoryOf(matches->front().value));
  ctx.reply().ArrayHeader(matches->size());
  for (const PathMatch& match : *matches) ctx.reply().Integer(MemoryOf(match.value));
}

}  // namespace tusk::families
