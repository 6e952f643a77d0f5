// Bytes as JSON: refused, or a document whose text reads back as an equal one, and as the same text.
#include <string>

#include "base/check.h"
#include "types/json_reader.h"
#include "types/json_writer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace types = tusk::types;
  // Larger inputs bring the fuzzer nothing new.
  constexpr size_t kBytesMax = 1 << 16;
  if (size > kBytesMax) return 0;
  auto document = types::DocumentFromJson({reinterpret_cast<const char*>(data), size});
  if (!document) return 0;
  CHECK(document->view().Depth() <= types::kDocumentDepthMax);
  CHECK(types::IsExactInJson(document->view()));
  const std::string text = types::JsonOf(document->view());
  auto again = types::DocumentFromJson(text);
  CHECK(again.has_value());
  CHECK(*again == *document);
  CHECK(types::JsonOf(again->view()) == text);
  return 0;
}
