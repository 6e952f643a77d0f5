#include "base/memory.h"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <new>
#include <thread>

#include "base/check.h"
#include "base/free_pace.h"

#if defined(TUSK_MIMALLOC)
#include <mimalloc.h>
#endif

namespace tusk::base {
namespace {

#if defined(TUSK_MIMALLOC)
void* RawAllocate(size_t bytes) noexcept { return mi_malloc(bytes); }
void* RawAllocateAligned(size_t bytes, size_t alignment) noexcept { return mi_malloc_aligned(bytes, alignment); }
void* RawReallocate(void* block, size_t bytes) noexcept { return mi_realloc(block, bytes); }
void RawFree(void* block) noexcept { mi_free(block); }
size_t RawSize(const void* block) noexcept { return mi_usable_size(block); }
#else
void* RawAllocate(size_t bytes) noexcept { return std::malloc(bytes); }
void* RawAllocateAligned(size_t bytes, size_t alignment) noexcept {
  return std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}
void* RawReallocate(void* block, size_t bytes) noexcept { return std::realloc(block, bytes); }
void RawFree(void* block) noexcept { std::free(block); }
size_t RawSize(const void* block) noexcept { return malloc_usable_size(const_cast<void*>(block)); }
#endif

// Threads beyond this many share slots, which costs speed, not correctness: additions are atomic.
constexpr size_t kCounterSlots = 128;

struct alignas(64) Counter {
  // Partner: UsedMemory() sums all slots. Publishes nothing but itself, hence relaxed everywhere. May be negative in
  // one slot: memory is often freed by another thread than the one that allocated it.
  std::atomic<int64_t> bytes{0};
};

Counter counters[kCounterSlots];
std::atomic<size_t> next_slot{0};  // Hands out slots; relaxed, since only uniqueness matters.

thread_local Counter* own_counter = nullptr;
// Something other than a slot of its own: the last slot, which is shared, or a FreePace. One flag, so that all others test
// once.
thread_local bool own_counter_is_special = false;
thread_local bool own_counter_is_shared = false;
thread_local FreePace* own_pace = nullptr;

constexpr std::chrono::milliseconds kRest{1};
// FreeHurry objects, and the end of FreePace::HurryFor (ticks of the steady clock), for FreePace: relaxed, a step late does no
// harm.
std::atomic<uint32_t> hurried{0};
std::atomic<std::chrono::steady_clock::rep> hurried_until{0};

[[gnu::noinline]] Counter* ClaimCounter() noexcept {
  size_t slot = next_slot.fetch_add(1, std::memory_order_relaxed);
  own_counter_is_shared = slot >= kCounterSlots - 1;
  own_counter_is_special = own_counter_is_shared || own_pace != nullptr;
  own_counter = &counters[slot < kCounterSlots - 1 ? slot : kCounterSlots - 1];
  return own_counter;
}

void Count(int64_t delta) noexcept {
  Counter* counter = own_counter ? own_counter : ClaimCounter();
  if (own_counter_is_special) [[unlikely]] {
    counter->bytes.fetch_add(delta, std::memory_order_relaxed);
    if (own_pace != nullptr && delta < 0) own_pace->NoteFree();
    return;
  }
  // Only this thread writes the slot: a plain read and write, without a locked instruction.
  counter->bytes.store(counter->bytes.load(std::memory_order_relaxed) + delta, std::memory_order_relaxed);
}

void* Counted(void* block) noexcept {
  CHECK(block != nullptr);
  Count(static_cast<int64_t>(RawSize(block)));
  return block;
}

}  // namespace

void* Allocate(size_t bytes) noexcept { return Counted(RawAllocate(bytes)); }

void* AllocateAligned(size_t bytes, size_t alignment) noexcept {
  return Counted(RawAllocateAligned(bytes, alignment));
}

void* Reallocate(void* block, size_t bytes) noexcept {
  if (block) Count(-static_cast<int64_t>(RawSize(block)));
  return Counted(RawReallocate(block, bytes));
}

void Free(void* block) noexcept {
  if (!block) return;
  Count(-static_cast<int64_t>(RawSize(block)));
  RawFree(block);
}

FreePace::FreePace() noexcept {
  DCHECK(own_pace == nullptr);
  own_pace = this;
  own_counter_is_special = true;
}

FreePace::~FreePace() {
  DCHECK(own_pace == this);
  own_pace = nullptr;
  own_counter_is_special = own_counter_is_shared;
}

void FreePace::NoteFree() noexcept {
  if (--left_ > 0) return;
  left_ = kFreesPerStep;
  if (hurried.load(std::memory_order_relaxed) > 0) return;
  if (std::chrono::steady_clock::now().time_since_epoch().count() < hurried_until.load(std::memory_order_relaxed)) return;
  ++rests_;
  std::this_thread::sleep_for(kRest);
}

void FreePace::HurryFor(std::chrono::milliseconds time) noexcept {
  hurried_until.store((std::chrono::steady_clock::now() + time).time_since_epoch().count(), std::memory_order_relaxed);
}

FreeHurry::FreeHurry() noexcept { hurried.fetch_add(1, std::memory_order_relaxed); }
FreeHurry::~FreeHurry() { hurried.fetch_sub(1, std::memory_order_relaxed); }

size_t AllocatedSize(const void* block) noexcept { return block ? RawSize(block) : 0; }

uint64_t UsedMemory() noexcept {
  int64_t sum = 0;
  // Only slots in use: maxmemory asks before every command.
  size_t used = std::min(next_slot.load(std::memory_order_relaxed), kCounterSlots);
  for (size_t i = 0; i < used; ++i) sum += counters[i].bytes.load(std::memory_order_relaxed);
  return sum > 0 ? static_cast<uint64_t>(sum) : 0;
}

void PreferHugePages() noexcept {
#if defined(TUSK_MIMALLOC)
  mi_option_set_enabled_default(mi_option_large_os_pages, true);
#endif
}

const char* AllocatorName() noexcept {
#if defined(TUSK_MIMALLOC)
  return "mimalloc";
#else
  return "libc";
#endif
}

std::string AllocatorReport() {
  std::string report;
#if defined(TUSK_MIMALLOC)
  mi_stats_print_out([](const char* text, void* out) { *static_cast<std::string*>(out) += text; }, &report);
#endif
  return report;
}

}  // namespace tusk::base

