// One append file under examination: its preamble, its commands, and where the last whole one ends.
// Threads: caller-synchronised; blocks. Owns: nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "io/file_system.h"
#include "persist/aof_reader.h"

namespace tusk::tool {

struct AofFindings {
  enum class State : uint8_t {
    kWhole,
    kTorn,     // It ends within a command or a transaction: what a crash leaves.
    kDamaged,  // Something else stands where a command should.
    kUnread,
  };
  State state = State::kWhole;
  std::string problem;     // Of all but kWhole.
  uint64_t problem_at = 0;
  uint64_t good_end = 0;   // Everything before is whole, transactions included.
  uint64_t commands = 0;
};

// Reads commands from `begin` on. `use` may be null; it gets each command once the transaction that it belongs to is known to be
// whole, and its error ends the reading (kUnread). A transaction is kept in memory until then.
using CommandUse = std::function<base::Status(std::span<const std::string_view> argv, uint64_t end)>;
AofFindings ReadCommands(io::File& file, uint64_t begin, const CommandUse& use);

}  // namespace tusk::tool
