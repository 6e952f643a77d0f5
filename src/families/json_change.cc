// JSON.* commands that change values in place: numbers, texts, truths, arrays.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "codec/document_frame.h"
#include "families/json.h"
#include "families/json_paths.h"
#include "types/json_writer.h"

namespace tusk::families {
namespace {

using command::Context;
using command::Found;
using store::Key;
using types::Document;
using types::DocumentKind;
using types::DocumentView;
using types::JsonPath;
using types::PathMatch;
using Matches = std::vector<PathMatch>;

constexpr std::string_view kNotArray = "ERR Path does not exist or not an array";

// A key's document, and the values in it that the command can change. Others stay in `matches`, without steps to reach them.
struct Targets {
  Found<Document> found;
  JsonPath path;
  Matches matches;
  std::vector<bool> fits;
};

// Replies the error when it returns nothing. A legacy path that selects nothing that fits answers `legacy_error`.
std::optional<Targets> FindTargets(Context& ctx, std::string_view path_text, bool (*fits)(DocumentKind), std::string_view legacy_error) {
  std::optional<JsonPath> path = JsonPathIn(ctx, path_text);
  if (!path) return {};
  auto found = ctx.Write<Document>(ctx.key(1));
  if (found.wrong_type) return {};
  if (!found) return ctx.reply().Error(kJsonNoKey), std::nullopt;
  std::optional<Matches> matches = SelectJson(ctx, *path, found->view(), true);
  if (!matches) return {};
  Targets targets{found, *std::move(path), *std::move(matches), {}};
  bool any = false;
  for (const PathMatch& match : targets.matches) {
    targets.fits.push_back(fits(match.value.kind()));
    any |= targets.fits.back();
  }
  if (targets.path.is_legacy() && !any) return ctx.reply().Error(legacy_error), std::nullopt;
  return targets;
}

// Calls `change(Document&, i)` for every value that fits and is still there, the last of the document first: what moves
// behind it in an array does not matter to the others. Values within each other come innermost first.
void ChangeEach(Targets& targets, const std::function<void(Document&, size_t)>& change) {
  for (size_t i = targets.matches.size(); i-- > 0;) {
    if (!targets.fits[i]) continue;
    JsonWay way(*targets.found, targets.matches[i].steps);
    if (Document* value = way.value()) change(*value, i);
    way.Settle();
  }
}

// The last one that fits: what a legacy path answers with.
size_t LastOf(const Targets& targets) {
  size_t last = targets.fits.size();
  while (last-- > 0 && !targets.fits[last]) {
  }
  return last;
}

void ReplyIntegers(Context& ctx, const Targets& targets, const std::vector<int64_t>& results) {
  if (targets.path.is_legacy()) return ctx.reply().Integer(results[LastOf(targets)]);
  ctx.reply().ArrayHeader(results.size());
  for (size_t i = 0; i < results.size(); ++i) targets.fits[i] ? ctx.reply().Integer(results[i]) : ctx.reply().Null();
}

bool AnyFits(const Targets& targets) { return std::find(targets.fits.begin(), targets.fits.end(), true) != targets.fits.end(); }

bool IsArray(DocumentKind kind) noexcept { return kind == DocumentKind::kArray; }
bool IsBool(DocumentKind kind) noexcept { return kind == DocumentKind::kBool; }

// ---- Numbers ----

enum class NumberOp : uint8_t { kAdd, kMultiply, kPower };

bool PowerInt64(int64_t base, int64_t exponent, int64_t& result) noexcept {
  if (exponent < 0) return false;
  result = 1;
  // Bounded: beyond 63 steps only -1, 0 and 1 stay within 64 bits.
  if (base == 0 || base == 1) return result = exponent == 0 ? 1 : base, true;
  if (base == -1) return result = exponent % 2 == 0 ? 1 : -1, true;
  for (; exponent > 0; --exponent) {
    if (__builtin_mul_overflow(result, base, &result)) return false;
  }
  return true;
}

bool Combine(NumberOp op, int64_t a, int64_t b, int64_t& result) noexcept {
  switch (op) {
    case NumberOp::kAdd: return !__builtin_add_overflow(a, b, &result);
    case NumberOp::kMultiply: return !__builtin_mul_overflow(a, b, &result);
    case NumberOp::kPower: return PowerInt64(a, b, result);
  }
  return false;
}

double Combine(NumberOp op, double a, double b) noexcept {
  switch (op) {
    case NumberOp::kAdd: return a + b;
    case NumberOp::kMultiply: return a * b;
    case NumberOp::kPower: return std::pow(a, b);
  }
  return 0;
}

void ReplyNumbers(Context& ctx, const Targets& targets, const std::vector<DocumentView>& results) {
  if (ctx.reply().resp3()) {
    ctx.reply().ArrayHeader(results.size());
    for (const DocumentView& result : results) codec::SpellDocument(result, ctx.reply());
    return;
  }
  if (targets.path.is_legacy()) return ctx.reply().Bulk(types::JsonOf(results[LastOf(targets)]));
  std::string list = "[";
  for (const DocumentView& result : results) {
    if (list.size() > 1) list += ',';
    types::WriteJson(result, {}, list);
  }
  ctx.reply().Bulk(list + "]");
}

void ChangeNumbers(Context& ctx, NumberOp op, std::string_view event) {
  std::optional<Document> operand = JsonValueAt(ctx, 3);
  if (!operand) return;
  if (!types::IsNumber(operand->kind())) return ctx.reply().Error("ERR bad input number");
  std::optional<Targets> targets = FindTargets(ctx, ctx.arg(2), types::IsNumber, "ERR Path does not exist or does not contains a number");
  if (!targets) return;
  // All results are known before the first is written, so that an overflow changes nothing.
  std::vector<DocumentView> results(targets->matches.size());
  for (size_t i = 0; i < results.size(); ++i) {
    if (!targets->fits[i]) continue;
    const DocumentView& number = targets->matches[i].value;
    if (number.kind() == DocumentKind::kInteger && operand->kind() == DocumentKind::kInteger) {
      int64_t result = 0;
      if (!Combine(op, number.integer(), operand->view().integer(), result)) return ctx.reply().Error("ERR numeric overflow");
      results[i] = DocumentView::Integer(result);
    } else {
      const double result = Combine(op, number.number(), operand->view().number());
      if (!std::isfinite(result)) return ctx.reply().Error("ERR result is not a number");
      results[i] = DocumentView::Double(result);
    }
  }
  ChangeEach(*targets, [&](Document& value, size_t i) { value = Document::CopyOf(results[i]); });
  if (AnyFits(*targets)) ctx.Modified(ctx.key(1), store::kEventModule, event);
  ReplyNumbers(ctx, *targets, results);
}

// ---- Arrays ----

std::optional<std::vector<Document>> ValuesFrom(Context& ctx, size_t first) {
  std::vector<Document> values;
  for (size_t i = first; i < ctx.argc(); ++i) {
    std::optional<Document> value = JsonValueAt(ctx, i);
    if (!value) return {};
    values.push_back(*std::move(value));
  }
  return values;
}

bool FitsDepth(Context& ctx, const Targets& targets, const std::vector<Document>& values) {
  size_t deepest = 0;
  for (const Document& value : values) deepest = std::max(deepest, value.view().Depth());
  for (const PathMatch& match : targets.matches) {
    if (match.steps.size() + 1 + deepest > ctx.settings().document_max_depth) return ctx.reply().Error(kJsonTooDeep), false;
  }
  return true;
}

// Where ARRINSERT's index is in an array of this size; -1: outside.
int64_t InsertionPoint(int64_t index, int64_t size) noexcept {
  if (index < 0) index += size;
  return index < 0 || index > size ? -1 : index;
}

// Where ARRPOP takes from: beyond either end means that end.
size_t PopPoint(int64_t index, size_t size) noexcept {
  const auto count = static_cast<int64_t>(size);
  if (index < 0) index = std::max<int64_t>(0, count + index);
  return static_cast<size_t>(std::min(index, count - 1));
}

// ARRTRIM keeps from `start` to `stop`, both included.
void Trim(Document& array, int64_t start, int64_t stop) {
  const auto size = static_cast<int64_t>(array.size());
  start = start < 0 ? std::max<int64_t>(0, size + start) : start;
  stop = stop < 0 ? std::max<int64_t>(0, size + stop) : std::min(stop, size - 1);
  if (size == 0 || start >= size || start > stop) return array.Clear();
  array.Remove(static_cast<size_t>(stop) + 1, static_cast<size_t>(size - stop - 1));
  array.Remove(0, static_cast<size_t>(start));
}

}  // namespace

void CmdJsonNumincrby(Context& ctx) { ChangeNumbers(ctx, NumberOp::kAdd, "json.numincrby"); }
void CmdJsonNummultby(Context& ctx) { ChangeNumbers(ctx, NumberOp::kMultiply, "json.nummultby"); }
void CmdJsonNumpowby(Context& ctx) { ChangeNumbers(ctx, NumberOp::kPower, "json.numpowby"); }

void CmdJsonToggle(Context& ctx) {
  std::optional<Targets> targets = FindTargets(ctx, ctx.arg(2), IsBool, "ERR Path does not exist or not a bool");
  if (!targets) return;
  std::vector<int64_t> results(targets->matches.size());
  ChangeEach(*targets, [&](Document& value, size_t i) {
    results[i] = !value.view().boolean();
    value = Document::Bool(results[i] != 0);
  });
  if (AnyFits(*targets)) ctx.Modified(ctx.key(1), store::kEventModule, "json.toggle");
  if (targets->path.is_legacy()) return ctx.reply().Bulk(results[LastOf(*targets)] ? "true" : "false");
  ReplyIntegers(ctx, *targets, results);
}

void CmdJsonStrappend(Context& ctx) {
  std::optional<Document> suffix = JsonValueAt(ctx, ctx.argc() - 1);
  if (!suffix) return;
  if (suffix->kind() != DocumentKind::kText) return ctx.reply().Error("WRONGTYPE wrong type of path value - expected string");
  std::optional<Targets> targets =
      FindTargets(ctx, ctx.argc() > 3 ? ctx.arg(2) : ".", types::IsTextual, "ERR Path does not exist or not a string");
  if (!targets) return;
  std::vector<int64_t> results(targets->matches.size());
  ChangeEach(*targets, [&](Document& value, size_t i) {
    std::string text(value.view().text());
    text += suffix->view().text();
    results[i] = static_cast<int64_t>(text.size());
    value = Document::Textual(value.kind(), text);
  });
  if (AnyFits(*targets)) ctx.Modified(ctx.key(1), store::kEventModule, "json.strappend");
  ReplyIntegers(ctx, *targets, results);
}

void CmdJsonArrappend(Context& ctx) {
  std::optional<std::vector<Document>> values = ValuesFrom(ctx, 3);
  if (!values) return;
  std::optional<Targets> targets = FindTargets(ctx, ctx.arg(2), IsArray, kNotArray);
  if (!targets || !FitsDepth(ctx, *targets, *values)) return;
  std::vector<int64_t> results(targets->matches.size());
  ChangeEach(*targets, [&](Document& array, size_t i) {
    for (const Document& value : *values) array.Append(value.Clone());
    results[i] = static_cast<int64_t>(array.size());
  });
  if (AnyFits(*targets)) ctx.Modified(ctx.key(1), store::kEventModule, "json.arrappend");
  ReplyIntegers(ctx, *targets, results);
}

void CmdJsonArrinsert(Context& ctx) {
  std::optional<int64_t> index = ctx.Integer(3);
  if (!index) return;
  std::optional<std::vector<Document>> values = ValuesFrom(ctx, 4);
  if (!values) return;
  std::optional<Targets> targets = FindTargets(ctx, ctx.arg(2), IsArray, kNotArray);
  if (!targets || !FitsDepth(ctx, *targets, *values)) return;
  for (size_t i = 0; i < targets->matches.size(); ++i) {
    if (targets->fits[i] && InsertionPoint(*index, static_cast<int64_t>(targets->matches[i].value.size())) < 0) {
      return ctx.reply().Error("ERR index out of bounds");
    }
  }
  std::vector<int64_t> results(targets->matches.size());
  ChangeEach(*targets, [&](Document& array, size_t i) {
    auto at = static_cast<size_t>(InsertionPoint(*index, static_cast<int64_t>(array.size())));
    for (const Document& value : *values) array.Insert(at++, value.Clone());
    results[i] = static_cast<int64_t>(array.size());
  });
  if (AnyFits(*targets)) ctx.Modified(ctx.key(1), store::kEventModule, "json.arrinsert");
  ReplyIntegers(ctx, *targets, results);
}

void CmdJsonArrpop(Context& ctx) {
  size_t next = 2;
  bool expands = false, as_text = true;
  if (ctx.argc() > 3 && ctx.ArgIs(2, "FORMAT")) {
    const std::string_view format = ctx.arg(3);
    if (format != "STRINGS" && format != "EXPAND" && format != "EXPAND1") return ctx.reply().Error("ERR wrong reply format");
    if (!ctx.reply().resp3()) return ctx.reply().Error("ERR FORMAT argument is not supported on RESP2");
    as_text = format == "STRINGS";
    expands = format == "EXPAND";
    next = 4;
  }
  const std::string_view path = next < ctx.argc() ? ctx.arg(next) : ".";
  std::optional<int64_t> index = next + 1 < ctx.argc() ? ctx.Integer(next + 1) : -1;
  if (!index) return;
  std::optional<Targets> targets = FindTargets(ctx, path, IsArray, kNotArray);
  if (!targets) return;
  if (targets->path.is_legacy() && !as_text) {
    return ctx.reply().Error("Legacy paths are supported only with FORMAT STRINGS");
  }
  std::vector<std::optional<Document>> popped(targets->matches.size());
  bool any = false;
  ChangeEach(*targets, [&](Document& array, size_t i) {
    if (array.size() == 0) return;
    popped[i] = array.TakeAt(PopPoint(*index, array.size()));
    any = true;
  });
  if (any) ctx.Modified(ctx.key(1), store::kEventModule, "json.arrpop");
  auto reply = [&](const std::optional<Document>& value) {
    if (!value) return ctx.reply().Null();
    if (expands || (!as_text && !types::IsContainer(value->kind()) && !types::IsTextual(value->kind()))) {
      return codec::SpellDocument(value->view(), ctx.reply());
    }
    ctx.reply().Bulk(types::JsonOf(value->view()));
  };
  if (targets->path.is_legacy()) return reply(popped[LastOf(*targets)]);
  ctx.reply().ArrayHeader(popped.size());
  for (const std::optional<Document>& value : popped) reply(value);
}

void CmdJsonArrtrim(Context& ctx) {
  std::optional<int64_t> start = ctx.Integer(3);
  std::optional<int64_t> stop = start ? ctx.Integer(4) : std::nullopt;
  if (!stop) return;
  std::optional<Targets> targets = FindTargets(ctx, ctx.arg(2), IsArray, kNotArray);
  if (!targets) return;
  std::vector<int64_t> results(targets->matches.size());
  ChangeEach(*targets, [&](Document& array, size_t i) {
    Trim(array, *start, *stop);
    results[i] = static_cast<int64_t>(array.size());
  });
  if (AnyFits(*targets)) ctx.Modified(ctx.key(1), store::kEventModule, "json.arrtrim");
  ReplyIntegers(ctx, *targets, results);
}

}  // namespace tusk::families
