// Keys to a running server: pipelines of SET and RESTORE, two in flight, so that the server never waits for the wire.
#include <fmt/format.h>

#include <deque>

#include "base/numbers.h"
#include "codec/payload.h"
#include "tool/connection.h"
#include "tool/scratch.h"
#include "tool/target.h"

namespace tusk::tool {
namespace {

using base::Result;
using base::Status;
using resp::ReplyValue;

class ServerTarget final : public Target {
 public:
  ServerTarget(Connection connection, std::optional<int> database, const TargetOptions& options)
      : connection_(std::move(connection)), fixed_database_(database), options_(options) {}

  Status Function(std::string_view code) override {
    const std::string_view with[] = {"FUNCTION", "LOAD", "REPLACE", code};
    const std::string_view without[] = {"FUNCTION", "LOAD", code};
    return Add(options_.replace ? std::span<const std::string_view>(with) : without, "a function library", Kind::kAnything);
  }

  Status Key(codec::LoadedKey& key) override {
    RETURN_IF_ERROR(Select(key.db));
    if (key.is_text) return AddText(key);
    const std::string name(key.key);
    const std::string deadline = base::Int64ToString(std::max<int64_t>(key.deadline_ms, 0));
    std::string payload;
    scratch_.With(key, [&](const store::Entry& entry) { payload = codec::DumpValue(entry, limits_, true); });
    return AddRestore(name, deadline, payload, true);
  }

  Status Payload(int database, std::string_view key, int64_t ttl_ms, std::string_view payload) override {
    RETURN_IF_ERROR(Select(database));
    return AddRestore(key, base::Int64ToString(ttl_ms), payload, false);
  }

  Status Command(std::span<const std::string_view> argv) override { return Add(argv, argv[0], Kind::kAnything); }

  Status ExpectLog() override {
    if (fixed_database_) return Status::Invalid("a log chooses databases by itself: leave the one in the target's address out");
    if (options_.replace) return {};
    ASSIGN_OR_RETURN(ReplyValue info, connection_.Ask({"INFO", "keyspace"}));
    if (info.text.find("keys=") == std::string::npos) return {};
    return Status::Invalid(fmt::format("{} holds keys, and a log's commands build on each other: empty it, or say --replace to run "
                                       "them all the same", connection_.name()));
  }

  Status Finish() override {
    RETURN_IF_ERROR(SendBatch());
    while (!sent_.empty()) RETURN_IF_ERROR(ReadBatch());
    return {};
  }

 private:
  enum class Kind : uint8_t { kKey, kAnything };
  struct Awaited {
    std::string what;  // For messages.
    Kind kind;
  };
  using Batch = std::deque<Awaited>;
  static constexpr size_t kBatchCommands = 512;
  static constexpr size_t kBatchBytes = 1 << 20;
  static constexpr size_t kBatchesInFlight = 2;

  Status Select(int database) {
    const int wanted = fixed_database_.value_or(database);
    if (wanted == selected_) return {};
    selected_ = wanted;
    const std::string number = base::Int64ToString(wanted);
    const std::string_view argv[] = {"SELECT", number};
    return Add(argv, "SELECT " + number, Kind::kAnything);
  }

  Status AddText(const codec::LoadedKey& key) {
    std::vector<std::string_view> argv = {"SET", key.key, key.text};
    std::string deadline;
    if (key.deadline_ms != store::Entry::kNoDeadline) {
      deadline = base::Int64ToString(key.deadline_ms);
      argv.insert(argv.end(), {"PXAT", deadline});
    }
    if (!options_.replace) argv.push_back("NX");
    return Add(argv, key.key, Kind::kKey);
  }

  Status AddRestore(std::string_view key, std::string_view deadline, std::string_view payload, bool absolute) {
    std::vector<std::string_view> argv = {"RESTORE", key, deadline, payload};
    if (options_.replace) argv.push_back("REPLACE");
    if (absolute && deadline != "0") argv.push_back("ABSTTL");
    return Add(argv, key, Kind::kKey);
  }

  Status Add(std::span<const std::string_view> argv, std::string_view what, Kind kind) {
    constexpr size_t kNameShownMax = 60;
    Connection::AppendCommand(argv, bytes_);
    batch_.push_back({std::string(what.substr(0, kNameShownMax)), kind});
    if (batch_.size() < kBatchCommands && bytes_.size() < kBatchBytes) return {};
    RETURN_IF_ERROR(SendBatch());
    return sent_.size() < kBatchesInFlight ? Status() : ReadBatch();
  }

  Status SendBatch() {
    if (batch_.empty()) return {};
    RETURN_IF_ERROR(connection_.Send(bytes_));
    bytes_.clear();
    sent_.push_back(std::exchange(batch_, {}));
    return {};
  }

  Status ReadBatch() {
    for (const Awaited& awaited : sent_.front()) {
      ASSIGN_OR_RETURN(ReplyValue reply, connection_.Read());
      if (awaited.kind == Kind::kKey && (reply.is_null() || reply.text.starts_with("BUSYKEY"))) {
        ++outcome_.existed;
      } else if (reply.is_error()) {
        if (++outcome_.failed == 1) outcome_.first_failure = fmt::format("'{}': {}", awaited.what, reply.text);
        // The rest would fare no better.
        constexpr std::string_view kHopeless[] = {"NOAUTH", "NOPERM", "READONLY", "MISCONF", "OOM", "ERR DUMP payload version",
                                                  "ERR DB index"};
        for (std::string_view hopeless : kHopeless) {
          if (reply.text.starts_with(hopeless)) return Explained(reply.text);
        }
      }
    }
    sent_.pop_front();
    return {};
  }

  Status Explained(const std::string& reply) const {
    const bool too_old = reply.starts_with("ERR DUMP payload");
    return Status::Invalid(fmt::format("{} refuses: {}{}", connection_.name(), reply,
                                       too_old ? " (it is older than Redis 7.0, or the source is newer than it)" : ""));
  }

  Connection connection_;
  const std::optional<int> fixed_database_;
  const TargetOptions options_;
  const codec::EncodingLimits limits_;
  Scratch scratch_;
  int selected_ = 0;
  std::string bytes_;
  Batch batch_;
  std::deque<Batch> sent_;
};

}  // namespace

Result<std::unique_ptr<Target>> OpenServer(const Url& url, const TargetOptions& options) {
  ASSIGN_OR_RETURN(Connection connection, Connection::Open(url));
  return std::make_unique<ServerTarget>(std::move(connection), url.database, options);
}

}  // namespace tusk::tool
