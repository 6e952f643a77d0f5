// What the JSON.* commands share: paths and values out of arguments, ways into a document, RedisJSON's error texts.
// Threads: as the handlers that use it. Owns: see each class.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "command/context.h"
#include "types/document.h"
#include "types/json_path.h"

namespace tusk::families {

inline constexpr std::string_view kJsonNoKey = "ERR could not perform this operation on a key that doesn't exist";
inline constexpr std::string_view kJsonNoPath = "ERR Path does not exist";
inline constexpr std::string_view kJsonTooDeep = "ERR recursion limit exceeded";
inline constexpr std::string_view kJsonNewAtRoot = "ERR new objects must be created at the root";

// Each replies its error when it returns nothing.
std::optional<types::JsonPath> JsonPathIn(command::Context& ctx, std::string_view text);
// Argument i, or the legacy root when it is left out.
std::optional<types::JsonPath> JsonPathAt(command::Context& ctx, size_t i);
std::optional<types::Document> JsonValueAt(command::Context& ctx, size_t i);
std::optional<std::vector<types::PathMatch>> SelectJson(command::Context& ctx, const types::JsonPath& path,
                                                        const types::DocumentView& root, bool with_steps);

// The way from a document's root to one of its values, unpacked so that the value can be changed. Settle() packs the way again;
// whoever has walked calls it.
class JsonWay {
 public:
  JsonWay(types::Document& root, std::span<const types::PathStep> steps) noexcept;
  // Null: there is no such value (any more), or it is a member of a set, which cannot change.
  types::Document* value() const noexcept { return value_; }
  void Settle() noexcept;

 private:
  std::vector<types::Document*> containers_;  // Those passed, the root first.
  types::Document* value_ = nullptr;
};

// Only the topmost of matches that lie within each other, in the order of their ways: whoever changes the last one first
// leaves the ways of the others as they are.
void KeepTopmost(std::vector<types::PathMatch>& matches);

// "string", "integer", ...: JSON.TYPE's names.
std::string_view JsonTypeName(types::DocumentKind kind) noexcept;

}  // namespace tusk::families
