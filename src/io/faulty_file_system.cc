#include "io/faulty_file_system.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/check.h"

namespace tusk::io {

using base::MutexLock;
using base::Result;
using base::Status;

struct FaultyFileSystem::Node {
  std::string bytes;   // As the process sees them.
  std::string stored;  // As they are on the disk.
  std::vector<std::pair<size_t, size_t>> lost;  // [begin, end) that a failed sync dropped.
  unsigned mode = kFileMode;
  bool is_directory = false;

  // `bytes` as a sync would store them.
  std::string Storable() const {
    std::string result = bytes;
    for (auto [begin, end] : lost) {
      end = std::min(end, result.size());
      if (begin < end) std::memset(result.data() + begin, 0, end - begin);
    }
    return result;
  }
};

namespace {

Status Failure(int error) { return {error == ENOENT ? base::Code::kNotFound : base::Code::kIo, std::strerror(error)}; }

std::string Normal(const std::string& path) {
  std::string normal = std::filesystem::path(path).lexically_normal();
  while (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  return normal;
}

}  // namespace

class FaultyFileSystem::Handle final : public File {
 public:
  Handle(FaultyFileSystem& disk, NodePtr node, uint64_t generation, std::string path, bool writable)
      : disk_(disk), node_(std::move(node)), generation_(generation), path_(std::move(path)), writable_(writable) {}

  Status Append(std::string_view bytes) override {
    CHECK(writable_);
    return disk_.Append(*node_, generation_, path_, bytes);
  }
  Status Sync() override { return disk_.Sync(*node_, generation_, path_); }
  void SyncRangeHint(uint64_t, uint64_t) noexcept override { disk_.hints_.fetch_add(1, std::memory_order_relaxed); }
  Status Overwrite(uint64_t offset, std::string_view bytes) override {
    CHECK(writable_);
    return disk_.Overwrite(*node_, generation_, path_, offset, bytes);
  }
  Result<std::unique_ptr<File>> Reopen() override {
    MutexLock lock(disk_.mutex_);
    RETURN_IF_ERROR(disk_.BeginStep(Operation::kOpenAppend, path_));
    return std::make_unique<Handle>(disk_, node_, generation_, path_, writable_);
  }
  Status Truncate(uint64_t size) override {
    CHECK(writable_);
    return disk_.Truncate(*node_, generation_, path_, size);
  }
  Result<size_t> Read(uint64_t offset, char* out, size_t size) override {
    return disk_.Read(*node_, generation_, path_, offset, out, size);
  }
  uint64_t size() const noexcept override { return disk_.SizeOf(*node_); }

