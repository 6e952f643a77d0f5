// Patterns, quoted lines and numbers as clients and configuration files may spell them.
#include <string>

#include "base/check.h"
#include "base/numbers.h"
#include "base/text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string_view left = input.substr(0, data[0] % (input.size() + 1));
  std::string_view right = input.substr(left.size());
  tusk::base::GlobMatch(left, right, data[0] & 1);
  // As in Redis, a star needs something to match when the text is empty.
  CHECK(input.empty() || tusk::base::GlobMatch("*", input));
  auto words = tusk::base::SplitQuotedLine("x " + tusk::base::QuoteText(input));
  CHECK(words && words->size() == 2 && (*words)[1] == input);
  tusk::base::SplitQuotedLine(input);
  tusk::base::ParseMemorySize(input);
  if (auto number = tusk::base::ParseInt64(input)) CHECK(std::to_string(*number) == input);
  tusk::base::ParseDouble(input);
  return 0;
}
