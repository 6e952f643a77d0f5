#include "engine/log_replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/check.h"
#include "command/command_table.h"
#include "command/executor.h"
#include "command/services.h"
#include "command/worker.h"
#include "persist/file_source.h"
#include "resp/reply.h"
#include "store/keyspace.h"

namespace tusk::engine {
namespace {

using base::Status;

constexpr std::string_view kRdbMagic = "REDIS";
// Commands that answer with an error are told of so often.
constexpr uint64_t kFailuresTold = 10;

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

// How the commands of a part ended.
struct LogReplay::Tail {
  bool torn = false;
  uint64_t good_to = 0;   // The place behind the last complete command, or before a transaction without an end.
  uint64_t commands = 0;  // Complete ones behind that place: of the transaction.
  std::string closing;    // What belongs there when the rest is cut off (persist::AofReader::ClosingMark).
};

LogReplay::LogReplay(Options options) : o_(std::move(options)) {
  session_.from_master = true;
  o_.worker->transaction().SetFromMaster(true);
  o_.worker->transaction().SetSilent(true);
}

LogReplay::~LogReplay() = default;

void LogReplay::Stop() noexcept {
  stop_.store(true, std::memory_order_relaxed);
  base::MutexLock lock(mutex_);
  if (loader_) loader_->Stop();
}

persist::Loader::Progress LogReplay::progress() const {
  persist::Loader::Progress progress{};
  {
    base::MutexLock lock(mutex_);
    if (loader_) progress = loader_->progress();
  }
  const uint64_t part = std::max(progress.bytes_loaded, bytes_part_.load(std::memory_order_relaxed));
  progress.bytes_loaded = bytes_done_.load(std::memory_order_relaxed) + part;
  progress.bytes_total = bytes_total_.load(std::memory_order_relaxed);
  progress.started_unix_seconds = started_unix_seconds_.load(std::memory_order_relaxed);
  return progress;
}

Status LogReplay::Run(const std::vector<Part>& parts) {
  const base::Clock& clock = o_.services->keyspace->clock();
  DCHECK(o_.services->keyspace->settings().loading);
  started_unix_seconds_.store(clock.UnixMillis() / 1000, std::memory_order_relaxed);
  telling_.emplace("AOF", o_.log, clock);
  // A rewrite names its new increment before anything is in it: what follows the last file with content is no reason
  // against cutting that.
  size_t last = 0;
  uint64_t total = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    base::Result<io::FileInfo> info = o_.files->Stat(parts[i].path);
    if (!info) {
      return io::Explain(fmt::format("Fatal error: can't open the append log file {} for reading", parts[i].name), info.error());
    }
    total += info->size;
    if (info->size != 0) last = i;
  }
  bytes_total_.store(total, std::memory_order_relaxed);
  for (size_t i = 0; i < parts.size(); ++i) RETURN_IF_ERROR(RunPart(parts[i], i >= last));
  if (failed_ != 0 && o_.log) o_.log->Warning("{} commands of the append log answered with an error", failed_);
  return {};
}

Status LogReplay::RunPart(const Part& part, bool is_last) {
  const auto started = std::chrono::steady_clock::now();
  base::Result<std::unique_ptr<io::File>> file = o_.files->OpenRead(part.path);
  if (!file) {
    return io::Explain(fmt::format("Fatal error: can't open the append log file {} for reading", part.name), file.error());
  }
  const uint64_t size = (*file)->size();
  session_.db = 0;
  char magic[kRdbMagic.size()];
  base::Result<size_t> count = (*file)->Read(0, magic, sizeof magic);
  if (!count) return io::Explain("Unrecoverable error reading the append only file " + part.name, count.error());
  uint64_t offset = 0;
  if (std::string_view(magic, *count) == kRdbMagic) RETURN_IF_ERROR(LoadPreamble(**file, part, offset));
  Tail tail;
  RETURN_IF_ERROR(RunCommands(**file, part, offset, tail));
  if (tail.torn) {
    if (!is_last) {
      return Status::Invalid(fmt::format(
          "Fatal error: the append only file {} ends too early at offset {}, and it is not the last one. Make a backup, then "
          "use 'tusk check --fix' or redis-check-aof --fix.",
          part.name, tail.good_to));
    }
    RETURN_IF_ERROR(CutTail(part, tail, size));
  } else if (is_last && tail.good_to < size) {
    if (o_.log) o_.log->Notice("Taking {} bytes of unused room off the AOF file {}", size - tail.good_to, part.name);
    Status status = Cut(part, tail);
    if (!status.ok()) return io::Explain("Error truncating the AOF file " + part.name, status);
  }
  bytes_part_.store(0, std::memory_order_relaxed);
  bytes_done_.fetch_add(size, std::memory_order_relaxed);
  if (o_.log && size != 0) {
    o_.log->Notice("DB loaded from {} file {}: {:.3f} seconds", part.is_base ? "base" : "incr", part.name, SecondsSince(started));
  }
  return {};
}

Status LogReplay::LoadPreamble(io::File& file, const Part& part, uint64_t& offset) {
  if (o_.log) o_.log->Notice("Reading RDB base file on AOF loading...");
  persist::FileSource source(file);
  codec::Reader reader(source, file.size());
  std::shared_ptr<persist::Loader> loader = o_.new_loader();
  {
    base::MutexLock lock(mutex_);
    loader_ = loader;
    if (stop_.load(std::memory_order_relaxed)) loader->Stop();
  }
  Status status = loader->LoadFrom(reader, o_.worker->transaction());
  o_.worker->transaction().Reset();
  offset = reader.offset();
  {
    base::MutexLock lock(mutex_);
    loader_ = nullptr;
  }
  if (status.ok() || status.code() == base::Code::kUnavailable) return status;
  return {status.code(), fmt::format("Error reading the RDB preamble of the AOF file {}, AOF loading aborted: {}", part.name,
                                     status.message())};
}

Status LogReplay::RunCommands(io::File& file, const Part& part, uint64_t offset, Tail& tail) {
  using Item = persist::AofReader::Item;
  persist::AofReader reader(file, offset);
  uint64_t transaction_begin = 0;
  for (;;) {
    if (stop_.load(std::memory_order_relaxed)) return Status::Unavailable("loading was stopped");
    const Item item = reader.Next();
    switch (item) {
      case Item::kAnnotation: continue;
      case Item::kCommand: break;
      case Item::kEnd:
      case Item::kTruncated:
        tail.torn = item == Item::kTruncated || session_.in_multi;
        tail.good_to = session_.in_multi ? transaction_begin : reader.content_end();
        if (!session_.in_multi) tail.closing = reader.ClosingMark();
        tail.commands = session_.in_multi ? session_.queue.size() + 1 : 0;
        session_.in_multi = session_.multi_failed = false;
        session_.queue.clear();
        session_.queue_bytes = 0;
        return {};
      case Item::kDamaged:
        return Status::Invalid(fmt::format(
            "Bad file format reading the append only file {} at offset {} ({}): make a backup of your AOF file, then use "
            "'tusk check --fix' or redis-check-aof --fix <filename.manifest>",
            part.name, reader.begin(), reader.problem()));
      case Item::kUnread:
        return {base::Code::kIo, fmt::format("Unrecoverable error reading the append only file {} at offset {}: {}", part.name,
                                             reader.begin(), reader.problem())};
    }
    if (!session_.in_multi) transaction_begin = reader.begin();
    RETURN_IF_ERROR(Execute(part, reader));
    bytes_part_.store(reader.end(), std::memory_order_relaxed);
    constexpr uint64_t kLookEvery = 4096;
    if (++commands_ % kLookEvery == 0) {
      const persist::Loader::Progress at = progress();
      telling_->Tell(at.bytes_loaded, at.bytes_total, commands_, "commands");
    }
  }
}

Status LogReplay::Execute(const Part& part, const persist::AofReader& reader) {
  resp::OutputBuffer out;
  resp::Reply reply(out, session_.protocol);
  command::Request request{reader.argv(), nullptr, {}, false};
  o_.services->executor->Resolve(request);
  if (request.command == nullptr) {
    return Status::Invalid(fmt::format("Unknown command '{}' reading the append only file {}", reader.argv()[0], part.name));
  }
  while (o_.services->executor->Execute(*o_.worker, session_, request, reply) == command::Outcome::kParked) {
  }
  if (reply.error_count() == 0) return {};
  if (++failed_ <= kFailuresTold && o_.log) {
    std::string answer = out.ToString();
    answer.resize(answer.find_last_not_of("\r\n") + 1);
    o_.log->Warning("The command '{}' at offset {} of the append only file {} answered: {}", reader.argv()[0], reader.begin(),
                    part.name, answer);
  }
  return {};
}

Status LogReplay::Cut(const Part& part, const Tail& tail) {
  ASSIGN_OR_RETURN(std::unique_ptr<io::File> file, o_.files->OpenAppend(part.path));
  RETURN_IF_ERROR(file->Truncate(tail.good_to));
  if (!tail.closing.empty()) RETURN_IF_ERROR(file->Append(tail.closing));
  return file->Sync();
}

Status LogReplay::CutTail(const Part& part, const Tail& tail, uint64_t size) {
  if (!o_.cut_torn_tail) {
    return Status::Invalid(fmt::format(
        "Unexpected end of file reading the append only file {}. You can: 1) Make a backup of your AOF file, then use 'tusk "
        "check --fix' or redis-check-aof --fix <filename.manifest>. 2) Alternatively you can set the 'aof-load-truncated' "
        "configuration option to yes and restart the server.",
        part.name));
  }
  if (o_.log) {
    o_.log->Warning("!!! Warning: short read while loading the AOF file {}!!!", part.name);
    if (tail.commands != 0) {
      o_.log->Warning("Revert incomplete MULTI/EXEC transaction from AOF file {}", part.name);
    }
    o_.log->Warning("Truncating the AOF {} at offset {}: {} bytes with {} complete commands are cut off", part.name,
                    tail.good_to, size - tail.good_to, tail.commands);
  }
  Status status = Cut(part, tail);
  if (!status.ok()) return io::Explain("Error truncating the AOF file " + part.name, status);
  if (o_.log) o_.log->Warning("AOF {} loaded anyway because aof-load-truncated is enabled", part.name);
  return {};
}

}  // namespace tusk::engine