#if !defined(TUSK_SANITIZED) && !defined(TUSK_LIBRARY)
// A library leaves the program that it is linked into its own. The sanitizers bring their own operator new, which pairs with delete checks worth more than the account.
void* operator new(size_t bytes) { return tusk::base::Allocate(bytes); }
void* operator new[](size_t bytes) { return tusk::base::Allocate(bytes); }
void* operator new(size_t bytes, const std::nothrow_t&) noexcept { return tusk::base::Allocate(bytes); }
void* operator new[](size_t bytes, const std::nothrow_t&) noexcept { return tusk::base::Allocate(bytes); }
void* operator new(size_t bytes, std::align_val_t alignment) {
  return tusk::base::Counted(tusk::base::RawAllocateAligned(bytes, static_cast<size_t>(alignment)));
}
void* operator new[](size_t bytes, std::align_val_t alignment) { return operator new(bytes, alignment); }
void operator delete(void* block) noexcept { tusk::base::Free(block); }
void operator delete[](void* block) noexcept { tusk::base::Free(block); }
void operator delete(void* block, size_t) noexcept { tusk::base::Free(block); }
void operator delete[](void* block, size_t) noexcept { tusk::base::Free(block); }
void operator delete(void* block, std::align_val_t) noexcept { tusk::base::Free(block); }
void operator delete[](void* block, std::align_val_t) noexcept { tusk::base::Free(block); }
void operator delete(void* block, size_t, std::align_val_t) noexcept { tusk::base::Free(block); }
void operator delete[](void* block, size_t, std::align_val_t) noexcept { tusk::base::Free(block); }
#endif
