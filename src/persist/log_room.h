// LogRoom: room at the end of an append file that is made, and on disk, before it is needed, so that a batch which is written
// there changes no metadata, needs no commit of the file system's journal, and several may be on their way to the disk at once.
//
//   | commands as ever | opening mark | mark, batch | mark, batch | lines of room ... | <- made_to
//                                                                ^ end()
//
// Places are given out in order, batches come back in any, and count as done in order: before one that is missing nothing is
// promised. A batch goes only where a batch that is done has said that there is room: what reads the file after a power
// failure (AofReader) must know how far the torn end may reach. The room is taken off when it is left.
// Threads: caller-synchronised, but Write() and Spare() run without the lock. Owns: its handles of the file.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "io/file_system.h"
#include "persist/batch_mark.h"

namespace tusk::persist {

class LogRoom {
 public:
  // How much is made at first, and later at once: a slice keeps the disk from the batches for well under a millisecond.
  static constexpr uint64_t kFirstBytes = 1u << 20;
  static constexpr uint64_t kSliceBytes = 256u << 10;
  // How much lies ahead as a rule.
  static constexpr uint64_t kAheadBytes = 8u << 20;
  // A larger batch is better appended: its bytes, not its sync, are what costs.
  static constexpr uint64_t kBatchBytesMax = 128u << 10;

  enum class Failure : uint8_t { kNone, kNoRoom, kBroken };
  // Makes the first room at the end of `file`, for as many writers. Blocks for a sync. kNoRoom: the file is as it was;
  // kBroken: it is not, or a sync has failed.
  static std::unique_ptr<LogRoom> Make(io::File& file, size_t writers, Failure& failure, base::Status& status);

  struct Ticket {
    BatchMark mark;
    uint64_t serial = 0;
  };
  // What became of a batch that is done, in order.
  struct Done {
    uint64_t number = 0;  // As given to Take().
    uint64_t bytes = 0;
  };

  // Is there room for so many bytes of commands now?
  bool Fits(uint64_t bytes) const noexcept;
  // Fits(bytes) holds. `number` grows from call to call. Nothing needs to be written for a batch of no bytes.
  Ticket Take(uint64_t bytes, uint64_t number);
  // Without the lock; one call at a time for each writer. Blocks until the disk has it.
  base::Status Write(size_t writer, const Ticket& ticket, std::string_view commands);
  // It is on the disk. Those that are done by it now, in order.
  std::vector<Done> Complete(const Ticket& ticket);
  bool in_use() const noexcept { return !under_way_.empty(); }

  bool WantsMore() const noexcept { return made_to_ < end_ + kAheadBytes; }
  // Without the lock, by one thread: a slice more behind `file`, synced.
  static base::Status MakeMore(io::File& file);
  void NoteMade() noexcept { made_to_ += kSliceBytes; }

  uint64_t end() const noexcept { return end_; }
  // Not in use: the last mark, synced, and `file` without the rest. The room is used up.
  base::Status Close(io::File& file);

 private:
  struct UnderWay {
    Done done;
    uint64_t end;
    uint64_t room;
    bool complete = false;
  };
  LogRoom(uint64_t end, uint64_t made_to) noexcept : end_(end), synced_(end), usable_to_(made_to), made_to_(made_to) {}

  std::vector<std::unique_ptr<io::File>> handles_;  // One for each writer.
  std::deque<UnderWay> under_way_;
  uint64_t first_serial_ = 0;  // Of under_way_.front().
  uint64_t end_;
  uint64_t synced_;
  uint64_t usable_to_;
  uint64_t made_to_;
};

}  // namespace tusk::persist
