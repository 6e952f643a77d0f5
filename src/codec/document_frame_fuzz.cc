// Bytes as a typed value: refused, or a document whose spelling in RESP3 reads back as an equal one.
#include <string>

#include "base/check.h"
#include "codec/document_frame.h"
#include "resp/output_buffer.h"
#include "resp/reply.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace codec = tusk::codec;
  constexpr size_t kBytesMax = 1 << 16, kDepthMax = 32;
  if (size > kBytesMax) return 0;
  auto document = codec::DocumentFromFrame({reinterpret_cast<const char*>(data), size}, kDepthMax);
  if (!document) return 0;
  CHECK(document->view().Depth() <= kDepthMax);
  tusk::resp::OutputBuffer out;
  tusk::resp::Reply reply(out, 3);
  codec::SpellDocument(document->view(), reply);
  auto again = codec::DocumentFromFrame(out.ToString(), kDepthMax);
  CHECK(again.has_value());
  CHECK(*again == *document);
  return 0;
}
