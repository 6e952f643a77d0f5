// A document as JSON text. Integers and texts exactly; doubles in the shortest form that reads back as the same double and is
// no integer ("1.0", "1e22"). What JSON has not: bytes are a text where they are UTF-8, else a data URL of them in base64
// ("data:;base64,/w=="); an error is its text; a set is an array; an infinity or NaN is null; a key that is no text is its
// JSON as a text.
//
// Threads: any. Owns: nothing.
#pragma once

#include <string>
#include <string_view>

#include "types/document_view.h"

namespace tusk::types {

// What stands between the tokens. All empty: as short as can be.
struct JsonLayout {
  std::string_view indent{};   // Before each item, once per level.
  std::string_view newline{};  // After '[', '{', ',' and before ']', '}'.
  std::string_view space{};    // After ':'.
};

// Appends. O(bytes).
void WriteJson(const DocumentView& value, const JsonLayout& layout, std::string& out);
std::string JsonOf(const DocumentView& value);
// A quoted text with its escapes. `text` is UTF-8.
void WriteJsonText(std::string_view text, std::string& out);

inline constexpr size_t kJsonDoubleMax = 32;
// Writes into kJsonDoubleMax bytes; length. The value is finite.
size_t FormatJsonDouble(double value, char* out) noexcept;

// Whether the text reads back as an equal document of the same kinds: no bytes, sets, errors, keys that are no texts,
// infinities and NaNs. O(values).
bool IsExactInJson(const DocumentView& value) noexcept;

}  // namespace tusk::types
