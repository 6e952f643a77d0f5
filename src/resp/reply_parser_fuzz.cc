// Any bytes: the same replies and the same error however the stream is cut.
#include <string>
#include <vector>

#include "base/check.h"
#include "resp/reply_parser.h"

namespace {

std::vector<std::string> Parse(std::string_view input, size_t piece) {
  tusk::resp::ReplyParser parser;
  std::vector<std::string> replies;
  while (true) {
    auto reply = parser.Next();
    if (!reply) {
      replies.push_back(reply.error().message());
      return replies;
    }
    if (*reply) {
      replies.push_back((*reply)->ToString());
    } else if (input.empty()) {
      return replies;
    } else {
      parser.Feed(input.substr(0, piece));
      input.remove_prefix(std::min(piece, input.size()));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  CHECK(Parse(input, input.size()) == Parse(input, 1 + data[0] % 16));
  return 0;
}
