// Streams as RDB bytes and back: nodes by copy, then counters, then groups with what is pending.
//
//   stream    = count (node id 16 BE, node text) ...            Stream1, Stream2, Stream3
//               size, last id, [first id, max deleted id, entries added]   from Stream2 on
//               count group ...
//   group     = name, last id, [entries read]                   from Stream2 on
//               count (id 16 BE, delivered ms, deliveries) ...
//               count (name, seen ms, [active ms], count id ...) ...       from Stream3 on
//
// Threads: caller-synchronised. Owns: nothing.
#pragma once

#include "codec/rdb_format.h"
#include "codec/reader.h"
#include "codec/writer.h"
#include "types/stream.h"

namespace tusk::codec {

// As Stream2, the newest form that Redis 7.0 reads.
void WriteStream(const types::Stream& stream, Writer& out);
// `type` is one of kStream1, kStream2, kStream3. Meaningless when the reader has failed.
types::Stream ReadStream(Reader& in, RdbType type);

}  // namespace tusk::codec
