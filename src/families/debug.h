// The larger parts of DEBUG, split off its dispatcher.
// Threads: as handlers: on the executing worker; they visit the stripes that they need. Owns: nothing.
#pragma once

#include <string>
#include <string_view>

#include "store/entry.h"

namespace tusk::command {
class Context;
}  // namespace tusk::command

namespace tusk::families {

// 160 bits that are the same for equal data, whatever its encoding, and the order of unordered collections.
class DataDigest {
 public:
  // Order matters.
  void Append(std::string_view bytes) noexcept;
  // Order does not: the sum of parts that were digested alone.
  void Combine(const DataDigest& part) noexcept;
  std::string Hex() const;

 private:
  uint64_t words_[3] = {0, 0, 0};
};

// Value and whether there is a deadline, but not the key.
DataDigest DigestOf(const store::Entry& entry);

void DebugDigest(command::Context& ctx);
void DebugDigestValue(command::Context& ctx);
void DebugProtocol(command::Context& ctx);
void DebugLoadAof(command::Context& ctx);
void DebugReload(command::Context& ctx);

}  // namespace tusk::families
