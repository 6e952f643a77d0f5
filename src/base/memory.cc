#include "base/memory.h"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <new>
#include <thread>

#include "base/cells.h"
#include "base/check.h"
#include "base/free_pace.h"

#if defined(TUSK_MIMALLOC)
#include <mimalloc.h>
#endif

// AddressSanitizer sees what each block's owner does wrong only if each is a block of its own.
// A library takes no addresses for itself in the program that it is linked into.
#if defined(__SANITIZE_ADDRESS__) || defined(TUSK_LIBRARY)
#define TUSK_CELLS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TUSK_CELLS 0
#endif
#endif
#if !defined(TUSK_CELLS)
#define TUSK_CELLS 1
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

std::atomic<bool> move_everything{false};  // Tests only; relaxed.

#if TUSK_CELLS
// More than any machine has memory for: it costs addresses only.
constexpr size_t kCellSpaceBytes = size_t{1} << 40;

// Written once, before the first cell is handed out; who has a cell's address has it from there. Bytes are written last, so
// that a reader between sees that nothing is a cell. Partner: IsCell(). Never freed: threads free cells until the very end.
std::atomic<CellSpace*> cell_space{nullptr};
std::atomic<uintptr_t> cells_begin{0};
std::atomic<size_t> cells_bytes{0};
std::atomic<bool> huge_pages{false};
Mutex cells_mutex;

thread_local CellHeap* own_heap = nullptr;
thread_local bool own_heap_was_left = false;

// Leaves the heap to another thread when this one ends.
struct HeapKeeper {
  ~HeapKeeper() {
    if (!own_heap) return;
    cell_space.load(std::memory_order_relaxed)->Leave(*own_heap);
    own_heap = nullptr;
    own_heap_was_left = true;
  }
};

bool IsCell(const void* block) noexcept {
  return reinterpret_cast<uintptr_t>(block) - cells_begin.load(std::memory_order_relaxed) <
         cells_bytes.load(std::memory_order_relaxed);
}

CellSpace& StartCells() {
  MutexLock hold(cells_mutex);
  CellSpace* space = cell_space.load(std::memory_order_relaxed);
  if (space) return *space;
  space = new CellSpace(kCellSpaceBytes, huge_pages.load(std::memory_order_relaxed));
  cells_begin.store(space->begin(), std::memory_order_relaxed);
  cells_bytes.store(space->bytes(), std::memory_order_release);
  cell_space.store(space, std::memory_order_release);
  return *space;
}

// For a thread's first cell. Null where there are no cells to be had.
[[gnu::noinline]] CellHeap* ClaimHeap() noexcept {
  CellSpace* space = cell_space.load(std::memory_order_acquire);
  if (!space) space = &StartCells();
  // What a thread allocates while it ends is little.
  if (own_heap_was_left || space->bytes() == 0) return nullptr;
  own_heap = &space->Adopt();
  thread_local HeapKeeper keeper;
  (void)keeper;
  return own_heap;
}

// Null where there are no cells to be had.
[[gnu::always_inline]] inline void* TakeCell(size_t size_class) noexcept {
  CellHeap* heap = own_heap;
  if (!heap) [[unlikely]] heap = ClaimHeap();
  void* cell = heap ? heap->Allocate(size_class) : nullptr;
  if (cell) [[likely]] Count(static_cast<int64_t>(CellBytesOf(size_class)));
  return cell;
}

[[gnu::always_inline]] inline void* AllocateCell(size_t bytes) noexcept {
  void* cell = TakeCell(CellClassOf(bytes));
  return cell ? cell : Counted(RawAllocate(bytes));
}

[[gnu::always_inline]] inline void FreeCell(void* cell) noexcept {
  CellPage* page = CellPage::Of(cell);
  Count(-static_cast<int64_t>(page->cell_bytes));
  if (CellHeap* heap = own_heap) [[likely]] {
    heap->Free(cell);
  } else {
    CellHeap::FreeOfOther(page, cell);
  }
}
#endif

}  // namespace

void* Allocate(size_t bytes) noexcept {
#if TUSK_CELLS
  if (bytes <= kCellBytesMax) return AllocateCell(bytes);
#endif
  return Counted(RawAllocate(bytes));
}

namespace {

// What operator new gave: never a cell.
[[maybe_unused]] void FreeNew(void* block) noexcept {
  if (!block) return;
  Count(-static_cast<int64_t>(RawSize(block)));
  RawFree(block);
}

}  // namespace

