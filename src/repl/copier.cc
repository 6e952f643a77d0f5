#include "repl/copier.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "base/random.h"
#include "codec/byte_stream.h"
#include "command/services.h"
#include "store/keyspace.h"
#include "store/transaction.h"

namespace tusk::repl {
namespace {

constexpr size_t kChunkBytes = 256 << 10;
constexpr size_t kMarkDigits = 40;
constexpr std::chrono::milliseconds kRoomPoll{1};
constexpr int64_t kMillis = 1000;

}  // namespace

// A replica that is being copied to, with what is on its way to it.
struct Copier::Target {
  uint64_t session_id = 0;
  bool with_greeting = false;
  uint64_t sent_before = 0;  // By its connection, ahead of the copy.
  uint64_t pushed = 0;
  bool gone = false;
};

// Cuts the copy into chunks and sends each to every target; the slowest sets the pace. With `spool` they are kept until
// SendSpooled().
class Copier::Sink final : public codec::ByteSink {
 public:
  Sink(Copier& copier, std::vector<Target>& targets, bool spool) : copier_(copier), targets_(targets), spool_(spool) {}

  base::Status Write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const size_t count = std::min(bytes.size(), kChunkBytes - chunk_.size());
      chunk_.append(bytes.substr(0, count));
      bytes.remove_prefix(count);
      if (chunk_.size() == kChunkBytes) RETURN_IF_ERROR(EndChunk());
    }
    return {};
  }

  base::Status EndChunk() {
    total_bytes_ += chunk_.size();
    auto chunk = copier_.services_.keyspace->passing().Piece(std::exchange(chunk_, {}));
    if (!spool_) return SendToAll(chunk);
    chunks_.push_back(std::move(chunk));
    return copier_.Stopping() ? base::Status::Unavailable("stopping") : base::Status();
  }

  base::Status SendSpooled() {
    DCHECK(spool_ && chunk_.empty());
    for (std::shared_ptr<const std::string>& chunk : chunks_) RETURN_IF_ERROR(SendToAll(std::exchange(chunk, nullptr)));
    return {};
  }

  base::Status SendToAll(const std::shared_ptr<const std::string>& bytes) {
    bool any = false;
    for (Target& target : targets_) {
      if (!target.gone) target.gone = !WaitForRoom(target) || !Push(target, bytes);
      any = any || !target.gone;
    }
    return any ? base::Status() : base::Status::Unavailable("the replicas are gone");
  }

  bool Push(Target& target, const std::shared_ptr<const std::string>& bytes) {
    target.pushed += bytes->size();
    return copier_.feed_.PushCopy(target.session_id, bytes);
  }

  uint64_t total_bytes() const noexcept { return total_bytes_; }

 private:
  // False: gone, stopping, or it has read nothing for repl-timeout.
  bool WaitForRoom(const Target& target) {
    const FeedSettings& settings = copier_.feed_.settings();
    const uint64_t output_max = settings.output_bytes_max.load(std::memory_order_relaxed);
    const uint64_t unsent_max = output_max == 0 ? kUnsentBytesMax : std::min(kUnsentBytesMax, output_max / 4);
    const base::Clock& clock = copier_.services_.keyspace->clock();
    uint64_t sent = 0;
    int64_t heard_ms = clock.MonotonicMillis();
    for (;;) {
      if (copier_.Stopping()) return false;
      const std::optional<command::ClientInfo> client = copier_.services_.clients->Find(target.session_id);
      if (!client) return false;
      const uint64_t sent_now = client->output_bytes - target.sent_before;
      if (target.pushed <= sent_now + unsent_max) return true;
      const int64_t now_ms = clock.MonotonicMillis();
      if (std::exchange(sent, sent_now) != sent_now) heard_ms = now_ms;
      if (now_ms - heard_ms > settings.timeout_seconds.load(std::memory_order_relaxed) * kMillis) return false;
      std::this_thread::sleep_for(kRoomPoll);
    }
  }

  Copier& copier_;
  std::vector<Target>& targets_;
  const bool spool_;
  std::string chunk_;
  std::vector<std::shared_ptr<const std::string>> chunks_;
  uint64_t total_bytes_ = 0;
};