 private:
  FaultyFileSystem& disk_;
  const NodePtr node_;
  const uint64_t generation_;
  const std::string path_;
  const bool writable_;
};

FaultyFileSystem::FaultyFileSystem(uint64_t seed) : random_(seed) {
  MutexLock lock(mutex_);
  for (const char* path : {".", "/"}) {
    auto node = std::make_shared<Node>();
    node->is_directory = true;
    node->mode = kDirectoryMode;
    seen_[path] = stored_[path] = std::move(node);
  }
}

FaultyFileSystem::~FaultyFileSystem() = default;

// ---- Faults ----

void FaultyFileSystem::FailAt(uint64_t nth, int error, uint64_t count) {
  CHECK(nth > 0);
  MutexLock lock(mutex_);
  fail_first_ = steps_.size() + nth;
  fail_count_ = count;
  fail_error_ = error;
  stops_ = false;
}

void FaultyFileSystem::StopAt(uint64_t nth) {
  FailAt(nth, EIO, kForever);
  MutexLock lock(mutex_);
  stops_ = true;
}

void FaultyFileSystem::SetCapacity(uint64_t bytes) {
  MutexLock lock(mutex_);
  capacity_ = bytes;
}

void FaultyFileSystem::Heal() {
  MutexLock lock(mutex_);
  fail_first_ = 0;
  stops_ = false;
  capacity_ = UINT64_MAX;
}

Status FaultyFileSystem::BeginStep(Operation operation, const std::string& path) {
  steps_.push_back({operation, path});
  const uint64_t number = steps_.size();
  if (fail_first_ == 0 || number < fail_first_ || number - fail_first_ >= fail_count_) return {};
  return Failure(fail_error_);
}

void FaultyFileSystem::Apply(const Changes& changes, Names& names) {
  for (const Change& change : changes) {
    if (change.node) {
      names[change.path] = change.node;
    } else {
      names.erase(change.path);
    }
  }
}

std::string FaultyFileSystem::AfterCrash(const Node& node, Loss loss) {
  if (loss == Loss::kNothing) return node.bytes;
  if (loss == Loss::kForget) return node.stored;
  std::string bytes = node.Storable();
  // A file that was cut and not synced: either state, nothing between.
  if (!bytes.starts_with(node.stored)) return random_.Below(2) == 0 ? node.stored : bytes;
  const uint64_t fresh = bytes.size() - node.stored.size();
  if (fresh == 0 || random_.Below(3) == 0) return bytes;
  bytes.resize(node.stored.size() + random_.Below(fresh + 1));
  const uint64_t kept = bytes.size() - node.stored.size();
  if (kept > 0 && random_.Below(3) == 0) {
    std::memset(bytes.data() + node.stored.size(), 0, 1 + random_.Below(kept));
  }
  return bytes;
}

void FaultyFileSystem::Crash(Loss loss) {
  MutexLock lock(mutex_);
  ++generation_;
  fail_first_ = 0;
  stops_ = false;
  capacity_ = UINT64_MAX;
  uint64_t kept = 0;
  if (loss == Loss::kNothing) kept = unsynced_.size();
  if (loss == Loss::kRandom) kept = random_.Below(unsynced_.size() + 1);
  for (uint64_t i = 0; i < kept; ++i) Apply(unsynced_[i], stored_);
  unsynced_.clear();
  // What lies in a directory that is not there any more is gone, too; a parent sorts before what it holds.
  for (auto it = stored_.begin(); it != stored_.end();) {
    it = stored_.contains(DirectoryOf(it->first)) ? std::next(it) : stored_.erase(it);
  }
  for (auto& [path, node] : stored_) {
    node->bytes = AfterCrash(*node, loss);
    // A killed process takes nothing from the disk, and brings nothing there.
    if (loss == Loss::kNothing) continue;
    node->stored = node->bytes;
    node->lost.clear();
  }
  seen_ = stored_;
}

// ---- Looking at it ----

std::vector<FaultyFileSystem::Step> FaultyFileSystem::steps() const {
  MutexLock lock(mutex_);
  return steps_;
}

std::string_view FaultyFileSystem::Name(Operation operation) noexcept {
  constexpr std::string_view kNames[] = {"create", "open to append", "open to read", "append", "sync", "truncate",
                                         "read", "rename", "remove", "make directory", "sync directory", "overwrite"};
  static_assert(std::size(kNames) == static_cast<size_t>(Operation::kOverwrite) + 1);
  return kNames[static_cast<size_t>(operation)];
}

std::optional<std::string> FaultyFileSystem::Content(const std::string& path) const {
  MutexLock lock(mutex_);
  auto found = seen_.find(Normal(path));
  if (found == seen_.end() || found->second->is_directory) return {};
  return found->second->bytes;
}

void FaultyFileSystem::Put(const std::string& path, std::string bytes) {
  MutexLock lock(mutex_);
  CHECK(stored_.contains(DirectoryOf(Normal(path))));
  auto node = std::make_shared<Node>();
  node->bytes = node->stored = std::move(bytes);
  seen_[Normal(path)] = stored_[Normal(path)] = std::move(node);
}

uint64_t FaultyFileSystem::BytesUsed() const {
  uint64_t sum = 0;
  for (const auto& [path, node] : seen_) sum += node->bytes.size();
  return sum;
}

// ---- Names ----

void FaultyFileSystem::Rename(Changes changes) {
  Apply(changes, seen_);
  unsynced_.push_back(std::move(changes));
}

Result<FaultyFileSystem::NodePtr> FaultyFileSystem::OpenNode(const std::string& path, Operation operation, bool create,
                                                             unsigned mode) {
  RETURN_IF_ERROR(BeginStep(operation, path));
  auto found = seen_.find(path);
  if (found != seen_.end()) {
    if (found->second->is_directory) return base::Error(Failure(EISDIR));
    return found->second;
  }
  auto parent = seen_.find(DirectoryOf(path));
  if (!create || parent == seen_.end()) return base::Error(Failure(ENOENT));
  if (!parent->second->is_directory) return base::Error(Failure(ENOTDIR));
  auto node = std::make_shared<Node>();
  node->mode = mode;
  Rename({{path, node}});
  return node;
}

Result<std::unique_ptr<File>> FaultyFileSystem::Create(const std::string& path, unsigned mode) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(NodePtr node, OpenNode(Normal(path), Operation::kCreate, true, mode));
  node->bytes.clear();
  node->lost.clear();
  return std::make_unique<Handle>(*this, std::move(node), generation_, Normal(path), true);
}

Result<std::unique_ptr<File>> FaultyFileSystem::OpenAppend(const std::string& path) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(NodePtr node, OpenNode(Normal(path), Operation::kOpenAppend, true, kFileMode));
  return std::make_unique<Handle>(*this, std::move(node), generation_, Normal(path), true);
}

