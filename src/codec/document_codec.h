// Documents in RDB and DUMP: values of a module's type, so that a Redis that cannot hold them says which type it lacks.
//
//   kModule, length: type and version, then kModuleText + text, kModuleEnd
//     "ReJSON-RL" version 3   text = JSON: what RedisJSON writes and reads
//     "Tusk-Docu" version 1   text = the packed form (types/document_pack.h): whatever JSON cannot express exactly
//
// Threads: caller-synchronised. Owns: nothing.
#pragma once

#include "codec/reader.h"
#include "codec/writer.h"
#include "types/document.h"

namespace tusk::codec {

// Levels of containers that a file or payload may hold, whatever document-max-depth says now.
inline constexpr size_t kDocumentDepthRead = 1024;

void WriteDocument(const types::Document& document, Writer& out);
// Null when the reader has failed.
types::Document ReadDocument(Reader& in);

}  // namespace tusk::codec
