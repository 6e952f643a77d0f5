// Taking elements off lists and moving them between lists, as the commands that wait and those that do not
// share it. Threads: handlers' rules. Owns: nothing.
#pragma once

#include <cstdint>
#include <optional>

#include "command/context.h"
#include "types/list.h"

namespace tusk::families {

// LEFT or RIGHT; replies the syntax error otherwise.
std::optional<types::ListEnd> ListEndArg(command::Context& context, size_t i);

// Replies up to `count` elements from that end (as an array when asked for), then takes them off, with all
// effects.
void TakeElements(command::Context& context, const store::Key& key, command::Found<types::List>& list,
                  types::ListEnd end, uint64_t count, bool as_array);

enum class Moved { kYes, kSourceEmpty, kWrongType };

// Moves one element from the list at argument 1 to the one at argument 2 and replies it. An empty source is
// left to the caller to answer; a wrong type is answered.
Moved MoveElement(command::Context& context, types::ListEnd from, types::ListEnd to);

// LMPOP's and BLMPOP's reply and effects for the key that was found.
void TakeElementsOfKey(command::Context& context, const store::Key& key, command::Found<types::List>& list,
                       types::ListEnd end, uint64_t count);

}  // namespace tusk::families
