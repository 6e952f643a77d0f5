// Documents as the mini-Redis port spells values (resp/mini_frame.h).
//
// Reading: a number with '.' is a double, one beyond 64 bits becomes a double, JSON becomes what it says, simple texts and bare
// lines are bytes, of equal keys the last value counts. Keys of dicts and members of sets are scalars. Writing: true and false
// are 1 and 0, doubles keep a '.', infinities and not-a-numbers are their names as texts (":inf" is read as one, too).
// Threads: any. Owns: nothing.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "resp/mini_frame.h"
#include "resp/reply.h"
#include "types/document.h"
#include "types/document_pack.h"

namespace tusk::miniredis {

// Takes one value off the front of `in` and adds it to `out`. kInvalid: it is malformed; kExhausted: well formed, but nested
// deeper than `depth_max`. The message says which, without a prefix. O(bytes).
base::Status TakeValue(std::string_view& in, size_t depth_max, types::DocumentPacker& out);
// The whole of `frame` as one value.
base::Result<types::Document> DocumentFromFrame(std::string_view frame, size_t depth_max);
// The same for a whole frame that is a text, bytes or an integer, as most are, without a copy. Nothing for any other, and
// for what is malformed.
std::optional<types::DocumentView> ScalarInFrame(std::string_view frame) noexcept;
// Moves `in` behind its first value, which is well formed as the port's reader sees it.
void SkipValue(std::string_view& in) noexcept;

// Appends the value. An error within it is a value: the reply does not count it. O(bytes).
void Spell(const types::DocumentView& value, resp::Reply& reply);
// As what it reads back equal from, for change records: true and false are JSON, infinities are numbers.
std::string ExactFrameOf(const types::DocumentView& value);
void SpellBulk(char type, std::string_view bytes, resp::Reply& reply);

}  // namespace tusk::miniredis
