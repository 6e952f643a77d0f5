// The common shape of SSCAN, HSCAN and ZSCAN: cursor, MATCH, COUNT, and the two-part reply.
//
//   uint64_t cursor;
//   if (!ParseCursor(ctx, 2, &cursor)) return;
//   ... look the key up; ReplyEmptyScan() when it is missing ...
//   ScanOptions options;
//   if (!ParseScanOptions(ctx, 3, &options)) return;
//   RunScan(cursor, options, [&](uint64_t at) { return set->Scan(at, ...add to a list...); }, [&] { return list.size(); });
//
// Threads: any. Owns: nothing.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/text.h"
#include "command/context.h"

namespace tusk::families {

struct ScanOptions {
  int64_t count = 10;
  std::string_view pattern{};
  bool has_pattern = false;

  bool Matches(std::string_view text) const noexcept { return !has_pattern || base::GlobMatch(pattern, text); }
};

// Both reply the error and return false.
bool ParseCursor(command::Context& ctx, size_t i, uint64_t* cursor);
bool ParseScanOptions(command::Context& ctx, size_t first, ScanOptions* options);

void ReplyEmptyScan(resp::Reply& reply);
// The outer array and the cursor; the array of elements follows.
void ReplyScanHeader(resp::Reply& reply, uint64_t cursor);

// Calls `step(cursor) -> next cursor` until enough was found, the walk ended, or it has looked at ten times as many
// places as were asked for, which bounds the time that a pattern without matches takes.
template <typename Step, typename Found>
uint64_t RunScan(uint64_t cursor, const ScanOptions& options, Step&& step, Found&& found) {
  uint64_t wanted = static_cast<uint64_t>(options.count);
  uint64_t steps_left = wanted > UINT64_MAX / 10 ? UINT64_MAX : wanted * 10;
  do {
    cursor = step(cursor);
  } while (cursor != 0 && --steps_left != 0 && found() < wanted);
  return cursor;
}

}  // namespace tusk::families
