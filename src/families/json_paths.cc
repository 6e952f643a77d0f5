#include "families/json_paths.h"

#include <algorithm>
#include <string>

#include "types/json_reader.h"
#include "types/json_writer.h"

namespace tusk::families {

using command::Context;
using types::Document;
using types::DocumentKind;
using types::DocumentView;
using types::JsonPath;
using types::PathMatch;
using types::PathStep;

std::optional<JsonPath> JsonPathIn(Context& ctx, std::string_view text) {
  base::Result<JsonPath> path = JsonPath::Parse(text);
  if (path) return *std::move(path);
  ctx.reply().Error(path.error());
  return {};
}

std::optional<JsonPath> JsonPathAt(Context& ctx, size_t i) { return JsonPathIn(ctx, i < ctx.argc() ? ctx.arg(i) : "."); }

std::optional<Document> JsonValueAt(Context& ctx, size_t i) {
  base::Result<Document> value = types::DocumentFromJson(ctx.arg(i), ctx.settings().document_max_depth);
  if (value) return *std::move(value);
  ctx.reply().Error("ERR " + value.error().message());
  return {};
}

std::optional<std::vector<PathMatch>> SelectJson(Context& ctx, const JsonPath& path, const DocumentView& root, bool with_steps) {
  base::Result<std::vector<PathMatch>> matches = path.Select(root, with_steps);
  if (matches) return *std::move(matches);
  ctx.reply().Error(matches.error());
  return {};
}

JsonWay::JsonWay(Document& root, std::span<const PathStep> steps) noexcept {
  Document* at = &root;
  for (const PathStep& step : steps) {
    containers_.push_back(at);
    const DocumentKind kind = at->kind();
    if (step.is_index) {
      at = kind == DocumentKind::kArray && step.index < at->size() ? &at->At(step.index) : nullptr;
    } else {
      at = kind == DocumentKind::kMap ? at->Find(step.key.view()) : nullptr;
    }
    if (!at) return;
  }
  value_ = at;
}

void JsonWay::Settle() noexcept {
  if (value_) value_->Settle();
  for (auto at = containers_.rbegin(); at != containers_.rend(); ++at) (*at)->Settle();
}

namespace {

// Indices by number, names by their text; -1, 0, 1.
int CompareSteps(const PathStep& a, const PathStep& b) noexcept {
  if (a.is_index != b.is_index) return a.is_index ? -1 : 1;
  if (a.is_index) return a.index < b.index ? -1 : a.index > b.index;
  const DocumentView left = a.key.view(), right = b.key.view();
  if (left == right) return 0;
  if (types::IsTextual(left.kind()) && types::IsTextual(right.kind()) && left.text() != right.text()) {
    return left.text() < right.text() ? -1 : 1;
  }
  if (left.kind() != right.kind()) return left.kind() < right.kind() ? -1 : 1;
  return types::JsonOf(left) < types::JsonOf(right) ? -1 : 1;
}

int CompareWays(const types::PathSteps& a, const types::PathSteps& b) noexcept {
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (int order = CompareSteps(a[i], b[i])) return order;
  }
  return a.size() < b.size() ? -1 : a.size() > b.size();
}

bool LiesWithin(const types::PathSteps& inner, const types::PathSteps& outer) noexcept {
  if (inner.size() < outer.size()) return false;
  return std::equal(outer.begin(), outer.end(), inner.begin(), [](const PathStep& a, const PathStep& b) { return CompareSteps(a, b) == 0; });
}

}  // namespace

void KeepTopmost(std::vector<PathMatch>& matches) {
  if (matches.size() < 2) return;
  std::sort(matches.begin(), matches.end(), [](const PathMatch& a, const PathMatch& b) { return CompareWays(a.steps, b.steps) < 0; });
  // What lies within a match follows it at once.
  size_t kept = 0;
  for (size_t i = 1; i < matches.size(); ++i) {
    if (LiesWithin(matches[i].steps, matches[kept].steps)) continue;
    if (++kept != i) matches[kept] = std::move(matches[i]);
  }
  matches.erase(matches.begin() + static_cast<std::ptrdiff_t>(kept) + 1, matches.end());
}

std::string_view JsonTypeName(DocumentKind kind) noexcept {
  switch (kind) {
    case DocumentKind::kNull: return "null";
    case DocumentKind::kBool: return "boolean";
    case DocumentKind::kInteger: return "integer";
    case DocumentKind::kDouble: return "number";
    case DocumentKind::kText:
    case DocumentKind::kBytes:
    case DocumentKind::kError: return "string";
    case DocumentKind::kArray:
    case DocumentKind::kSet: return "array";
    case DocumentKind::kMap: return "object";
  }
  return "unknown";
}

}  // namespace tusk::families
