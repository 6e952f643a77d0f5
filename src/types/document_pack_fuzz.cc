// Bytes as a packed document: refused, or a document that packs to what reads back as an equal one.
#include <string>

#include "base/check.h"
#include "types/document.h"
#include "types/document_pack.h"
#include "types/json_writer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace types = tusk::types;
  constexpr size_t kBytesMax = 1 << 16, kDepthMax = 32;
  if (size > kBytesMax) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (!types::CheckPacked(bytes, kDepthMax).ok()) return 0;
  const types::Document document = types::Document::CopyOf(types::DocumentView::OfPacked(bytes.data()));
  CHECK(document.view().Depth() <= kDepthMax);
  types::DocumentPacker packer;
  packer.Value(document.view());
  CHECK(types::CheckPacked(packer.bytes(), kDepthMax).ok());
  CHECK(packer.view() == document.view());
  types::JsonOf(document.view());
  return 0;
}
