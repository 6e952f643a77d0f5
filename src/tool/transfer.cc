#include "tool/transfer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/numbers.h"
#include "base/text.h"
#include "codec/dataset_reader.h"
#include "tool/connection.h"
#include "tool/mover.h"

namespace tusk::tool {
namespace {

using base::Result;
using base::Status;
using resp::ReplyValue;

// ---- SYNC ----

class ConnectionSource final : public codec::ByteSource {
 public:
  ConnectionSource(Connection& connection, uint64_t bytes) noexcept : connection_(connection), left_(bytes) {}
  Result<size_t> Read(char* out, size_t size) override {
    if (left_ == 0) return size_t{0};
    ASSIGN_OR_RETURN(size_t count, connection_.ReadRaw(out, static_cast<size_t>(std::min<uint64_t>(size, left_))));
    left_ -= count;
    return count;
  }

 private:
  Connection& connection_;
  uint64_t left_;
};

// The answer to SYNC: line ends while the server prepares, then "$" and a size. One byte at a time, since the dataset follows.
Status ReadSyncLine(Connection& connection, std::string& line) {
  constexpr size_t kLineBytesMax = 4096;
  while (line.size() < kLineBytesMax) {
    char c = 0;
    ASSIGN_OR_RETURN(size_t count, connection.ReadRaw(&c, 1));
    if (count == 0) return Status::Unavailable("the server has closed the connection instead of sending its dataset");
    if (c == '\n' && !line.empty()) return {};
    if (c != '\r' && c != '\n') line += c;
  }
  return Status::Invalid("the answer to SYNC is no dataset");
}

// kUnavailable: the server does not do that for us.
Status TransferBySync(const Url& url, Target& target, Summary& summary) {
  ASSIGN_OR_RETURN(Connection connection, Connection::Open(url));
  Progress progress("reading " + connection.name(), 0);
  std::string command;
  const std::string_view argv[] = {"SYNC"};
  Connection::AppendCommand(argv, command);
  RETURN_IF_ERROR(connection.Send(command));
  std::string line;
  RETURN_IF_ERROR(ReadSyncLine(connection, line));
  if (line.starts_with('-')) return Status::Unavailable(fmt::format("{} refuses SYNC: {}", connection.name(), line.substr(1)));
  const auto size = line.starts_with('$') ? base::ParseInt64(std::string_view(line).substr(1)) : std::nullopt;
  if (!size || *size <= 0) return Status::Unavailable(fmt::format("{} answers SYNC with '{}'", connection.name(), line));
  progress.set_total(static_cast<uint64_t>(*size));
  ConnectionSource source(connection, static_cast<uint64_t>(*size));
  codec::Reader reader(source, static_cast<uint64_t>(*size));
  Status status = MoveStream(reader, url.database, target, summary, progress);
  // From here on a failure is one of the data, and walking the keys would not do better.
  return status.ok() ? status : Status::Invalid(status.message());
}

// ---- SCAN ----

class Walk {
 public:
  Walk(Connection& connection, Target& target, Summary& summary) noexcept
      : connection_(connection), target_(target), summary_(summary), progress_("reading " + connection.name(), 0) {}

  Status Run(std::optional<int> only) {
    RETURN_IF_ERROR(Functions());
    ASSIGN_OR_RETURN(std::vector<int> databases, Databases());
    for (int database : databases) {
      if (!only || *only == database) RETURN_IF_ERROR(Database(database));
    }
    return {};
  }

 private:
  // Servers before 7.0 have none.
  Status Functions() {
    Result<ReplyValue> list = connection_.Ask({"FUNCTION", "LIST", "WITHCODE"});
    if (!list) return {};
    for (const ReplyValue& library : list->items) {
      for (size_t i = 0; i + 1 < library.items.size(); i += 2) {
        if (library.items[i].text != "library_code") continue;
        ++summary_.functions;
        RETURN_IF_ERROR(target_.Function(library.items[i + 1].text));
      }
    }
    return {};
  }

  // From lines such as "db0:keys=3,expires=0".
  Result<std::vector<int>> Databases() {
    ASSIGN_OR_RETURN(ReplyValue info, connection_.Ask({"INFO", "keyspace"}));
    std::vector<int> databases;
    uint64_t keys = 0;
    for (size_t at = info.text.find("db"); at != std::string::npos; at = info.text.find("\ndb", at)) {
      if (info.text[at] == '\n') ++at;
      const size_t colon = info.text.find(':', at);
      if (colon == std::string::npos) break;
      const std::string_view text = info.text;
      const auto number = base::ParseInt64(text.substr(at + 2, colon - at - 2));
      constexpr std::string_view kKeys = "keys=";
      const size_t count = colon + 1 + kKeys.size();
      const auto here = base::ParseInt64(text.substr(count, text.find(',', count) - count));
      if (number) databases.push_back(static_cast<int>(*number));
      keys += static_cast<uint64_t>(here.value_or(0));
      at = colon;
    }
    progress_.set_total(keys);
    return databases;
  }

