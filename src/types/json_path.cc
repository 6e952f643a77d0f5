#include "types/json_path.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "types/json_path_syntax.h"

namespace tusk::types {
namespace {

using Expression = PathExpression;

// The way to a node while it is visited: a list on the stack, from the node back to the root.
struct Link {
  const Link* parent;
  bool is_index;
  size_t index;
  DocumentView key;
};

class Evaluator {
 public:
  Evaluator(const DocumentView& root, size_t& visits) noexcept : root_(root), visits_(visits) {}

  bool exhausted() const noexcept { return visits_ > JsonPath::kVisitsMax; }

  // Calls `found(view, link)` for every node.
  template <typename Found>
  void Run(const std::vector<PathSegment>& segments, size_t i, const DocumentView& node, const Link* link, Found& found) {
    if (++visits_ > JsonPath::kVisitsMax) return;
    if (i == segments.size()) return found(node, link);
    const PathSegment& segment = segments[i];
    // The RFC's order: each node's selectors in turn, a node before those below it.
    for (const PathSelector& selector : segment.selectors) Select(segments, i, selector, node, link, found);
    if (!segment.descends) return;
    size_t index = 0;
    for (DocumentCursor at(node); at.Next() && !exhausted(); ++index) {
      if (!IsContainer(at.value().kind())) continue;
      Link child = LinkTo(node, at, index, link);
      Run(segments, i, at.value(), &child, found);
    }
  }

 private:
  static Link LinkTo(const DocumentView& node, const DocumentCursor& at, size_t index, const Link* parent) noexcept {
    const bool is_map = node.kind() == DocumentKind::kMap;
    return {parent, !is_map, index, is_map ? at.key() : DocumentView()};
  }

  template <typename Found>
  void Select(const std::vector<PathSegment>& segments, size_t i, const PathSelector& selector, const DocumentView& node,
              const Link* link, Found& found) {
    if (!IsContainer(node.kind())) return;
    const bool is_map = node.kind() == DocumentKind::kMap;
    switch (selector.kind) {
      case PathSelector::Kind::kName: {
        if (!is_map) return;
        DocumentView key = DocumentView::Text(selector.name);
        std::optional<DocumentView> value = node.Find(key);
        if (!value) value = node.Find(key = DocumentView::Textual(DocumentKind::kBytes, selector.name));
        if (!value) return;
        Link child{link, false, 0, key};
        return Run(segments, i + 1, *value, &child, found);
      }
      case PathSelector::Kind::kIndex: {
        if (is_map) return;
        const auto size = static_cast<int64_t>(node.size());
        const int64_t index = selector.index < 0 ? selector.index + size : selector.index;
        if (index < 0 || index >= size) return;
        Link child{link, true, static_cast<size_t>(index), {}};
        return Run(segments, i + 1, node.At(static_cast<size_t>(index)), &child, found);
      }
      case PathSelector::Kind::kSlice: return Slice(segments, i, selector, node, link, found);
      case PathSelector::Kind::kWildcard:
      case PathSelector::Kind::kFilter: {
        size_t index = 0;
        for (DocumentCursor at(node); at.Next() && !exhausted(); ++index) {
          if (selector.filter && !IsTrue(*selector.filter, at.value())) continue;
          Link child = LinkTo(node, at, index, link);
          Run(segments, i + 1, at.value(), &child, found);
        }
      }
    }
  }

  // The RFC's normalisation of bounds (2.3.4.2.2).
  template <typename Found>
  void Slice(const std::vector<PathSegment>& segments, size_t i, const PathSelector& selector, const DocumentView& node,
             const Link* link, Found& found) {
    if (node.kind() == DocumentKind::kMap || selector.step == 0) return;
    const auto size = static_cast<int64_t>(node.size());
    const int64_t step = selector.step;
    auto normal = [size](int64_t bound) { return bound < 0 ? bound + size : bound; };
    const int64_t from = normal(selector.from.value_or(step > 0 ? 0 : size - 1));
    const int64_t to = selector.to ? normal(*selector.to) : step > 0 ? size : -1;
    auto visit = [&](int64_t index) {
      Link child{link, true, static_cast<size_t>(index), {}};
      Run(segments, i + 1, node.At(static_cast<size_t>(index)), &child, found);
    };
    if (step > 0) {
      const int64_t upper = std::clamp<int64_t>(to, 0, size);
      for (int64_t index = std::clamp<int64_t>(from, 0, size); index < upper && !exhausted(); index += step) visit(index);
    } else {
      const int64_t lower = std::clamp<int64_t>(to, -1, size - 1);
      for (int64_t index = std::clamp<int64_t>(from, -1, size - 1); index > lower && !exhausted(); index += step) visit(index);
    }
  }

  // ---- Filters ----
  bool IsTrue(const Expression& e, const DocumentView& current) {
    switch (e.kind) {
      case Expression::Kind::kOr:
        return std::any_of(e.parts.begin(), e.parts.end(), [&](const Expression& part) { return IsTrue(part, current); });
      case Expression::Kind::kAnd:
        return std::all_of(e.parts.begin(), e.parts.end(), [&](const Expression& part) { return IsTrue(part, current); });
      case Expression::Kind::kNot: return !IsTrue(e.parts[0], current);
      case Expression::Kind::kCompare: return Compare(e, current);
      case Expression::Kind::kQuery: return CountOf(e, current) != 0;
      case Expression::Kind::kFunction: return Matches(e, e.parts[0], e.parts[1], current, e.function == Expression::Function::kMatch);
      case Expression::Kind::kLiteral: break;
    }
    return false;
  }

  size_t CountOf(const Expression& query, const DocumentView& current) {
    size_t count = 0;
    auto found = [&count](const DocumentView&, const Link*) { ++count; };
    Run(query.query, 0, query.from_root ? root_ : current, nullptr, found);
    return count;
  }

