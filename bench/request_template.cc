#include "request_template.h"

#include <charconv>
#include <optional>

namespace tusk::bench {
namespace {

constexpr std::string_view kFence = "__";
constexpr std::string_view kLineEnd = "\r\n";

// The name between the fences that `text` starts with, empty when it starts with none.
std::string_view HoleName(std::string_view text) {
  if (!text.starts_with(kFence)) return {};
  text.remove_prefix(kFence.size());
  size_t end = text.find(kFence);
  return end == std::string_view::npos ? std::string_view{} : text.substr(0, end);
}

std::optional<RequestTemplate::Hole> ParseHole(std::string_view name, size_t offset) {
  if (name == "key") return RequestTemplate::Hole{offset, RequestTemplate::Kind::kKey, 0};
  if (name == "conn") return RequestTemplate::Hole{offset, RequestTemplate::Kind::kConnection, 0};
  uint64_t below = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), below);
  if (error != std::errc{} || end != name.data() + name.size() || below == 0) return std::nullopt;
  return RequestTemplate::Hole{offset, RequestTemplate::Kind::kBelow, below};
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

std::vector<RequestTemplate::Hole> RequestTemplate::Expand(std::string_view word, size_t value_bytes, std::string& argument) {
  std::vector<Hole> holes;
  while (!word.empty()) {
    std::string_view name = HoleName(word);
    if (name == "value") {
      argument.append(value_bytes, 'v');
    } else if (auto hole = ParseHole(name, argument.size())) {
      holes.push_back(*hole);
      argument.append(kDigits, '0');
    } else {
      argument.push_back(word.front());
      word.remove_prefix(1);
      continue;
    }
    word.remove_prefix(name.size() + 2 * kFence.size());
  }
  return holes;
}

void RequestTemplate::Append(const std::string& argument, const std::vector<Hole>& holes) {
  for (Hole hole : holes) {
    hole.offset += bytes_.size();
    holes_.push_back(hole);
  }
  bytes_ += argument;
}

RequestTemplate::RequestTemplate(std::string_view words, size_t value_bytes, Protocol protocol) {
  if (protocol == Protocol::kResp) {
    BuildResp(SplitWords(words), value_bytes);
  } else {
    BuildMemcached(SplitWords(words), value_bytes);
  }
}

void RequestTemplate::BuildResp(const std::vector<std::string_view>& words, size_t value_bytes) {
  bytes_ = "*" + std::to_string(words.size()) + "\r\n";
  for (std::string_view word : words) {
    std::string argument;
    std::vector<Hole> holes = Expand(word, value_bytes, argument);
    bytes_ += "$" + std::to_string(argument.size()) + "\r\n";
    Append(argument, holes);
    bytes_ += kLineEnd;
  }
}

// get KEY\r\n and set KEY FLAGS DEADLINE LENGTH\r\nVALUE\r\n
void RequestTemplate::BuildMemcached(const std::vector<std::string_view>& words, size_t value_bytes) {
  std::string key, value;
  std::vector<Hole> key_holes = words.size() > 1 ? Expand(words[1], value_bytes, key) : std::vector<Hole>{};
  bytes_ = words.size() > 2 ? "set " : "get ";
  Append(key, key_holes);
  if (words.size() > 2) {
    std::vector<Hole> value_holes = Expand(words[2], value_bytes, value);
    bytes_ += " 0 0 " + std::to_string(value.size()) + "\r\n";
    Append(value, value_holes);
  }
  bytes_ += kLineEnd;
}

}  // namespace tusk::bench
