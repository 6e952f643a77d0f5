// Any bytes: the same requests and the same error however the stream is cut, and no argument outside the input.
#include <string>
#include <vector>

#include "base/check.h"
#include "resp/request_parser.h"

namespace {

// Small, so that the fuzzer reaches the bound.
constexpr int64_t kBulkBytesMax = 4096;

std::vector<std::string> Parse(std::string_view input, size_t piece) {
  tusk::resp::RequestParser parser;
  parser.set_bulk_bytes_max(kBulkBytesMax);
  std::vector<std::string> requests;
  while (!input.empty() && !parser.failed()) {
    parser.Feed(input.substr(0, piece));
    input.remove_prefix(std::min(piece, input.size()));
    while (parser.ParseBatch() > 0) {
      while (parser.request_count() > 0) {
        std::string text;
        for (std::string_view argument : parser.Take()) text.append(std::to_string(argument.size())).append(":").append(argument);
        requests.push_back(text);
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
