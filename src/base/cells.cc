#include "base/cells.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <utility>

namespace tusk::base {
namespace {

constexpr uint64_t kAddressMask = (uint64_t{1} << 48) - 1;
constexpr uint32_t kCarveBytes = 4096;  // Touched at once: a page of the system's.
constexpr size_t kSpaceBytesMin = size_t{256} << 20;

// What a heap's classes have before their first page: nothing is free, and nothing is ever written to it.
CellPage empty_page{};

void SetFree(CellPage* page, void* cell, void* next) noexcept {
  *static_cast<void**>(cell) = next;
  page->free = cell;
}

}  // namespace

void* CellHeap::operator new(size_t bytes, std::align_val_t alignment) {
  void* heap = std::aligned_alloc(static_cast<size_t>(alignment), bytes);
  CHECK(heap != nullptr);
  return heap;
}

void CellHeap::operator delete(void* heap, std::align_val_t) noexcept { std::free(heap); }

CellHeap::CellHeap(CellSpace& space, uint16_t number) noexcept : space_(space), number_(number) {
  for (size_t i = 0; i < kCellClasses; ++i) {
    current_[i] = &empty_page;
    partial_[i].previous = partial_[i].next = &partial_[i];
  }
  set_aside_.previous = set_aside_.next = &set_aside_;
}

void CellHeap::Link(CellPage& head, CellPage* page) noexcept {
  page->previous = &head;
  page->next = head.next;
  head.next->previous = page;
  head.next = page;
}

void CellHeap::Unlink(CellPage* page) noexcept {
  page->previous->next = page->next;
  page->next->previous = page->previous;
  page->previous = page->next = nullptr;
}

// False when the page has nothing left.
bool CellHeap::Refill(CellPage* page) noexcept {
  DCHECK(page->free == nullptr);
  if (page->spare) {
    page->free = std::exchange(page->spare, nullptr);
    return true;
  }
  const uint32_t capacity = page == &empty_page ? 0 : page->capacity();
  if (page->carved == capacity) return false;
  const uint32_t end = std::min(capacity, page->carved + std::max(1u, kCarveBytes / page->cell_bytes));
  for (uint32_t i = end; i > page->carved; --i) SetFree(page, page->cell(i - 1), page->free);
  page->carved = end;
  return true;
}

void* CellHeap::AllocateSlow(size_t size_class) noexcept {
  CellPage* page = current_[size_class];
  if (!Refill(page)) {
    // Which may empty the page, or find room in it.
    if (page != &empty_page) Retire(page);
    current_[size_class] = &empty_page;
    Drain();
    page = NextPage(size_class);
    if (!page) return nullptr;
    current_[size_class] = page;
  }
  return Take(page, page->free);
}

// The page is full, as far as its owner knows.
void CellHeap::Retire(CellPage* page) noexcept {
  const auto capacity = static_cast<int32_t>(page->capacity());
  page->wake_at = capacity - std::max(1, capacity / 16);
  DCHECK(page->used.load(std::memory_order_relaxed) == capacity);
}

CellPage* CellHeap::NextPage(size_t size_class) noexcept {
  const uint32_t round = space_.round();
  if (round != set_aside_round_) {
    ReturnSetAside();
    set_aside_round_ = round;
  }
  CellPage& head = partial_[size_class];
  while (head.next != &head) {
    CellPage* page = head.next;
    Unlink(page);
    if (round != 0 && page->round.load(std::memory_order_relaxed) == round) {
      Link(set_aside_, page);
      continue;
    }
    page->wake_at = CellPage::kNever;
    if (page->free == nullptr) Refill(page);
    DCHECK(page->free != nullptr);
    return page;
  }
  return NewPage(size_class);
}

CellPage* CellHeap::NewPage(size_t size_class) noexcept {
  CellPage* page = space_.TakePage();
  if (!page) return nullptr;
  page->heap = this;
  page->free = page->spare = nullptr;
  page->used.store(0, std::memory_order_relaxed);
  page->wake_at = CellPage::kNever;
  page->cell_bytes = static_cast<uint32_t>(CellBytesOf(size_class));
  page->carved = 0;
  page->previous = page->next = nullptr;
  page->round.store(0, std::memory_order_relaxed);
  page->freed.store(0, std::memory_order_relaxed);
  page->label.store(uint32_t{1} << 31 | uint32_t{number_} << 8 | static_cast<uint32_t>(size_class), std::memory_order_relaxed);
  Refill(page);
  return page;
}

// A round ended with pages that kept some cells: they are as good as any other again.
void CellHeap::ReturnSetAside() noexcept {
  while (set_aside_.next != &set_aside_) {
    CellPage* page = set_aside_.next;
    Unlink(page);
    Link(partial_[page->size_class()], page);
  }
}

void CellHeap::FreeSlow(CellPage* page) noexcept {
  if (page->used.load(std::memory_order_relaxed) == 0) {
    if (page->next) Unlink(page);
    page->label.store(0, std::memory_order_relaxed);
    space_.GivePage(page);
    return;
  }
  DCHECK(page->next == nullptr);
  page->wake_at = 0;
  Link(partial_[page->size_class()], page);
}

void CellHeap::FreeOfOther(CellPage* page, void* cell) noexcept {
  uint64_t head = page->freed.load(std::memory_order_relaxed);
  uint64_t mine;
  do {
    *static_cast<void**>(cell) = reinterpret_cast<void*>(head & kAddressMask);
    mine = reinterpret_cast<uint64_t>(cell) | ((head >> 48) + 1) << 48;
  } while (!page->freed.compare_exchange_weak(head, mine, std::memory_order_acq_rel, std::memory_order_relaxed));
  if (head != 0) return;
  // The page cannot go before the heap has met it here: this cell counts as used until then.
  CellHeap* heap = page->heap;
  CellPage* first = heap->freed_pages_.load(std::memory_order_relaxed);
  do {
    page->next_freed = first;
  } while (!heap->freed_pages_.compare_exchange_weak(first, page, std::memory_order_acq_rel, std::memory_order_relaxed));
}

void CellHeap::Drain() noexcept {
  if (freed_pages_.load(std::memory_order_relaxed) == nullptr) return;
  CellPage* page = freed_pages_.exchange(nullptr, std::memory_order_acq_rel);
  while (page) {
    CellPage* next = page->next_freed;
    const uint64_t freed = page->freed.exchange(0, std::memory_order_acq_rel);
    void* list = reinterpret_cast<void*>(freed & kAddressMask);
    const auto count = static_cast<int32_t>(freed >> 48);
    DCHECK(list != nullptr && count > 0);
    if (page->used.load(std::memory_order_relaxed) != count || page->wake_at == CellPage::kNever) {
      // Not the page's last ones. A list is taken over without a look at its cells where there is a place for it.
      if (page->spare) {
        void** last = static_cast<void**>(list);
        while (*last) last = static_cast<void**>(*last);
        *last = page->spare;
      }
      page->spare = list;
    }
    Lower(page, count);
    page = next;
  }
}

CellSpace::CellSpace(size_t bytes_max, bool huge_pages) : huge_pages_(huge_pages) {
  for (size_t bytes = bytes_max; bytes >= kSpaceBytesMin; bytes /= 2) {
    // Without access: it counts as no memory until a chunk is taken.
    void* range = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) continue;
    const auto address = reinterpret_cast<uintptr_t>(range);
    begin_ = (address + kChunkBytes - 1) / kChunkBytes * kChunkBytes;
    bytes_ = bytes - kChunkBytes;
    munmap(range, begin_ - address);
    munmap(reinterpret_cast<void*>(begin_ + bytes_), address + bytes - begin_ - bytes_);
    return;
  }
}

