#include "persist/loader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "base/numbers.h"
#include "base/unique_fd.h"

namespace tusk::persist {
namespace {

// So often somebody looks whether the log wants to know how far the load is.
constexpr uint64_t kKeysPerTell = 1024;

class FileSource final : public codec::ByteSource {
 public:
  explicit FileSource(int fd) noexcept : fd_(fd) {}
  base::Result<size_t> Read(char* out, size_t size) override {
    for (;;) {
      ssize_t count = ::read(fd_, out, size);
      if (count >= 0) return static_cast<size_t>(count);
      if (errno != EINTR) return base::Error(base::Status::Errno("read", errno));
    }
  }

 private:
  int fd_;
};

}  // namespace

Loader::Progress Loader::progress() const noexcept {
  return {.bytes_total = bytes_total_.load(std::memory_order_relaxed),
          .bytes_loaded = bytes_loaded_.load(std::memory_order_relaxed),
          .keys_loaded = keys_loaded_.load(std::memory_order_relaxed),
          .keys_expired = keys_expired_.load(std::memory_order_relaxed),
          .memory_when_saved = memory_when_saved_.load(std::memory_order_relaxed),
          .started_unix_seconds = started_unix_seconds_.load(std::memory_order_relaxed)};
}

base::Status Loader::LoadFile(const std::string& path, store::Transaction& transaction) {
  base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid() && errno == ENOENT) return base::Status::NotFound(path);
  if (!fd.valid()) return base::Status::Errno("Can't open " + path, errno);
  struct stat facts;
  if (::fstat(fd.get(), &facts) != 0) return base::Status::Errno("Can't read " + path, errno);
  if (!S_ISREG(facts.st_mode)) return base::Status::Invalid(path + " is no regular file");
  ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  auto size = static_cast<uint64_t>(facts.st_size);
  bytes_total_.store(size, std::memory_order_relaxed);
  FileSource source(fd.get());
  codec::Reader reader(source, size);
  return LoadFrom(reader, transaction);
}

base::Status Loader::LoadFrom(codec::Reader& reader, store::Transaction& transaction) {
  store::Keyspace& keyspace = *o_.keyspace;
  transaction_ = &transaction;
  reader_ = &reader;
  now_ms_ = keyspace.clock().UnixMillis();
  telling_.emplace("RDB", o_.log, keyspace.clock());
  started_unix_seconds_.store(now_ms_ / 1000, std::memory_order_relaxed);
  placer_.reset();
  if (!transaction.holds_all()) placer_.emplace(keyspace, PlaceOptions{o_.replace, now_ms_}, o_.helpers);
  codec::DatasetReadOptions options{.limits = codec::EncodingLimits(keyspace.settings()),
                                    .databases = keyspace.databases()};
  base::Status status = ReadDataset(reader, options, *this);
  if (placer_) {
    base::Status placed = placer_->Finish();
    if (status.ok()) status = std::move(placed);
    placer_.reset();
  }
  if (status.ok()) TellEnd();
  return status;
}

void Loader::TellEnd() {
  if (!o_.log) return;
  o_.log->Notice("Done loading RDB, keys loaded: {}, keys expired: {}{}.", keys_loaded_.load(std::memory_order_relaxed),
                 keys_expired_.load(std::memory_order_relaxed),
                 empty_keys_ != 0 ? fmt::format(", empty keys skipped: {}", empty_keys_) : "");
}

void Loader::TellMoment(std::string_view name, std::string_view value) {
  constexpr size_t kReplidDigits = 40;
  if (name == "repl-id" && value.size() == kReplidDigits) replid_ = value;
  if (name == "repl-offset") {
    std::optional<int64_t> offset = base::ParseInt64(value);
    if (offset && *offset >= 0) replication_offset_ = static_cast<uint64_t>(*offset);
  }
  if (!o_.on_moment || moment_told_ || replid_.empty() || !replication_offset_) return;
  moment_told_ = true;
  o_.on_moment(replid_, *replication_offset_);
}

void Loader::OnFact(std::string_view name, std::string_view value) {
  TellMoment(name, value);
  std::optional<int64_t> number = base::ParseInt64(value);
  if (name == "used-mem" && number) memory_when_saved_.store(static_cast<uint64_t>(*number), std::memory_order_relaxed);
  if (!o_.log) return;
  constexpr double kMegabyte = 1 << 20;
  if (name == "redis-ver") {
    o_.log->Notice("Loading RDB produced by version {}", value);
  } else if (name == "ctime" && number) {
    o_.log->Notice("RDB age {} seconds", std::max<int64_t>(now_ms_ / 1000 - *number, 0));
  } else if (name == "used-mem" && number) {
    o_.log->Notice("RDB memory usage when created {:.2f} Mb", static_cast<double>(*number) / kMegabyte);
  }
}

base::Status Loader::OnFunction(std::string_view code) {
  if (!o_.on_function) return base::Status::Invalid("The file holds functions, which cannot be loaded here");
  return o_.on_function(code);
}

base::Status Loader::OnKey(codec::LoadedKey& loaded) {
  if (stop_.load(std::memory_order_relaxed)) return base::Status::Unavailable("loading was stopped");
  bytes_loaded_.store(reader_->offset(), std::memory_order_relaxed);
  if (loaded.deadline_ms != store::Entry::kNoDeadline && loaded.deadline_ms <= now_ms_ && !o_.keep_expired) {
    keys_expired_.fetch_add(1, std::memory_order_relaxed);
    if (moment_told_ && o_.on_expired) o_.on_expired(loaded.db, loaded.key);
    return {};
  }
  base::Status status = placer_ ? placer_->Add(loaded, reader_->offset())
                                : PlaceKey(*transaction_, {o_.replace, now_ms_}, loaded, store::Key::Of(loaded.key),
                                           reader_->offset());
  const uint64_t keys = keys_loaded_.fetch_add(1, std::memory_order_relaxed);
  if (keys % kKeysPerTell == 0) {
    const uint64_t left = reader_->left();
    telling_->Tell(reader_->offset(), reader_->offset() + (left == codec::Reader::kSizeUnknown ? 0 : left), keys, "keys");
  }
  Delay();
  return status;
}

// key-load-delay, for tests: makes a small file slow to load.
void Loader::Delay() const {
  int64_t delay = o_.keyspace->settings().key_load_delay;
  if (delay > 0) {
    std::this_thread::sleep_for(std::chrono::microseconds(delay));
  } else if (delay < 0 && keys_loaded_.load(std::memory_order_relaxed) % static_cast<uint64_t>(-delay) == 0) {
    std::this_thread::sleep_for(std::chrono::microseconds(1));
  }
}

void Loader::OnEmptyKey(std::string_view key) {
  constexpr uint64_t kToldMax = 10;
  if (++empty_keys_ <= kToldMax && o_.log) o_.log->Notice("rdbLoadObject skipping empty key: {}", key);
}

void Loader::OnNoChecksum() {
  if (o_.log) o_.log->Notice("RDB file was saved with checksum disabled: no check performed.");
}

}  // namespace tusk::persist
