// Cells: small blocks in steps of 8 bytes, of which one can tell how well the memory around them is used. mimalloc, which serves
// everything else, rounds 56 bytes to 64 and keeps its pages to itself; entries, members, fields and packed collections are cells.
//
//   space:  one range of addresses, so that a pointer tells by itself whether it is a cell
//   chunk:  2 MB, what the system gives at once (a huge page where it has them)
//   page:   64 KB, cells of one size, owned by the heap that took it until it is empty
//   heap:   one per thread; the only one that takes cells out of its pages. Another thread's free goes onto the page's list for
//           that, and the page onto the heap's, which takes in whole lists at once
//
// A page that ran full gets no new cells before a sixteenth of it is free, so that who deletes and inserts in turn does not visit
// a page for each cell. Pages to be emptied (base/cell_census.h) get none at all while that lasts.
//
// Cost: O(1), no lock but for a page now and then. Free pages keep their memory until Purge().
// Threads: CellSpace is thread-safe, a CellHeap its thread's. Owns: the space owns its range, its heaps, and hence all cells.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "base/annotations.h"
#include "base/check.h"
#include "base/mutex.h"

namespace tusk::base {

inline constexpr size_t kCellBytesMax = 1024;

// Sizes: steps of 8 up to 256 bytes, of 16 up to 512, of 32 up to 1024. Beyond, for who asks for it: what goes 60, 59, ... 4 times
// into a page, aligned to 64 bytes.
inline constexpr size_t kSmallClasses = 64;
inline constexpr size_t kLargeCellsMin = 4, kLargeCellsMax = 60;  // Per page.
inline constexpr size_t kCellClasses = kSmallClasses + kLargeCellsMax - kLargeCellsMin + 1;
inline constexpr size_t kCellPageBytes = 64 << 10;
inline constexpr size_t kCellPageHeadBytes = 128;
constexpr size_t LargeCellBytes(size_t per_page) noexcept { return (kCellPageBytes - kCellPageHeadBytes) / per_page / 64 * 64; }
inline constexpr size_t kLargeCellBytesMax = LargeCellBytes(kLargeCellsMin);
constexpr size_t CellBytesOf(size_t size_class) noexcept {
  if (size_class < 32) return (size_class + 1) * 8;
  if (size_class < 48) return 256 + (size_class - 31) * 16;
  if (size_class < kSmallClasses) return 512 + (size_class - 47) * 32;
  return LargeCellBytes(size_class - kSmallClasses + kLargeCellsMin);
}
namespace cells_internal {
constexpr std::array<uint8_t, kCellBytesMax / 8 + 1> MakeClasses() noexcept {
  std::array<uint8_t, kCellBytesMax / 8 + 1> classes{};
  size_t size_class = 0;
  for (size_t words = 0; words < classes.size(); ++words) {
    if (words * 8 > CellBytesOf(size_class)) ++size_class;
    classes[words] = static_cast<uint8_t>(size_class);
  }
  return classes;
}
inline constexpr auto kClassOfWords = MakeClasses();
static_assert(CellBytesOf(kSmallClasses - 1) == kCellBytesMax && kClassOfWords.back() == kSmallClasses - 1);
static_assert(CellBytesOf(kCellClasses - 1) > kCellBytesMax);
}  // namespace cells_internal
// bytes <= kCellBytesMax.
inline size_t CellClassOf(size_t bytes) noexcept { return cells_internal::kClassOfWords[(bytes + 7) / 8]; }

// kCellBytesMax < bytes <= kLargeCellBytesMax.
inline size_t LargeCellClassOf(size_t bytes) noexcept {
  const size_t per_page = (kCellPageBytes - kCellPageHeadBytes) / ((bytes + 63) / 64 * 64);
  return kSmallClasses + (per_page < kLargeCellsMax ? per_page : kLargeCellsMax) - kLargeCellsMin;
}

class CellHeap;

// The head of a page, before its cells.
struct CellPage {
  static constexpr size_t kBytes = kCellPageBytes;
  static constexpr int32_t kNever = -1;

  static CellPage* Of(const void* cell) noexcept {
    return reinterpret_cast<CellPage*>(reinterpret_cast<uintptr_t>(cell) & ~uintptr_t{kBytes - 1});
  }

