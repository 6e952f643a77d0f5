// JSON text to a document. What RFC 8259 leaves open is settled so: of equal keys the last value counts, at the place of the
// first; integers beyond 64 bits become doubles; numbers beyond a double, invalid UTF-8 and lone surrogates are refused.
//
// Threads: any. Owns: nothing.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/status.h"
#include "types/document.h"
#include "types/document_pack.h"

namespace tusk::types {

// Levels of containers that are taken where nothing else is said.
inline constexpr size_t kDocumentDepthMax = 128;

// Adds the one value that `text` holds. An error says what is wrong and where, and leaves `out` as it was.
// O(bytes); kInvalid, or kExhausted when it is nested deeper than `depth_max`.
base::Status ReadJson(std::string_view text, size_t depth_max, DocumentPacker& out);
base::Result<Document> DocumentFromJson(std::string_view text, size_t depth_max = kDocumentDepthMax);

}  // namespace tusk::types