void Copier::Note(std::string_view text) const {
  if (log_ != nullptr) log_->Notice("{}", text);
}

void Copier::Ask() {
  base::MutexLock lock(mutex_);
  if (stopping_) return;
  asked_ = true;
  if (!thread_.joinable()) thread_ = std::thread([this] { Work(); });
  changed_.notify_all();
}

void Copier::Stop() {
  std::thread thread;
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    thread = std::move(thread_);
  }
  changed_.notify_all();
  if (thread.joinable()) thread.join();
}

bool Copier::Stopping() const {
  base::MutexLock lock(mutex_);
  return stopping_;
}

// ---- The thread ----

// A condition variable takes the native mutex, which the analysis can't follow.
bool Copier::WaitForWork() NO_THREAD_SAFETY_ANALYSIS {
  std::unique_lock lock(mutex_.native());
  changed_.wait_for(lock, std::chrono::milliseconds(kTickMillis),
                    [this]() NO_THREAD_SAFETY_ANALYSIS { return asked_ || stopping_; });
  asked_ = false;
  return !stopping_;
}

void Copier::Work() {
  while (WaitForWork()) {
    CloseLost();
    for (std::optional<CopyKind> kind = feed_.NextCopy(); kind && Copy(*kind); kind = feed_.NextCopy()) {
    }
  }
}

void Copier::Close(uint64_t session_id) { services_.clients->Kill(session_id, 0); }

void Copier::CloseLost() {
  for (const uint64_t id : feed_.LostReplicas()) {
    Note(fmt::format("Disconnecting timedout or overrun replica, client id={}", id));
    Close(id);
  }
}

bool Copier::Copy(CopyKind kind) {
  store::Keyspace& keyspace = *services_.keyspace;
  store::Transaction transaction(keyspace);
  transaction.Begin(keyspace.clock().UnixMillis());
  transaction.EnterLaneBlocking();
  transaction.LockAllInLane();
  const Feed::CopyStart start = feed_.StartCopy(kind);
  command::Persistence::CopyOptions options{
      .facts = {{"repl-stream-db", "0"}, {"repl-id", start.replid}, {"repl-offset", std::to_string(start.offset)}},
      .functions_only = kind.functions_only};
  base::Result<std::unique_ptr<command::DatasetCopy>> copy = services_.persistence->BeginCopy(transaction, std::move(options));
  transaction.Unlock();
  if (!copy) {
    feed_.TakeBackCopy(start);
    return false;
  }
  Note(fmt::format("Starting BGSAVE for SYNC with target: replicas sockets ({} of them)", start.recipients.size()));

  std::vector<Target> targets;
  for (const auto& [id, with_greeting] : start.recipients) {
    const std::optional<command::ClientInfo> client = services_.clients->Find(id);
    targets.push_back({.session_id = id, .with_greeting = with_greeting, .sent_before = client ? client->output_bytes : 0,
                       .gone = !client});
  }
  Sink sink(*this, targets, !kind.open_ended);
  const std::string mark = base::SecureRandomHex(kMarkDigits);
  auto greet = [&](std::string_view header) {
    for (Target& target : targets) {
      std::string text = target.with_greeting ? fmt::format("+FULLRESYNC {} {}\r\n", start.replid, start.offset) : "";
      target.gone = target.gone || !sink.Push(target, std::make_shared<const std::string>(text + std::string(header)));
    }
  };
  auto send = [&]() -> base::Status {
    if (kind.open_ended) greet(fmt::format("$EOF:{}\r\n", mark));
    RETURN_IF_ERROR((*copy)->Run(sink));
    RETURN_IF_ERROR(sink.EndChunk());
    if (kind.open_ended) return sink.SendToAll(std::make_shared<const std::string>(mark));
    greet(fmt::format("${}\r\n", sink.total_bytes()));
    return sink.SendSpooled();
  };
  const base::Status status = send();
  if (!status.ok()) Note("SYNC failed: " + status.message());
  for (const Target& target : targets) {
    if (status.ok() && !target.gone) {
      feed_.EndCopy(target.session_id);
      Note(fmt::format("Synchronization with replica client id={} succeeded", target.session_id));
    } else {
      Close(target.session_id);
    }
  }
  return true;
}

}  // namespace tusk::repl
