// The process' allocator and its account: every byte that operator new or Allocate() hands out is counted, so that
// `used_memory`, `maxmemory` and MEMORY USAGE speak of what the data really costs, allocator slack included.
//
// Allocate() serves up to a kilobyte from cells (base/cells.h), which can be moved together when their pages are used badly;
// so does AllocateAligned() for tables' segments. What is larger or comes from operator new is mimalloc's.
//
// Counters are one per thread and summed on demand: no shared cache line on the hot path.
// Threads: thread-safe. Owns: the counters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace tusk::base {

// Uninitialised memory aligned to 8 bytes; never null (running out of memory ends the process).
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

// ---- Giving memory back ----
class CellSpace;
// Where the cells are; null before the first one, and in builds without them (AddressSanitizer).
CellSpace* Cells() noexcept;
// The block lies in a page that is to be emptied: its owner may help by moving it. O(1).
bool WantsMove(const void* block) noexcept;
// A block of its owner's alone with these bytes in use: the same one, or, if that wants to move, a copy; it is freed then.
template <typename T>
[[nodiscard]] T* MovedIfWanted(T* block, size_t bytes, size_t& moves) noexcept {
  if (!WantsMove(block)) return block;
  void* copy = Allocate(bytes);
  __builtin_memcpy(copy, static_cast<const void*>(block), bytes);
  Free(block);
  ++moves;
  return static_cast<T*>(copy);
}
// For objects that live in Allocate()'s memory, by which they can be moved.
struct Movable {
  static void* operator new(size_t bytes) noexcept { return Allocate(bytes); }
  static void operator delete(void* object) noexcept { Free(object); }
};
// Takes in what other threads freed of this thread's cells. For threads that live long. O(pages with such cells).
void DrainCells() noexcept;
// Has mimalloc look for pages of this thread that are empty, and give them back. O(its pages), which are few beside the cells'.
void CollectFree() noexcept;

}  // namespace tusk::base
