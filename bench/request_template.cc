#include "request_template.h"

namespace tusk::bench {
namespace {

constexpr std::string_view kKeyHole = "__key__";
constexpr std::string_view kValueHole = "__value__";

// The argument with values filled in and key holes as zeros, whose offsets go to `key_offsets`.
std::string ExpandArgument(std::string_view word, size_t value_bytes, std::vector<size_t>& key_offsets) {
  std::string argument;
  while (!word.empty()) {
    if (word.starts_with(kKeyHole)) {
      key_offsets.push_back(argument.size());
      argument.append(RequestTemplate::kKeyDigits, '0');
      word.remove_prefix(kKeyHole.size());
    } else if (word.starts_with(kValueHole)) {
      argument.append(value_bytes, 'v');
      word.remove_prefix(kValueHole.size());
    } else {
      argument.push_back(word.front());
      word.remove_prefix(1);
    }
  }
  return argument;
}

std::vector<std::string_view> SplitWords(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    size_t end = text.find(' ');
    if (end != 0) words.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return words;
}

}  // namespace

RequestTemplate::RequestTemplate(std::string_view words, size_t value_bytes) {
  std::vector<std::string_view> arguments = SplitWords(words);
  bytes_ = "*" + std::to_string(arguments.size()) + "\r\n";
  for (std::string_view word : arguments) {
    std::vector<size_t> offsets;
    std::string argument = ExpandArgument(word, value_bytes, offsets);
    bytes_ += "$" + std::to_string(argument.size()) + "\r\n";
    for (size_t offset : offsets) key_offsets_.push_back(bytes_.size() + offset);
    bytes_ += argument + "\r\n";
  }
}

void RequestTemplate::AppendTo(std::string& out, uint64_t key) const {
  size_t start = out.size();
  out += bytes_;
  for (size_t offset : key_offsets_) {
    uint64_t rest = key;
    for (size_t digit = kKeyDigits; digit > 0 && rest > 0; --digit, rest /= 10)
      out[start + offset + digit - 1] = static_cast<char>('0' + rest % 10);
  }
}

}  // namespace tusk::bench