  // The owner's.
  CellHeap* heap;  // Stays while the page is in use: others may read it who hold a cell of it.
  void* free;      // Cells to hand out, each with the next one's address in it.
  void* spare;     // The same, for when that list is empty.
  // Cells handed out and not taken back. The owner writes, a census reads: relaxed, an estimate.
  std::atomic<int32_t> used;
  int32_t wake_at;  // Used cells at which the owner looks at the page again: see CellHeap::FreeSlow().
  uint32_t cell_bytes;
  uint32_t carved;  // Cells that are on some list or in use; the memory behind them was never touched.
  CellPage* previous;  // In a list of the owner's: a circle with the list's head in it.
  CellPage* next;
  // Who is to be emptied, as a round of CellSpace; what the census knows a page by. Relaxed: hints.
  std::atomic<uint32_t> round;
  std::atomic<uint32_t> label;

  // Others'. The list of cells that they freed: the address of the first, and above bit 48 their number. Partner: the owner's
  // exchange in CellHeap::Drain(); both acquire and release, since the cells' bytes and `next_freed` change hands.
  alignas(64) std::atomic<uint64_t> freed;
  CellPage* next_freed;  // In the owner's stack of pages with such a list, where a page is while `freed` is not empty.

  uint32_t capacity() const noexcept;
  size_t size_class() const noexcept { return label.load(std::memory_order_relaxed) & 0xff; }
  char* cell(uint32_t index) noexcept { return reinterpret_cast<char*>(this + 1) + size_t{index} * cell_bytes; }
};
static_assert(sizeof(CellPage) == kCellPageHeadBytes);
constexpr uint32_t CellCapacity(size_t size_class) noexcept {
  return static_cast<uint32_t>((CellPage::kBytes - sizeof(CellPage)) / CellBytesOf(size_class));
}
inline uint32_t CellPage::capacity() const noexcept {
  return static_cast<uint32_t>((kBytes - sizeof(CellPage)) / cell_bytes);
}
static_assert(CellCapacity(0) < 1 << 16, "CellPage::freed has 16 bits for a number of cells");

class CellSpace {
 public:
  // Takes up to `bytes_max` of addresses, less where the system has no more to give, or none.
  explicit CellSpace(size_t bytes_max, bool huge_pages = false);
  // All cells are gone with it, and no heap is in use.
  ~CellSpace();
  CellSpace(const CellSpace&) = delete;
  CellSpace& operator=(const CellSpace&) = delete;

  uintptr_t begin() const noexcept { return begin_; }
  size_t bytes() const noexcept { return bytes_; }
  bool Contains(const void* pointer) const noexcept { return reinterpret_cast<uintptr_t>(pointer) - begin_ < bytes_; }
  // For chunks taken from now on, but for the first few.
  void set_huge_pages(bool huge) noexcept { huge_pages_.store(huge, std::memory_order_relaxed); }

  // A heap for a thread: one that another thread left, if there is any. Stays the space's.
  CellHeap& Adopt();
  void Leave(CellHeap& heap);
  // Takes in what was freed into heaps that no thread has. O(their pages with such cells).
  void DrainLeft();

  // Null when the range is used up.
  CellPage* TakePage();
  void GivePage(CellPage* page);
  // Gives memory of free pages back to the system, all but a reserve for the next to come, which is empty for `all`. At most
  // `pages_max` pages, some microseconds for each. Returns how many it were.
  size_t Purge(size_t pages_max, bool all = false);

  // The round of emptying that goes on; 0: none. Changes between rounds only.
  uint32_t round() const noexcept { return round_.load(std::memory_order_relaxed); }
  // The cell lies in a page that is to be emptied. Any thread that may read the cell.
  bool WantsMove(const void* cell) const noexcept {
    const uint32_t now = round();
    return now != 0 && Contains(cell) && CellPage::Of(cell)->round.load(std::memory_order_relaxed) == now;
  }

  struct Figures {
    size_t pages_used;      // Owned by heaps.
    size_t pages_resident;  // Free, with memory.
  };
  Figures figures() const;

 private:
  friend class CellCensus;
  static constexpr size_t kChunkBytes = 2 << 20;
  static constexpr size_t kChunkPages = kChunkBytes / CellPage::kBytes;
  static_assert(kChunkPages == 32, "a chunk's pages are the bits of a word");

  // One bit per page.
  struct Chunk {
    uint32_t free = 0;
    uint32_t resident = 0;   // Of the free ones.
    bool scattered = false;  // Some of it went back to the system, so that it is to stay in small pages.
  };

