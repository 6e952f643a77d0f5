// JSONPath, RFC 9535, over documents: "$.store.book[?@.price < 10]..title". A path is parsed once, then selects.
//
// Beyond the RFC, as RedisJSON has it: legacy paths (".a.b", "a.b", "[0]", "."), "$.['a']", names with '-' in the dotted
// form, and in filters `=~` for search(). Functions are those of the RFC: length, count, match, search, value; regular
// expressions are RE2's, so that none takes more than linear time.
//
// Threads: a parsed path is immutable. Owns: its text.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "types/document.h"

namespace tusk::types {

struct PathExpression;  // json_path_syntax.h

struct PathSelector {
  enum class Kind : uint8_t { kName, kIndex, kSlice, kWildcard, kFilter };
  Kind kind = Kind::kWildcard;
  std::string name{};
  int64_t index = 0;  // kIndex.
  std::optional<int64_t> from{}, to{};
  int64_t step = 1;
  std::shared_ptr<const PathExpression> filter{};  // Sharers: copies of the path.
};

struct PathSegment {
  bool descends = false;  // "..": the node and all below it.
  std::vector<PathSelector> selectors;
};

// One step of the way from the root to a node.
struct PathStep {
  bool is_index;
  size_t index;   // Of an array's element, or a set's member.
  Document key;   // Of a map's value.
};
using PathSteps = std::vector<PathStep>;

struct PathMatch {
  DocumentView value;
  PathSteps steps;  // Only if they were asked for.
};

class JsonPath {
 public:
  // Bounds of what is taken: bytes of a path, nested filters and parentheses, and nodes that one selection may look at.
  static constexpr size_t kBytesMax = 64 << 10;
  static constexpr size_t kNestingMax = 64;
  static constexpr size_t kVisitsMax = size_t{1} << 26;

  // "$..." or legacy.
  static base::Result<JsonPath> Parse(std::string_view text);

  // A legacy path: commands answer with one value, not with a list.
  bool is_legacy() const noexcept { return legacy_; }
  bool is_root() const noexcept { return segments_.empty(); }
  // Names and indices only: at most one node.
  bool is_static() const noexcept;
  const std::vector<PathSegment>& segments() const noexcept { return segments_; }
  // The path without its last segment; there is one.
  JsonPath Parent() const;

  // All nodes, in the RFC's order; kExhausted when it would have to look at too many.
  base::Result<std::vector<PathMatch>> Select(const DocumentView& root, bool with_steps) const;

 private:
  std::vector<PathSegment> segments_;
  bool legacy_ = false;
};

}  // namespace tusk::types
