#include "store/change_queue.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/memory.h"

namespace tusk::store {
namespace {

constexpr size_t RoundUp(size_t bytes) noexcept { return (bytes + 7) & ~size_t{7}; }

}  // namespace

struct ChangeQueue::Record {
  uint64_t number;
  uint64_t parts;
  uint64_t bytes;
};

struct ChangeQueue::Chunk {
  Chunk(PassingBytes& to, size_t bytes)
      : size(bytes), words(std::make_unique_for_overwrite<uint64_t[]>(bytes / sizeof(uint64_t))), account(to) {
    account.Add(base::AllocatedSize(words.get()));
  }
  ~Chunk() {
    const size_t bytes = base::AllocatedSize(words.get());
    words.reset();
    account.Remove(bytes);
  }
  Chunk(const Chunk&) = delete;
  Chunk& operator=(const Chunk&) = delete;

  // Both publish records to the reader, which loads with acquire: how far they are whole, and that more follow elsewhere.
  std::atomic<size_t> filled_to{0};
  std::atomic<Chunk*> next{nullptr};
  const size_t size;
  std::unique_ptr<uint64_t[]> words;
  PassingBytes& account;
  std::byte* data() noexcept { return reinterpret_cast<std::byte*>(words.get()); }
};

ChangeQueue::ChangeQueue(PassingBytes& account) : account_(account), oldest_(NewChunk(0)) { newest_ = reading_ = oldest_.get(); }

ChangeQueue::~ChangeQueue() {
  while (oldest_) oldest_.reset(oldest_->next.load(std::memory_order_acquire));
  std::unique_ptr<Chunk> spare(spare_.load(std::memory_order_acquire));
}

std::unique_ptr<ChangeQueue::Chunk> ChangeQueue::NewChunk(size_t room) {
  return std::make_unique<Chunk>(account_, std::max(room, kChunkBytes));
}

// ---- The writer ----

void ChangeQueue::Grow(size_t room) {
  std::unique_ptr<Chunk> chunk;
  if (room <= kChunkBytes) chunk.reset(spare_.exchange(nullptr, std::memory_order_acquire));
  if (!chunk) chunk = NewChunk(room);
  // From here on the chunk before it owns it.
  Chunk* next = chunk.release();
  newest_->next.store(next, std::memory_order_release);
  newest_ = next;
  written_to_ = 0;
}

void ChangeQueue::Put(const ChangeUnit& unit) {
  static_assert(alignof(ChangeUnit::Part) <= alignof(uint64_t) && sizeof(Record) % alignof(uint64_t) == 0);
  DCHECK(unit.number != 0 && !unit.parts.empty() && unit.parts.back().end == unit.bytes.size());
  const size_t part_bytes = unit.parts.size_bytes();
  const size_t room = RoundUp(sizeof(Record) + part_bytes + unit.bytes.size());
  if (newest_->size - written_to_ < room) [[unlikely]] Grow(room);
  const Record record{unit.number, unit.parts.size(), unit.bytes.size()};
  std::byte* at = newest_->data() + written_to_;
  std::memcpy(at, &record, sizeof record);
  std::memcpy(at + sizeof record, unit.parts.data(), part_bytes);
  std::memcpy(at + sizeof record + part_bytes, unit.bytes.data(), unit.bytes.size());
  written_to_ += room;
  newest_->filled_to.store(written_to_, std::memory_order_release);
}

// ---- The reader ----

bool ChangeQueue::FindRecord() noexcept {
  while (read_at_ == known_to_) {
    // In this order: once there is a next chunk, this one does not grow any more.
    Chunk* next = reading_->next.load(std::memory_order_acquire);
    known_to_ = reading_->filled_to.load(std::memory_order_acquire);
    if (read_at_ != known_to_) break;
    if (next == nullptr) return false;
    reading_ = next;
    read_at_ = known_to_ = 0;
  }
  return true;
}

uint64_t ChangeQueue::NextNumber() noexcept {
  if (!FindRecord()) return 0;
  Record record;
  std::memcpy(&record, reading_->data() + read_at_, sizeof record);
  return record.number;
}

ChangeUnit ChangeQueue::Next() noexcept {
  DCHECK(read_at_ < known_to_);
  const std::byte* at = reading_->data() + read_at_;
  Record record;
  std::memcpy(&record, at, sizeof record);
  const size_t part_bytes = record.parts * sizeof(ChangeUnit::Part);
  read_at_ += RoundUp(sizeof record + part_bytes + record.bytes);
  DCHECK(read_at_ <= known_to_);
  // Written there by memcpy from an array of parts, aligned like one.
  const auto* parts = reinterpret_cast<const ChangeUnit::Part*>(at + sizeof record);
  const auto* bytes = reinterpret_cast<const char*>(at + sizeof record + part_bytes);
  return {record.number, {bytes, record.bytes}, {parts, record.parts}};
}

void ChangeQueue::Release() noexcept {
  while (oldest_.get() != reading_) {
    std::unique_ptr<Chunk> done = std::move(oldest_);
    oldest_.reset(done->next.load(std::memory_order_acquire));
    Recycle(std::move(done));
  }
}

void ChangeQueue::Recycle(std::unique_ptr<Chunk> chunk) noexcept {
  if (chunk->size != kChunkBytes) return;
  chunk->next.store(nullptr, std::memory_order_relaxed);
  chunk->filled_to.store(0, std::memory_order_relaxed);
  std::unique_ptr<Chunk> surplus(spare_.exchange(chunk.release(), std::memory_order_acq_rel));
}

}  // namespace tusk::store
