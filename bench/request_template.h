// A request as bytes with holes: built once, then copied and filled per request, so that the load generator spends its
// core on the socket and not on formatting.
//
// In the text, `__value__` becomes a value of the configured size; the others become twelve decimal digits, drawn anew for
// each hole: `__key__` the load's next key, `__N__` (N a decimal number above 0) a random number below N, `__conn__` the
// number of the connection in its group.
// Threads: immutable. Owns: its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tusk::bench {

enum class Protocol { kResp, kMemcachedText };

class RequestTemplate {
 public:
  static constexpr size_t kDigits = 12;

  enum class Kind { kKey, kBelow, kConnection };
  struct Hole {
    size_t offset;
    Kind kind;
    uint64_t below;  // For kBelow only; at least 1.
  };

  // `words` separated by single spaces, e.g. "SET key:__key__ __value__". In memcached's protocol only `SET key value` and
  // `GET key` can be said.
  RequestTemplate(std::string_view words, size_t value_bytes, Protocol protocol = Protocol::kResp);

  // Appends the request; `draw(const Hole&)` gives each hole's number, of which the last twelve digits are kept.
  template <typename Draw>
  void AppendTo(std::string& out, Draw&& draw) const {
    size_t start = out.size();
    out += bytes_;
    for (const Hole& hole : holes_) {
      char* digits = out.data() + start + hole.offset;
      uint64_t rest = draw(hole);
      for (size_t digit = kDigits; digit > 0 && rest > 0; --digit, rest /= 10) digits[digit - 1] = static_cast<char>('0' + rest % 10);
    }
  }

  size_t size() const noexcept { return bytes_.size(); }

 private:
  void BuildResp(const std::vector<std::string_view>& words, size_t value_bytes);
  void BuildMemcached(const std::vector<std::string_view>& words, size_t value_bytes);
  // Appends the word with its values filled in and its holes as zeros. Returns the holes, whose offsets count from the word.
  static std::vector<Hole> Expand(std::string_view word, size_t value_bytes, std::string& argument);
  void Append(const std::string& argument, const std::vector<Hole>& holes);

  std::string bytes_;
  std::vector<Hole> holes_;
};

}  // namespace tusk::bench
