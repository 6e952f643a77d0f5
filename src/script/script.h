// Callable: what a run is told about the code that it runs; Script: one body with its digest and what its first line
// promises.
// Threads: immutable, but for the hints. Owns: the body.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "script/sha1.h"

namespace tusk::script {

// Flags of the line "#!lua flags=...".
enum ScriptFlag : uint32_t {
  kNoWrites = 1u << 0,
  kAllowOom = 1u << 1,
  kAllowStale = 1u << 2,
  kNoCluster = 1u << 3,
  kAllowCrossSlotKeys = 1u << 4,
  // Tusk's own: only the keys that the call declares are used, so scripts with other keys may run beside.
  kDeclaredKeys = 1u << 6,
  // There is no such line: the rules from before it, where each command is judged by itself.
  kNoShebang = 1u << 5,
};

struct Shebang {
  uint32_t flags = 0;
  // Where Lua starts: at the line end of the first line, so that line numbers are those of the body.
  size_t code_offset = 0;
};

base::Result<Shebang> ParseShebang(std::string_view body);

// Zero: there is no such flag.
uint32_t FlagOfName(std::string_view name) noexcept;
// Names of the flags that are set, in the order that FUNCTION LIST has them.
std::vector<std::string_view> NamesOfFlags(uint32_t flags);

// A script, or a function of a library.
class Callable {
 public:
  Callable(const Callable&) = delete;
  Callable& operator=(const Callable&) = delete;

  // As errors and logs name it: the digest, or the function's name.
  virtual std::string_view name() const noexcept = 0;
  virtual bool is_function() const noexcept = 0;
  uint32_t flags() const noexcept { return flags_; }

  // A run without the lane reached for a key that it did not hold: the next one starts in the lane. Relaxed: a hint.
  void MarkReachesFurther() const noexcept { reaches_further_.store(true, std::memory_order_relaxed); }
  bool ReachesFurther() const noexcept { return reaches_further_.load(std::memory_order_relaxed); }

 protected:
  explicit Callable(uint32_t flags) noexcept : flags_(flags) {}
  ~Callable() = default;

 private:
  const uint32_t flags_;
  mutable std::atomic<bool> reaches_further_{false};
};

class Script final : public Callable {
 public:
  Script(uint64_t id, const Sha1Hex& sha, std::string body, Shebang shebang)
      : Callable(shebang.flags), id_(id), sha_(sha), body_(std::move(body)), shebang_(shebang) {}

  // Never used again for another body: what interpreters find compiled functions by.
  uint64_t id() const noexcept { return id_; }
  std::string_view sha() const noexcept { return AsView(sha_); }
  std::string_view body() const noexcept { return body_; }
  std::string_view code() const noexcept { return body().substr(shebang_.code_offset); }
  std::string_view name() const noexcept override { return sha(); }
  bool is_function() const noexcept override { return false; }
  size_t memory_bytes() const noexcept { return sizeof(*this) + body_.capacity(); }

  // Relaxed: a hint that publishes nothing.
  void MarkUsed() const noexcept {
    if (!used_.load(std::memory_order_relaxed)) used_.store(true, std::memory_order_relaxed);
  }
  bool TakeUsedMark() const noexcept { return used_.exchange(false, std::memory_order_relaxed); }

 private:
  uint64_t id_;
  Sha1Hex sha_;
  std::string body_;
  Shebang shebang_;
  mutable std::atomic<bool> used_{false};
};

}  // namespace tusk::script
