// Decides whether a history of concurrent operations on one register could have happened one at a time: whether there is
// an order that respects real time (an operation that ended before another began comes first) in which every result is right.
//
// The search is Wing and Gong's with Lowe's memory of visited configurations (set of operations done, value): exponential at
// worst, but histories of a few hundred operations by a few clients with mostly distinct values take milliseconds.
// Threads: any; pure functions. Owns: nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tusk::stress {

// 0 stands for a register that does not exist.
using RegisterValue = int64_t;
constexpr RegisterValue kAbsent = 0;

struct Operation {
  enum class Kind : uint8_t {
    kWrite,  // Sets `argument`.
    kRead,   // Saw `result`.
    kSwap,   // Set `argument` and saw `result` before it.
    kAdd,    // Added `argument` and saw `result` after it.
  };

  Kind kind = Kind::kRead;
  RegisterValue argument = 0;
  RegisterValue result = 0;
  // Moments of one clock; begin < end.
  uint64_t begin = 0;
  uint64_t end = 0;
  int client = 0;

  std::string ToString() const;
};

// The register is absent at first.
bool IsLinearizable(const std::vector<Operation>& history);

// The history in order of its beginnings, a line per operation: what a failed check prints.
std::string Describe(std::vector<Operation> history);

}  // namespace tusk::stress