Result<std::unique_ptr<File>> FaultyFileSystem::OpenRead(const std::string& path) {
  MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(NodePtr node, OpenNode(Normal(path), Operation::kOpenRead, false, 0));
  return std::make_unique<Handle>(*this, std::move(node), generation_, Normal(path), false);
}

Status FaultyFileSystem::Rename(const std::string& from, const std::string& to) {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(BeginStep(Operation::kRename, Normal(to)));
  auto found = seen_.find(Normal(from));
  if (found == seen_.end() || !seen_.contains(DirectoryOf(Normal(to)))) return Failure(ENOENT);
  CHECK(!found->second->is_directory);  // Nobody moves directories; what is in them would have to move along.
  NodePtr node = found->second;
  Rename({{Normal(from), nullptr}, {Normal(to), std::move(node)}});
  return {};
}

Status FaultyFileSystem::Remove(const std::string& path) {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(BeginStep(Operation::kRemove, Normal(path)));
  auto found = seen_.find(Normal(path));
  if (found == seen_.end()) return Failure(ENOENT);
  if (found->second->is_directory) return Failure(EISDIR);
  Rename({{Normal(path), nullptr}});
  return {};
}

Status FaultyFileSystem::MakeDirectory(const std::string& path, unsigned mode) {
  MutexLock lock(mutex_);
  RETURN_IF_ERROR(BeginStep(Operation::kMakeDirectory, Normal(path)));
  auto found = seen_.find(Normal(path));
  if (found != seen_.end()) return found->second->is_directory ? Status() : Failure(ENOTDIR);
  if (!seen_.contains(DirectoryOf(Normal(path)))) return Failure(ENOENT);
  auto node = std::make_shared<Node>();
  node->is_directory = true;
  node->mode = mode;
  Rename({{Normal(path), std::move(node)}});
  return {};
}

Status FaultyFileSystem::SyncDirectory(const std::string& path) {
  MutexLock lock(mutex_);
  const std::string directory = Normal(path);
  RETURN_IF_ERROR(BeginStep(Operation::kSyncDirectory, directory));
  if (!seen_.contains(directory)) return Failure(ENOENT);
  std::erase_if(unsynced_, [&](const Changes& changes) NO_THREAD_SAFETY_ANALYSIS {
    const bool here = std::any_of(changes.begin(), changes.end(),
                                  [&](const Change& change) { return DirectoryOf(change.path) == directory; });
    if (here) Apply(changes, stored_);
    return here;
  });
  return {};
}

Result<std::vector<std::string>> FaultyFileSystem::List(const std::string& path) {
  MutexLock lock(mutex_);
  const std::string directory = Normal(path);
  if (!seen_.contains(directory)) return base::Error(Failure(ENOENT));
  std::vector<std::string> names;
  for (const auto& [name, node] : seen_) {
    if (name != directory && DirectoryOf(name) == directory) names.push_back(std::filesystem::path(name).filename());
  }
  return names;
}

