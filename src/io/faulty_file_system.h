// FaultyFileSystem: a disk in memory that fails, fills up and forgets on command; the files of tests.
//
// It keeps two worlds apart: what the process sees, and what is on the disk. Bytes pass from the first to the second by
// File::Sync(), names (created, renamed, removed) by SyncDirectory(). Crash() throws the first world away.
//
//   FaultyFileSystem disk;                 every step once:  for (n = 1; n <= steps of a clean run; ++n)
//   Work(disk);                                                disk.FailAt(n, EIO); Work(disk); ...
//   size_t steps = disk.steps().size();                     or disk.StopAt(n); Work(disk); disk.Crash(kForget); ...
//
// Every call except Stat and List is a step; steps count from 1. At the start there are the directories "." and "/".
// Threads: thread-safe, Files included. Owns: every byte. A File may outlive neither it nor, usefully, a Crash().
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/random.h"
#include "io/file_system.h"

namespace tusk::io {

class FaultyFileSystem final : public FileSystem {
 public:
  // `seed` decides what the random crashes and torn writes keep.
  explicit FaultyFileSystem(uint64_t seed = 1);
  ~FaultyFileSystem() override;

  // ---- Faults ----

  static constexpr uint64_t kForever = UINT64_MAX;
  // From now on, the n-th step (and `count - 1` after it) fails with that errno; a write leaves a random beginning of its
  // bytes, an Overwrite() any of its blocks. A Sync() that fails loses the bytes it should have saved: a later one that works leaves zeros in their place.
  void FailAt(uint64_t nth, int error, uint64_t count = 1);
  // As if the machine stopped in the n-th step from now: it and all that follow fail and change nothing, except that the
  // n-th, when it is a write, leaves a random beginning of its bytes, or any blocks of an Overwrite(). Lasts until Crash() or
  // Heal().
  void StopAt(uint64_t nth);
  // What an Overwrite() that is cut off leaves, or leaves as it was, as a whole.
  static constexpr uint64_t kBlockBytes = 64;
  // The bytes of all files together; a write that needs more leaves what fits and fails with ENOSPC.
  void SetCapacity(uint64_t bytes);
  // No faults from now on, and no bound on space. The files stay as they are.
  void Heal();

  enum class Loss : unsigned char {
    kNothing,  // The process was killed: what the kernel has seen stays.
    kForget,   // Power failed: only what was synced is there.
    kRandom,   // Power failed, but some of the unsynced bytes and names made it, in the order of a journal; of the last
               // bytes of a file a beginning, or a hole of zeros and what comes after it.
  };
  // Every open File is dead afterwards. Heals.
  void Crash(Loss loss);

  // ---- Looking at it ----

  enum class Operation : unsigned char {
    kCreate, kOpenAppend, kOpenRead, kAppend, kSync, kTruncate, kRead, kRename, kRemove, kMakeDirectory, kSyncDirectory,
    kOverwrite,
  };
  struct Step {
    Operation operation;
    std::string path;
  };
  // All steps so far, those that failed included.
  std::vector<Step> steps() const;
  // How often SyncRangeHint() has been called; it is no step.
  uint64_t hints() const noexcept { return hints_.load(std::memory_order_relaxed); }
  static std::string_view Name(Operation operation) noexcept;
  // What the process sees; empty when there is no such file.
  std::optional<std::string> Content(const std::string& path) const;
  // Puts a file there that is on the disk already. No step.
  void Put(const std::string& path, std::string bytes);

  // ---- FileSystem ----

  base::Result<std::unique_ptr<File>> Create(const std::string& path, unsigned mode) override;
  base::Result<std::unique_ptr<File>> OpenAppend(const std::string& path) override;
  base::Result<std::unique_ptr<File>> OpenRead(const std::string& path) override;
  base::Status Rename(const std::string& from, const std::string& to) override;
  base::Status Remove(const std::string& path) override;
  base::Status MakeDirectory(const std::string& path, unsigned mode) override;
  base::Status SyncDirectory(const std::string& path) override;
  base::Result<std::vector<std::string>> List(const std::string& path) override;
  base::Result<FileInfo> Stat(const std::string& path) override;

 private:
  class Handle;
  struct Node;
  using NodePtr = std::shared_ptr<Node>;  // Shared by both worlds, open files, and changes on their way between them.
  using Names = std::map<std::string, NodePtr>;
  // Names that change together; a null node is a name that goes.
  struct Change {
    std::string path;
    NodePtr node;
  };
  using Changes = std::vector<Change>;

  // Notes the step and says whether it fails.
  base::Status BeginStep(Operation operation, const std::string& path) REQUIRES(mutex_);
  base::Result<NodePtr> OpenNode(const std::string& path, Operation operation, bool create, unsigned mode) REQUIRES(mutex_);
  void Rename(Changes changes) REQUIRES(mutex_);
  uint64_t BytesUsed() const REQUIRES(mutex_);
  std::string AfterCrash(const Node& node, Loss loss) REQUIRES(mutex_);
  static void Apply(const Changes& changes, Names& names);

  base::Status Append(Node& node, uint64_t generation, const std::string& path, std::string_view bytes);
  base::Status Sync(Node& node, uint64_t generation, const std::string& path);
  base::Status Overwrite(Node& node, uint64_t generation, const std::string& path, uint64_t offset, std::string_view bytes);
  base::Status Truncate(Node& node, uint64_t generation, const std::string& path, uint64_t size);
  base::Result<size_t> Read(const Node& node, uint64_t generation, const std::string& path, uint64_t offset, char* out,
                            size_t size);
  uint64_t SizeOf(const Node& node) const;

  std::atomic<uint64_t> hints_{0};  // For itself: relaxed.
  mutable base::Mutex mutex_;
  base::Random random_ GUARDED_BY(mutex_);
  Names seen_ GUARDED_BY(mutex_);
  Names stored_ GUARDED_BY(mutex_);
  std::vector<Changes> unsynced_ GUARDED_BY(mutex_);  // What seen_ has over stored_, in order.
  std::vector<Step> steps_ GUARDED_BY(mutex_);
  uint64_t generation_ GUARDED_BY(mutex_) = 0;  // Crashes so far; a File of an earlier one is dead.
  uint64_t fail_first_ GUARDED_BY(mutex_) = 0;  // Step numbers; 0: none.
  uint64_t fail_count_ GUARDED_BY(mutex_) = 0;
  int fail_error_ GUARDED_BY(mutex_) = 0;
  bool stops_ GUARDED_BY(mutex_) = false;  // The failure is a stop of the machine.
  uint64_t capacity_ GUARDED_BY(mutex_) = UINT64_MAX;
};

}  // namespace tusk::io
