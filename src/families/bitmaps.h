// Handlers and rows of the bitmap commands: strings seen as bits, bit 0 being the highest of the first byte.
// Threads: handlers run on the worker that executes the command, under the locks that their row asks for.
// Owns: nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace tusk::command {
class Context;
struct CommandSpec;
}  // namespace tusk::command

namespace tusk::families {

std::span<const command::CommandSpec> BitmapsRows() noexcept;

// A bit's position as SETBIT, GETBIT and BITFIELD read it; `field_bits` allows "#N", the N-th field of that width.
// Replies the error.
std::optional<uint64_t> BitOffset(command::Context& context, size_t i, uint32_t field_bits = 0);

void CmdBitcount(command::Context& context);
void CmdBitfield(command::Context& context);
void CmdBitfieldRo(command::Context& context);
void CmdBitop(command::Context& context);
void CmdBitpos(command::Context& context);
void CmdGetbit(command::Context& context);
void CmdSetbit(command::Context& context);

}  // namespace tusk::families