Result<FileInfo> FaultyFileSystem::Stat(const std::string& path) {
  MutexLock lock(mutex_);
  auto found = seen_.find(Normal(path));
  if (found == seen_.end()) return base::Error(Failure(ENOENT));
  const Node& node = *found->second;
  return FileInfo{.size = node.bytes.size(), .mode = node.mode, .is_directory = node.is_directory};
}

// ---- Bytes ----

Status FaultyFileSystem::Append(Node& node, uint64_t generation, const std::string& path, std::string_view bytes) {
  MutexLock lock(mutex_);
  if (generation != generation_) return Failure(EIO);
  const bool stopped = stops_ && steps_.size() >= fail_first_;
  Status failure = BeginStep(Operation::kAppend, path);
  size_t taken = bytes.size();
  if (!failure.ok()) taken = stopped ? 0 : random_.Below(bytes.size() + 1);
  const uint64_t used = BytesUsed();
  const uint64_t room = capacity_ > used ? capacity_ - used : 0;
  if (taken > room) {
    taken = room;
    failure = Failure(ENOSPC);
  }
  node.bytes.append(bytes.substr(0, taken));
  return failure;
}

Status FaultyFileSystem::Sync(Node& node, uint64_t generation, const std::string& path) {
  MutexLock lock(mutex_);
  if (generation != generation_) return Failure(EIO);
  Status failure = BeginStep(Operation::kSync, path);
  if (failure.ok()) {
    node.stored = node.Storable();
  } else if (!stops_ && node.bytes.size() > node.stored.size()) {
    node.lost.emplace_back(node.stored.size(), node.bytes.size());
  }
  return failure;
}

Status FaultyFileSystem::Overwrite(Node& node, uint64_t generation, const std::string& path, uint64_t offset,
                                   std::string_view bytes) {
  MutexLock lock(mutex_);
  if (generation != generation_) return Failure(EIO);
  CHECK(offset + bytes.size() <= node.bytes.size());
  const bool stopped = stops_ && steps_.size() >= fail_first_;
  Status failure = BeginStep(Operation::kOverwrite, path);
  if (stopped) return failure;
  for (size_t at = 0; at < bytes.size(); at += kBlockBytes) {
    const std::string_view block = bytes.substr(at, kBlockBytes);
    if (!failure.ok() && random_.Below(2) == 0) continue;
    node.bytes.replace(offset + at, block.size(), block);
    if (offset + at + block.size() <= node.stored.size()) node.stored.replace(offset + at, block.size(), block);
  }
  return failure;
}

Status FaultyFileSystem::Truncate(Node& node, uint64_t generation, const std::string& path, uint64_t size) {
  MutexLock lock(mutex_);
  if (generation != generation_) return Failure(EIO);
  RETURN_IF_ERROR(BeginStep(Operation::kTruncate, path));
  CHECK(size <= node.bytes.size());
  node.bytes.resize(size);
  // What is written there again is new.
  std::erase_if(node.lost, [&](const auto& range) { return range.first >= size; });
  for (auto& range : node.lost) range.second = std::min<size_t>(range.second, size);
  return {};
}

Result<size_t> FaultyFileSystem::Read(const Node& node, uint64_t generation, const std::string& path, uint64_t offset,
                                      char* out, size_t size) {
  MutexLock lock(mutex_);
  if (generation != generation_) return base::Error(Failure(EIO));
  RETURN_IF_ERROR(BeginStep(Operation::kRead, path));
  if (offset >= node.bytes.size()) return size_t{0};
  const size_t count = std::min<size_t>(size, node.bytes.size() - offset);
  std::memcpy(out, node.bytes.data() + offset, count);
  return count;
}

uint64_t FaultyFileSystem::SizeOf(const Node& node) const {
  MutexLock lock(mutex_);
  return node.bytes.size();
}

}  // namespace tusk::io
