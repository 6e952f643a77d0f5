// ChangeQueue: units on their way from the thread that wrote them to whoever hands them on.
//
//   chunk                         record
//   +--------+--------+-- -+      +--------+-------+-------+----------------+-------------+
//   | record | record | .. |      | number | parts | bytes | Part[parts]    | bytes, padded |
//   +--------+--------+-- -+      +--------+-------+-------+----------------+-------------+
//     filled_to ^ published
//
// A unit lies in one piece; a chunk is as large as its first unit needs. Memory is bounded by whoever writes units (they are
// handed on after each round of a loop).
// Threads: one writer, one reader at a time; both may change hands with a synchronisation of their own. Owns: the chunks.
// What Next() gave is valid until Release().
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "store/change_unit.h"
#include "store/passing_bytes.h"

namespace tusk::store {

class ChangeQueue {
 public:
  // Chunks are counted as on their way out; `account` outlives the queue.
  explicit ChangeQueue(PassingBytes& account);
  ~ChangeQueue();
  ChangeQueue(const ChangeQueue&) = delete;
  ChangeQueue& operator=(const ChangeQueue&) = delete;

  // ---- The writer ----
  void Put(const ChangeUnit& unit);

  // ---- The reader ----
  // The number of the oldest unit that was not taken yet; 0: there is none now. O(1).
  uint64_t NextNumber() noexcept;
  // Takes it. There is one.
  ChangeUnit Next() noexcept;
  // What was taken is not looked at any more.
  void Release() noexcept;

  static constexpr size_t kChunkBytes = 128 * 1024;

 private:
  struct Chunk;
  struct Record;
  std::unique_ptr<Chunk> NewChunk(size_t room);
  void Grow(size_t room);
  void Recycle(std::unique_ptr<Chunk> chunk) noexcept;
  // False: nothing new. Otherwise read_at_ is a record's place.
  bool FindRecord() noexcept;

  PassingBytes& account_;
  // The writer's.
  Chunk* newest_;
  size_t written_to_ = 0;
  // The reader's, in a cache line of their own. Chunks are owned by the one before them, the first one by this.
  alignas(64) std::unique_ptr<Chunk> oldest_;  // Not released yet.
  Chunk* reading_;
  size_t read_at_ = 0;
  size_t known_to_ = 0;  // As far as `reading_` was seen to be filled.
  // An empty chunk for the writer's next one; exchanged by both.
  std::atomic<Chunk*> spare_{nullptr};
};

}  // namespace tusk::store