CellSpace::~CellSpace() {
  if (bytes_ != 0) munmap(reinterpret_cast<void*>(begin_), bytes_);
}

CellHeap& CellSpace::Adopt() {
  MutexLock hold(mutex_);
  if (!left_.empty()) {
    CellHeap* heap = left_.back();
    left_.pop_back();
    return *heap;
  }
  heaps_.push_back(std::make_unique<CellHeap>(*this, static_cast<uint16_t>(heaps_.size())));
  return *heaps_.back();
}

void CellSpace::Leave(CellHeap& heap) {
  MutexLock hold(mutex_);
  left_.push_back(&heap);
}

void CellSpace::DrainLeft() {
  // Taken out one by one, since draining gives pages back, for which the lock is needed.
  std::vector<CellHeap*> drained;
  for (;;) {
    CellHeap* heap;
    {
      MutexLock hold(mutex_);
      if (left_.empty()) break;
      heap = left_.back();
      left_.pop_back();
    }
    heap->Drain();
    drained.push_back(heap);
  }
  MutexLock hold(mutex_);
  left_.insert(left_.end(), drained.begin(), drained.end());
}

bool CellSpace::AddChunk() {
  const size_t index = chunks_.size();
  if ((index + 1) * kChunkBytes > bytes_) return false;
  char* chunk = AddressOf(index, 0);
  if (mprotect(chunk, kChunkBytes, PROT_READ | PROT_WRITE) != 0) return false;
  // Advice: where it is not taken, nothing is lost.
  if (index >= kPlainChunks && huge_pages_.load(std::memory_order_relaxed)) madvise(chunk, kChunkBytes, MADV_HUGEPAGE);
  chunks_.push_back({.free = ~uint32_t{0}});
  return true;
}

