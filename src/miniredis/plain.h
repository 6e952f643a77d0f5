// Plain values: what Redis' port and this one both see as one string.
//
// A string in the store has no type of its own. Read by a key that came as text (^) it is an integer if it spells one, else a
// text if it is UTF-8, else bytes; read by a key that came as bytes ($, or a word of an inline request) it is an integer or bytes. A
// value is kept as a string when that gives it back as what it was; any other is kept as a document.
// Threads: any. Owns: nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "types/document.h"

namespace tusk::miniredis {

enum class KeyKind : uint8_t { kBytes, kText };

// What a string in the store is to this port. The view is into `bytes`.
types::DocumentView ViewOfPlain(std::string_view bytes, KeyKind kind) noexcept;
// Would ViewOfPlain() give the value back?
bool FitsPlain(const types::DocumentView& value, KeyKind kind) noexcept;
// The value as an element, field or member of Redis' own collections, which have strings only: a text, bytes, an integer. Nothing
// for any other. Which of them it was is lost.
std::optional<std::string> PlainText(const types::DocumentView& value);

}  // namespace tusk::miniredis
