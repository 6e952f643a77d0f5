// Documents as RESP spells values ("frames"): what typed requests carry, what GET answers under RESP3, what the client library
// sends and reads.
//
// Reading: texts that are no UTF-8 become bytes, verbatim texts lose their format, integers beyond 64 bits become doubles, of equal
// keys the last value counts. Keys of maps and members of sets are scalars; pushes and attributes are no values.
// Threads: any. Owns: nothing.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/status.h"
#include "resp/reply.h"
#include "types/document.h"
#include "types/document_pack.h"

namespace tusk::codec {

// Takes one RESP2 or RESP3 value off the front of `in` and adds it to `out`. An error leaves both as they were: kUnavailable when
// the value goes on behind the end of `in`, kExhausted when it is nested deeper than `depth_max`, else kInvalid. O(bytes).
base::Status TakeDocumentFrame(std::string_view& in, size_t depth_max, types::DocumentPacker& out);
// The whole of `frame` as one value. The error is a complete reply.
base::Result<types::Document> DocumentFromFrame(std::string_view frame, size_t depth_max);

// Appends the value in the reply's protocol. An error within it is a value: the reply does not count it. O(bytes).
void SpellDocument(const types::DocumentView& value, resp::Reply& reply);

}  // namespace tusk::codec
