// Any bytes to the mini-Redis port: the same requests and the same error however the stream is cut, and each request is exactly
// one value.
#include <string>
#include <vector>

#include "base/check.h"
#include "resp/mini_frame.h"
#include "resp/request_parser.h"

namespace {

// Small, so that the fuzzer reaches the bound.
constexpr int64_t kBulkBytesMax = 4096;

void CheckRequest(std::string_view request) {
  for (int64_t left = 1; left > 0; --left) {
    auto token = tusk::resp::TakeMiniToken(request, kBulkBytesMax);
    CHECK(token && *token);
    if ((*token)->count > 0) left += (*token)->count;
  }
  CHECK(request.empty());
}

std::vector<std::string> Parse(std::string_view input, size_t piece) {
  tusk::resp::RequestParser parser;
  parser.set_mini();
  parser.set_bulk_bytes_max(kBulkBytesMax);
  std::vector<std::string> requests;
  while (!input.empty() && !parser.failed()) {
    parser.Feed(input.substr(0, piece));
    input.remove_prefix(std::min(piece, input.size()));
    while (parser.ParseBatch() > 0) {
      while (parser.request_count() > 0) {
        tusk::resp::Argv argv = parser.Take();
        CHECK(argv.size() == 1);
        CheckRequest(argv[0]);
        requests.emplace_back(argv[0]);
      }
    }
  }
  if (parser.failed()) requests.push_back(parser.error());
  return requests;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  CHECK(Parse(input, input.size()) == Parse(input, 1 + data[0] % 16));
  return 0;
}