  // Nothing, or the value of a singular query, literal or function.
  std::optional<DocumentView> ValueOf(const Expression& e, const DocumentView& current) {
    switch (e.kind) {
      case Expression::Kind::kLiteral: return e.literal.view();
      case Expression::Kind::kQuery: return OnlyOf(e, current);
      case Expression::Kind::kFunction: break;
      default: return {};
    }
    switch (e.function) {
      case Expression::Function::kCount: return DocumentView::Integer(static_cast<int64_t>(CountOf(e.parts[0], current)));
      case Expression::Function::kValue: return OnlyOf(e.parts[0], current);
      case Expression::Function::kLength: {
        std::optional<DocumentView> value = ValueOf(e.parts[0], current);
        if (!value) return {};
        if (IsContainer(value->kind())) return DocumentView::Integer(static_cast<int64_t>(value->size()));
        if (!IsTextual(value->kind())) return {};
        const std::string_view text = value->text();
        return DocumentView::Integer(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
      }
      default: return {};
    }
  }

  std::optional<DocumentView> OnlyOf(const Expression& query, const DocumentView& current) {
    std::optional<DocumentView> only;
    size_t count = 0;
    auto found = [&](const DocumentView& value, const Link*) {
      only = value;
      ++count;
    };
    Run(query.query, 0, query.from_root ? root_ : current, nullptr, found);
    if (count != 1) only.reset();
    return only;
  }

  static bool Less(const DocumentView& a, const DocumentView& b) noexcept {
    if (IsNumber(a.kind()) && IsNumber(b.kind())) {
      if (a.kind() == DocumentKind::kInteger && b.kind() == DocumentKind::kInteger) return a.integer() < b.integer();
      return a.number() < b.number();
    }
    return IsTextual(a.kind()) && IsTextual(b.kind()) && a.text() < b.text();
  }

  bool Compare(const Expression& e, const DocumentView& current) {
    using enum Expression::Comparison;
    if (e.comparison == kMatches) return Matches(e, e.parts[0], e.parts[1], current, false);
    const std::optional<DocumentView> left = ValueOf(e.parts[0], current);
    const std::optional<DocumentView> right = ValueOf(e.parts[1], current);
    const bool equal = left.has_value() == right.has_value() && (!left || *left == *right);
    switch (e.comparison) {
      case kEqual: return equal;
      case kNotEqual: return !equal;
      case kLessOrEqual: return equal || (left && right && Less(*left, *right));
      case kGreaterOrEqual: return equal || (left && right && Less(*right, *left));
      case kLess: return left && right && Less(*left, *right);
      case kGreater: return left && right && Less(*right, *left);
      case kMatches: break;
    }
    return false;
  }

  bool Matches(const Expression& e, const Expression& text_of, const Expression& pattern_of, const DocumentView& current, bool whole) {
    const std::optional<DocumentView> text = ValueOf(text_of, current);
    if (!text || !IsTextual(text->kind())) return false;
    std::shared_ptr<const re2::RE2> pattern = e.pattern;
    if (!pattern) {
      if (pattern_of.kind == Expression::Kind::kLiteral) return false;  // It was tried already.
      const std::optional<DocumentView> from_document = ValueOf(pattern_of, current);
      if (!from_document || !IsTextual(from_document->kind())) return false;
      pattern = CompilePathPattern(from_document->text(), whole);
    }
    return pattern && re2::RE2::PartialMatch(re2::StringPiece(text->text().data(), text->text().size()), *pattern);
  }

  const DocumentView root_;
  size_t& visits_;
};

PathSteps StepsOf(const Link* link) {
  PathSteps steps;
  for (; link; link = link->parent) {
    steps.push_back({link->is_index, link->index, link->is_index ? Document() : Document::CopyOf(link->key)});
  }
  std::reverse(steps.begin(), steps.end());
  return steps;
}

// RedisJSON's rule: "$" alone, or before '.' or '[' (or blanks); "$x" is a name.
bool IsRooted(std::string_view text) noexcept {
  return text.starts_with('$') && (text.size() == 1 || std::string_view(".[ \t\r\n").find(text[1]) != std::string_view::npos);
}

}  // namespace

base::Result<JsonPath> JsonPath::Parse(std::string_view text) {
  JsonPath path;
  path.legacy_ = !IsRooted(text);
  if (text == "$" || text == ".") return path;
  std::string rooted(text);
  if (path.legacy_) rooted.insert(0, text.starts_with('.') || text.starts_with('[') ? "$" : "$.");
  base::Result<std::vector<PathSegment>> segments = ParsePathSegments(rooted);
  if (!segments) return base::Error(base::Status::Invalid(fmt::format("ERR JSON Path error: {}", segments.error().message())));
  path.segments_ = *std::move(segments);
  return path;
}

bool JsonPath::is_static() const noexcept { return IsSingular(segments_); }

JsonPath JsonPath::Parent() const {
  DCHECK(!segments_.empty());
  JsonPath parent;
  parent.legacy_ = legacy_;
  parent.segments_.assign(segments_.begin(), segments_.end() - 1);
  return parent;
}

base::Result<std::vector<PathMatch>> JsonPath::Select(const DocumentView& root, bool with_steps) const {
  std::vector<PathMatch> matches;
  size_t visits = 0;
  Evaluator evaluator(root, visits);
  auto found = [&](const DocumentView& value, const Link* link) {
    matches.push_back({value, with_steps ? StepsOf(link) : PathSteps()});
  };
  evaluator.Run(segments_, 0, root, nullptr, found);
  if (evaluator.exhausted()) return base::Error(base::Status::Exhausted("ERR path selects too much"));
  return matches;
}

}  // namespace tusk::types