  char* AddressOf(size_t chunk, size_t page) const noexcept {
    return reinterpret_cast<char*>(begin_) + chunk * kChunkBytes + page * CellPage::kBytes;
  }
  bool AddChunk() REQUIRES(mutex_);
  size_t PurgeChunk(size_t index) REQUIRES(mutex_);
  size_t Reserve() const REQUIRES(mutex_) { return kReservePages + pages_used_ / 64; }
  static constexpr size_t kReservePages = 32;
  // In small pages: a heap begins a page for each size that it meets, most of which it may never fill.
  static constexpr size_t kPlainChunks = 4;

  uintptr_t begin_ = 0;
  size_t bytes_ = 0;
  // Relaxed, each stands for itself.
  std::atomic<bool> huge_pages_;
  std::atomic<uint32_t> round_{0};
  mutable Mutex mutex_;
  std::vector<Chunk> chunks_ GUARDED_BY(mutex_);
  size_t first_free_ GUARDED_BY(mutex_) = 0;  // No chunk before it has a free page.
  size_t pages_used_ GUARDED_BY(mutex_) = 0;
  size_t pages_resident_ GUARDED_BY(mutex_) = 0;
  std::vector<std::unique_ptr<CellHeap>> heaps_ GUARDED_BY(mutex_);
  std::vector<CellHeap*> left_ GUARDED_BY(mutex_);
};

class CellHeap {
 public:
  CellHeap(CellSpace& space, uint16_t number) noexcept;
  CellHeap(const CellHeap&) = delete;
  CellHeap& operator=(const CellHeap&) = delete;
  // Not in the process' account: what a thread needs before its first block is no cost of the data, and maxmemory must not evict for it.
  static void* operator new(size_t bytes, std::align_val_t alignment);
  static void operator delete(void* heap, std::align_val_t) noexcept;

  // Null when the space is used up.
  void* Allocate(size_t size_class) noexcept {
    CellPage* page = current_[size_class];
    void* cell = page->free;
    if (__builtin_expect(cell == nullptr, 0)) return AllocateSlow(size_class);
    return Take(page, cell);
  }
  // A cell of any heap of this space.
  void Free(void* cell) noexcept {
    CellPage* page = CellPage::Of(cell);
    if (page->heap != this) return FreeOfOther(page, cell);
    *static_cast<void**>(cell) = page->free;
    page->free = cell;
    Lower(page, 1);
  }
  // For who has no heap.
  static void FreeOfOther(CellPage* page, void* cell) noexcept;

  // Takes in what other threads freed. O(pages with such cells); for a thread that allocates nothing for long.
  void Drain() noexcept;
  uint16_t number() const noexcept { return number_; }

 private:
  static void* Take(CellPage* page, void* cell) noexcept {
    page->free = *static_cast<void**>(cell);
    page->used.store(page->used.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return cell;
  }
  void Lower(CellPage* page, int32_t count) noexcept {
    const int32_t used = page->used.load(std::memory_order_relaxed) - count;
    DCHECK(used >= 0);
    page->used.store(used, std::memory_order_relaxed);
    if (__builtin_expect(used <= page->wake_at, 0)) FreeSlow(page);
  }
  void* AllocateSlow(size_t size_class) noexcept;
  // Cells were freed in a page that was full, or it has none in use any more.
  void FreeSlow(CellPage* page) noexcept;
  static bool Refill(CellPage* page) noexcept;
  void Retire(CellPage* page) noexcept;
  CellPage* NextPage(size_t size_class) noexcept;
  CellPage* NewPage(size_t size_class) noexcept;
  void ReturnSetAside() noexcept;
  static void Link(CellPage& head, CellPage* page) noexcept;
  static void Unlink(CellPage* page) noexcept;

  CellPage* current_[kCellClasses];
  CellSpace& space_;
  const uint16_t number_;
  uint32_t set_aside_round_ = 0;  // In which pages came into set_aside_.
  // Circles: pages with room, and those that are to be emptied, with or without.
  CellPage partial_[kCellClasses];
  CellPage set_aside_;
  // Pages in which others freed cells. Partner: Drain().
  alignas(64) std::atomic<CellPage*> freed_pages_{nullptr};
};

// For tests: every block wants to move (base::WantsMove), also in builds without cells.
void MoveEverything(bool everything) noexcept;

}  // namespace tusk::base
