// The process' allocator and its account: every byte that operator new or Allocate() hands out is counted, so that
// `used_memory`, `maxmemory` and MEMORY USAGE speak of what the data really costs, allocator slack included.
//
// Counters are one per thread and summed on demand: no shared cache line on the hot path.
// Threads: thread-safe. Owns: the counters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace tusk::base {

// Uninitialised memory aligned to 8 bytes at least; never null (running out of memory ends the process).
void* Allocate(size_t bytes) noexcept;
// The same at an address that is a multiple of `alignment`, a power of two.
void* AllocateAligned(size_t bytes, size_t alignment) noexcept;
// Keeps min(old, new) bytes. `block` may be null, and must not be an aligned one.
void* Reallocate(void* block, size_t bytes) noexcept;
void Free(void* block) noexcept;
// Bytes that the allocator really set aside for the block.
size_t AllocatedSize(const void* block) noexcept;

// Bytes handed out now, process-wide. O(threads ever seen), exact up to updates in flight.
uint64_t UsedMemory() noexcept;
const char* AllocatorName() noexcept;
// What the allocator says of itself, for people; empty when it says nothing. It locks the heap while it counts.
std::string AllocatorReport();
// Asks for 2 MB pages from now on, where the kernel gives them to who asks (a third of a GET's time is address
// translation otherwise). An environment variable of the allocator's own still overrides it.
void PreferHugePages() noexcept;

}  // namespace tusk::base
