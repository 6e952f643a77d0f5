// The expressions within a path's filters, as the parser makes them and the evaluator reads them.
// Threads: immutable after parsing. Owns: its parts.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "types/json_path.h"

namespace re2 {
class RE2;
}

namespace tusk::types {

struct PathExpression {
  enum class Kind : uint8_t {
    kOr,        // Of its parts.
    kAnd,
    kNot,       // One part.
    kCompare,   // Two parts.
    kLiteral,
    kQuery,     // A value if it is singular, else nodes.
    kFunction,
  };
  enum class Comparison : uint8_t { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual, kMatches };
  enum class Function : uint8_t { kLength, kCount, kMatch, kSearch, kValue };

  Kind kind;
  Comparison comparison = Comparison::kEqual;
  Function function = Function::kLength;
  std::vector<PathExpression> parts{};
  Document literal{};
  bool from_root = false;  // kQuery: "$" rather than "@".
  std::vector<PathSegment> query{};
  // A pattern that stands in the path is compiled once. Null: it comes from the document, or is none.
  std::shared_ptr<const re2::RE2> pattern{};
};

// The whole text, with or without its root; segments only.
base::Result<std::vector<PathSegment>> ParsePathSegments(std::string_view text);

// Whether all selectors are one name or one index each.
bool IsSingular(const std::vector<PathSegment>& segments) noexcept;

// An I-Regexp (RFC 9485) as RE2 spells it. Null: it is none, or too large.
std::shared_ptr<const re2::RE2> CompilePathPattern(std::string_view pattern, bool whole);

}  // namespace tusk::types