CellPage* CellSpace::TakePage() {
  MutexLock hold(mutex_);
  while (first_free_ < chunks_.size() && chunks_[first_free_].free == 0) ++first_free_;
  if (first_free_ == chunks_.size() && !AddChunk()) return nullptr;
  Chunk& chunk = chunks_[first_free_];
  // One with memory, if there is any.
  const uint32_t choice = chunk.resident ? chunk.resident : chunk.free;
  const auto page = static_cast<size_t>(std::countr_zero(choice));
  chunk.free &= ~(uint32_t{1} << page);
  if (chunk.resident >> page & 1) {
    chunk.resident &= ~(uint32_t{1} << page);
    --pages_resident_;
  }
  ++pages_used_;
  return reinterpret_cast<CellPage*>(AddressOf(first_free_, page));
}

void CellSpace::GivePage(CellPage* page) {
  DCHECK(Contains(page));
  const size_t offset = reinterpret_cast<uintptr_t>(page) - begin_;
  const size_t index = offset / kChunkBytes;
  const uint32_t bit = uint32_t{1} << (offset % kChunkBytes / CellPage::kBytes);
  MutexLock hold(mutex_);
  Chunk& chunk = chunks_[index];
  DCHECK((chunk.free & bit) == 0);
  chunk.free |= bit;
  chunk.resident |= bit;
  ++pages_resident_;
  --pages_used_;
  first_free_ = std::min(first_free_, index);
}

// All of the chunk's free pages.
size_t CellSpace::PurgeChunk(size_t index) {
  Chunk& chunk = chunks_[index];
  const auto count = static_cast<size_t>(std::popcount(chunk.resident));
  if (chunk.free == ~uint32_t{0}) {
    madvise(AddressOf(index, 0), kChunkBytes, MADV_DONTNEED);
    if (chunk.scattered && index >= kPlainChunks && huge_pages_.load(std::memory_order_relaxed)) madvise(AddressOf(index, 0), kChunkBytes, MADV_HUGEPAGE);
    chunk.scattered = false;
  } else {
    // The kernel would fill the holes again to have a huge page.
    if (!chunk.scattered) madvise(AddressOf(index, 0), kChunkBytes, MADV_NOHUGEPAGE);
    chunk.scattered = true;
    for (uint32_t left = chunk.resident; left;) {
      const int first = std::countr_zero(left);
      const int length = std::countr_one(left >> first);
      madvise(AddressOf(index, static_cast<size_t>(first)), static_cast<size_t>(length) * CellPage::kBytes, MADV_DONTNEED);
      if (first + length == 32) break;
      left &= ~uint32_t{0} << (first + length);
    }
  }
  chunk.resident = 0;
  pages_resident_ -= count;
  return count;
}

size_t CellSpace::Purge(size_t pages_max, bool all) {
  size_t done = 0;
  MutexLock hold(mutex_);
  // From the top, since pages are taken from the bottom.
  for (size_t i = chunks_.size(); i-- > 0 && done < pages_max && pages_resident_ > (all ? 0 : Reserve());) {
    if (chunks_[i].resident != 0) done += PurgeChunk(i);
  }
  return done;
}

CellSpace::Figures CellSpace::figures() const {
  MutexLock hold(mutex_);
  return {.pages_used = pages_used_, .pages_resident = pages_resident_};
}

}  // namespace tusk::base
