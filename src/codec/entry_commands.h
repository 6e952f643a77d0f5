// An entry as the commands that make it: the base of an append log with aof-use-rdb-preamble no.
//
// Strings, lists, sets, sorted sets and hashes become the commands that a client would send, some dozens of elements each;
// streams and documents become a RESTORE. Access clocks are not kept.
// Threads: caller-synchronised; the entry's stripe must be held. Owns: nothing.
#pragma once

#include <initializer_list>
#include <string_view>

#include "codec/value_codec.h"

namespace tusk::codec {

// O(elements). They are for the database that was selected before.
void WriteEntryCommands(const store::Entry& entry, const EncodingLimits& limits, Writer& out);
// One command as a RESP array.
void WriteCommand(std::initializer_list<std::string_view> argv, Writer& out);

}  // namespace tusk::codec
