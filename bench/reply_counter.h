// Counts complete RESP2 and RESP3 replies, or memcached's to get and set, in a byte stream without keeping any: all a load generator needs to know is how
// many requests were answered, and how many by an error or by nothing.
// Threads: caller-synchronised. Owns: the state between two chunks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "request_template.h"

namespace tusk::bench {

class ReplyCounter {
 public:
  explicit ReplyCounter(Protocol protocol = Protocol::kResp) noexcept : protocol_(protocol) {}

  // Replies that `bytes` completed. The stream is trusted: it comes from the server under test.
  uint64_t Feed(std::string_view bytes);

  uint64_t errors() const noexcept { return errors_; }
  uint64_t nulls() const noexcept { return nulls_; }
  const std::string& first_error() const noexcept { return first_error_; }

 private:
  // Handles a header line such as "$5" or "*2"; returns whether it completed a reply.
  bool EndLine();
  bool EndRespLine();
  bool EndMemcachedLine();
  bool EndValue() noexcept;
  void CountError(std::string_view line);

  Protocol protocol_;
  std::string line_;          // The header line so far; long only for simple strings and errors.
  uint64_t body_left_ = 0;    // Bytes of a bulk string still to come, its line end included.
  uint64_t values_left_ = 1;  // Values still to come until the reply is whole.
  bool after_value_ = false;  // Memcached: a value came, which its END ends.
  uint64_t errors_ = 0;
  uint64_t nulls_ = 0;
  std::string first_error_;
};

}  // namespace tusk::bench
