// One command as bytes with holes: built once, then copied and filled per request, so that the load generator spends its
// core on the socket and not on formatting.
//
// In the text, `__key__` becomes twelve decimal digits, `__value__` a value of the configured size.
// Threads: immutable. Owns: its bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tusk::bench {

class RequestTemplate {
 public:
  static constexpr size_t kKeyDigits = 12;

  // `words` separated by single spaces, e.g. "SET key:__key__ __value__".
  RequestTemplate(std::string_view words, size_t value_bytes);

  // Appends the request with `key` in every key hole.
  void AppendTo(std::string& out, uint64_t key) const;

  bool has_key() const noexcept { return !key_offsets_.empty(); }
  size_t size() const noexcept { return bytes_.size(); }

 private:
  std::string bytes_;
  std::vector<size_t> key_offsets_;
};

}  // namespace tusk::bench