  Status Database(int database) {
    RETURN_IF_ERROR(Discard(connection_.Ask({"SELECT", base::Int64ToString(database)})));
    summary_.CountDatabase(database);
    std::string cursor = "0";
    do {
      ASSIGN_OR_RETURN(ReplyValue page, connection_.Ask({"SCAN", cursor, "COUNT", "500"}));
      if (page.items.size() != 2) return Status::Invalid("the answer to SCAN is none");
      cursor = page.items[0].text;
      RETURN_IF_ERROR(Keys(database, page.items[1].items));
    } while (cursor != "0");
    return {};
  }

  Status Keys(int database, const std::vector<ReplyValue>& keys) {
    std::string commands;
    for (const ReplyValue& key : keys) {
      const std::string_view dump[] = {"DUMP", key.text};
      const std::string_view ttl[] = {"PTTL", key.text};
      Connection::AppendCommand(dump, commands);
      Connection::AppendCommand(ttl, commands);
    }
    RETURN_IF_ERROR(connection_.Send(commands));
    for (const ReplyValue& key : keys) {
      ASSIGN_OR_RETURN(ReplyValue dump, connection_.Read());
      ASSIGN_OR_RETURN(ReplyValue ttl, connection_.Read());
      if (dump.is_error()) return Status::Invalid(fmt::format("DUMP of '{}': {}", key.text, dump.text));
      // It went meanwhile.
      if (dump.is_null() || dump.text.empty()) continue;
      summary_.Count(TypeOf(dump.text), dump.text.size(), ttl.integer > 0);
      RETURN_IF_ERROR(target_.Payload(database, key.text, std::max<int64_t>(ttl.integer, 0), dump.text));
      progress_.Show(summary_.keys(), summary_.keys());
    }
    return {};
  }

  static Status Discard(const Result<ReplyValue>& reply) { return reply ? Status() : reply.error(); }

  static store::Type TypeOf(std::string_view payload) noexcept {
    using codec::RdbType;
    using store::Type;
    switch (static_cast<RdbType>(payload[0])) {
      case RdbType::kList: case RdbType::kListZipList: case RdbType::kListQuickList: case RdbType::kListQuickList2: return Type::kList;
      case RdbType::kSet: case RdbType::kSetIntSet: case RdbType::kSetListPack: return Type::kSet;
      case RdbType::kZSetText: case RdbType::kZSet: case RdbType::kZSetZipList: case RdbType::kZSetListPack: return Type::kZSet;
      case RdbType::kHash: case RdbType::kHashZipMap: case RdbType::kHashZipList: case RdbType::kHashListPack:
      case RdbType::kHashFieldExpiryPreGa: case RdbType::kHashFieldExpiryPackPreGa: case RdbType::kHashFieldExpiry:
      case RdbType::kHashFieldExpiryPack: return Type::kHash;
      case RdbType::kStream1: case RdbType::kStream2: case RdbType::kStream3: return Type::kStream;
      case RdbType::kModule: return Type::kDocument;
      default: return Type::kString;
    }
  }

  Connection& connection_;
  Target& target_;
  Summary& summary_;
  Progress progress_;
};

}  // namespace

Status TransferFile(io::FileSystem& files, const std::string& path, Target& target, Summary& summary) {
  Result<std::unique_ptr<io::File>> file = files.OpenRead(path);
  if (!file) return io::Explain("Can't open " + path, file.error());
  persist::FileSource source(**file);
  codec::Reader reader(source, (*file)->size());
  Progress progress("reading " + path, (*file)->size());
  Status status = MoveStream(reader, {}, target, summary, progress);
  return status.ok() ? status : io::Explain(path, status);
}

Status TransferServer(const Url& url, Way way, Target& target, Summary& summary) {
  if (way != Way::kScan) {
    Status status = TransferBySync(url, target, summary);
    if (status.ok() || status.code() != base::Code::kUnavailable || way == Way::kSync || summary.keys() != 0) return status;
    fmt::print(stderr, "{}. Its keys are walked instead.\n", status.message());
  }
  ASSIGN_OR_RETURN(Connection connection, Connection::Open(url));
  return Walk(connection, target, summary).Run(url.database);
}

}  // namespace tusk::tool