void* AllocateAligned(size_t bytes, size_t alignment) noexcept {
#if TUSK_CELLS
  if (alignment <= 64 && bytes > kCellBytesMax && bytes <= kLargeCellBytesMax) {
    if (void* cell = TakeCell(LargeCellClassOf(bytes))) return cell;
  }
#endif
  return Counted(RawAllocateAligned(bytes, alignment));
}

void* Reallocate(void* block, size_t bytes) noexcept {
#if TUSK_CELLS
  if (!block || IsCell(block) || bytes <= kCellBytesMax) {
    const size_t held = AllocatedSize(block);
    if (block && bytes <= kCellBytesMax && held == CellBytesOf(CellClassOf(bytes))) return block;
    void* moved = Allocate(bytes);
    if (held != 0) std::memcpy(moved, block, std::min(held, bytes));
    Free(block);
    return moved;
  }
#endif
  if (block) Count(-static_cast<int64_t>(RawSize(block)));
  return Counted(RawReallocate(block, bytes));
}

void Free(void* block) noexcept {
  if (!block) return;
#if TUSK_CELLS
  if (IsCell(block)) return FreeCell(block);
#endif
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

size_t AllocatedSize(const void* block) noexcept {
#if TUSK_CELLS
  if (IsCell(block)) return CellPage::Of(block)->cell_bytes;
#endif
  return block ? RawSize(block) : 0;
}

void MoveEverything(bool everything) noexcept { move_everything.store(everything, std::memory_order_relaxed); }

#if TUSK_CELLS
CellSpace* Cells() noexcept { return cell_space.load(std::memory_order_acquire); }

bool WantsMove(const void* block) noexcept {
  const CellSpace* space = cell_space.load(std::memory_order_relaxed);
  return (space && space->WantsMove(block)) || move_everything.load(std::memory_order_relaxed);
}

void DrainCells() noexcept {
  if (own_heap) own_heap->Drain();
}
#else
CellSpace* Cells() noexcept { return nullptr; }
bool WantsMove(const void*) noexcept { return move_everything.load(std::memory_order_relaxed); }
void DrainCells() noexcept {}
#endif

void CollectFree() noexcept {
#if defined(TUSK_MIMALLOC)
  mi_collect(true);
#endif
}

uint64_t UsedMemory() noexcept {
  int64_t sum = 0;
  // Only slots in use: maxmemory asks before every command.
  size_t used = std::min(next_slot.load(std::memory_order_relaxed), kCounterSlots);
  for (size_t i = 0; i < used; ++i) sum += counters[i].bytes.load(std::memory_order_relaxed);
  return sum > 0 ? static_cast<uint64_t>(sum) : 0;
}

void PreferHugePages() noexcept {
#if TUSK_CELLS
  huge_pages.store(true, std::memory_order_relaxed);
  if (CellSpace* space = Cells()) space->set_huge_pages(true);
#endif
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
void* operator new(size_t bytes) { return tusk::base::Counted(tusk::base::RawAllocate(bytes)); }
void* operator new[](size_t bytes) { return tusk::base::Counted(tusk::base::RawAllocate(bytes)); }
void* operator new(size_t bytes, const std::nothrow_t&) noexcept { return tusk::base::Counted(tusk::base::RawAllocate(bytes)); }
void* operator new[](size_t bytes, const std::nothrow_t&) noexcept { return tusk::base::Counted(tusk::base::RawAllocate(bytes)); }
void* operator new(size_t bytes, std::align_val_t alignment) {
  return tusk::base::Counted(tusk::base::RawAllocateAligned(bytes, static_cast<size_t>(alignment)));
}
void* operator new[](size_t bytes, std::align_val_t alignment) { return operator new(bytes, alignment); }
void operator delete(void* block) noexcept { tusk::base::FreeNew(block); }
void operator delete[](void* block) noexcept { tusk::base::FreeNew(block); }
void operator delete(void* block, size_t) noexcept { tusk::base::FreeNew(block); }
void operator delete[](void* block, size_t) noexcept { tusk::base::FreeNew(block); }
void operator delete(void* block, std::align_val_t) noexcept { tusk::base::FreeNew(block); }
void operator delete[](void* block, std::align_val_t) noexcept { tusk::base::FreeNew(block); }
void operator delete(void* block, size_t, std::align_val_t) noexcept { tusk::base::FreeNew(block); }
void operator delete[](void* block, size_t, std::align_val_t) noexcept { tusk::base::FreeNew(block); }
#endif
