// MIGRATE: keys go to another server as DUMP payloads and are deleted here once it has confirmed them.
//
// Their stripes stay locked meanwhile, so that nobody changes a value that has been sent; commands for other keys go on,
// since the row is detachable. Connections rest in a pool for the next time.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/numbers.h"
#include "codec/payload.h"
#include "command/context.h"
#include "families/migrate_link.h"
#include "families/migrate_pool.h"
#include "families/transfer.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Access;
using store::Entry;
using store::Key;

constexpr size_t kHost = 1, kPort = 2, kKey = 3, kDatabase = 4, kTimeout = 5, kFirstOption = 6;

struct MigrateOptions {
  bool copy = false;
  bool replace = false;
  std::string_view user;
  std::string_view password;
  size_t first_key = kKey;  // Keys are arguments [first_key, keys_end).
  size_t keys_end = kKey + 1;
  uint16_t port = 0;
  int64_t database = 0;
  int timeout_ms = 0;
};

// Replies the error.
std::optional<MigrateOptions> ParseWords(Context& ctx) {
  MigrateOptions options;
  for (size_t i = kFirstOption; i < ctx.argc(); ++i) {
    size_t more = ctx.argc() - i - 1;
    if (ctx.ArgIs(i, "copy")) {
      options.copy = true;
    } else if (ctx.ArgIs(i, "replace")) {
      options.replace = true;
    } else if (ctx.ArgIs(i, "auth") && more >= 1) {
      options.password = ctx.arg(++i);
    } else if (ctx.ArgIs(i, "auth2") && more >= 2) {
      options.user = ctx.arg(++i);
      options.password = ctx.arg(++i);
    } else if (ctx.ArgIs(i, "keys")) {
      if (!ctx.arg(kKey).empty()) {
        ctx.reply().Error("ERR When using MIGRATE KEYS option, the key argument must be set to the empty string");
        return {};
      }
      options.first_key = i + 1;
      options.keys_end = ctx.argc();
      return options;
    } else {
      ctx.reply().Error(command::kSyntaxError);
      return {};
    }
  }
  return options;
}

std::optional<MigrateOptions> ParseOptions(Context& ctx) {
  std::optional<MigrateOptions> options = ParseWords(ctx);
  if (!options) return {};
  std::optional<int64_t> timeout = ctx.Integer(kTimeout);
  if (!timeout) return {};
  std::optional<int64_t> database = ctx.Integer(kDatabase);
  if (!database) return {};
  constexpr int64_t kTimeoutDefault = 1000;
  constexpr int64_t kPortMax = 65535;
  options->timeout_ms = static_cast<int>(std::min<int64_t>(*timeout > 0 ? *timeout : kTimeoutDefault, INT32_MAX));
  options->database = *database;
  options->port = static_cast<uint16_t>(
      std::clamp<int64_t>(base::ParseInt64(ctx.arg(kPort)).value_or(0), 0, kPortMax));
  return options;
}

void AppendCommand(std::string& out, std::initializer_list<std::string_view> argv) {
  out += "*" + std::to_string(argv.size()) + "\r\n";
  for (std::string_view word : argv) out.append("$").append(std::to_string(word.size())).append("\r\n").append(word).append("\r\n");
}

// Commands before the keys' own: how many replies come for them.
size_t AppendGreeting(std::string& out, const MigrateOptions& options) {
  size_t count = 1;
  if (!options.password.empty()) {
    ++count;
    options.user.empty() ? AppendCommand(out, {"AUTH", options.password})
                         : AppendCommand(out, {"AUTH", options.user, options.password});
  }
  AppendCommand(out, {"SELECT", base::Int64ToString(options.database)});
  return count;
}

// The keys that are there, as RESTORE commands in `out`; which arguments they are.
std::vector<size_t> AppendKeys(Context& ctx, std::string& out, const MigrateOptions& options) {
  std::vector<size_t> sent;
  for (size_t i = options.first_key; i < options.keys_end; ++i) {
    Entry* entry = ctx.Lookup(ctx.key(i), Access::kRead);
    if (!entry) continue;
    int64_t ttl = entry->has_deadline() ? std::max<int64_t>(entry->deadline_ms() - ctx.now_ms(), 1) : 0;
    std::string payload =
        codec::DumpValue(*entry, codec::EncodingLimits(ctx.settings()), ctx.settings().rdb_compression);
    std::string ttl_text = base::Int64ToString(ttl);
    options.replace ? AppendCommand(out, {"RESTORE", ctx.arg(i), ttl_text, payload, "REPLACE"})
                    : AppendCommand(out, {"RESTORE", ctx.arg(i), ttl_text, payload});
    sent.push_back(i);
  }
  return sent;
}

std::string TargetError(std::string_view line) {
  return "ERR Target instance replied with error: " + std::string(line.substr(1));
}

// Reads the answers. Arguments whose keys arrived go to `confirmed`; the first error is returned.
base::Status ReadAnswers(MigrateLink& link, size_t greetings, const std::vector<size_t>& sent,
                         std::vector<size_t>& confirmed) {
  base::Status first;
  for (size_t i = 0; i < greetings + sent.size(); ++i) {
    ASSIGN_OR_RETURN(std::string line, link.ReadLine());
    if (!line.starts_with('-')) {
      // After a key that failed later ones may have arrived all the same.
      if (i >= greetings) confirmed.push_back(sent[i - greetings]);
      continue;
    }
    if (first.ok()) first = base::Status::Invalid(TargetError(line));
    // Without login or database the rest means nothing.
    if (i < greetings) return first;
  }
  return first;
}

void DeleteConfirmed(Context& ctx, const std::vector<size_t>& confirmed) {
  std::vector<std::string_view> record = {"DEL"};
  for (size_t i : confirmed) {
    Key key = ctx.key(i);
    Entry* entry = ctx.Lookup(key, Access::kPeek);
    if (!entry) continue;
    ctx.Delete(key, *entry);
    ctx.Modified(key, store::kEventGeneric, "del");
    record.push_back(ctx.arg(i));
  }
  record.size() > 1 ? ctx.RecordAs(record) : ctx.ChangedNothing();
}

// One conversation. Arguments whose keys arrived go to `confirmed`.
base::Status Converse(MigrateLink& link, std::string_view request, size_t greetings, const std::vector<size_t>& sent,
                      std::vector<size_t>& confirmed) {
  RETURN_IF_ERROR(link.Send(request));
  return ReadAnswers(link, greetings, sent, confirmed);
}

// Over a connection that rests, if there is one, and once more over a new one if its other end has gone meanwhile.
base::Status Transfer(Context& ctx, const MigrateOptions& options, std::string_view request, size_t greetings,
                      const std::vector<size_t>& sent, std::vector<size_t>& confirmed) {
  const std::string host(ctx.arg(kHost));
  MigratePool* pool = ctx.services().migrate_pool;
  std::optional<MigrateLink> link;
  if (pool) link = pool->Take(host, options.port);
  for (bool rested = link.has_value();; rested = false) {
    if (!link) {
      ASSIGN_OR_RETURN(MigrateLink fresh, MigrateLink::Connect(host, options.port, options.timeout_ms));
      link.emplace(std::move(fresh));
    }
    link->set_timeout_ms(options.timeout_ms);
    base::Status status = Converse(*link, request, greetings, sent, confirmed);
    if (!status.ok() && rested && link->closed_by_peer() && confirmed.empty()) {
      link.reset();
      continue;
    }
    // After an error answers may be unread.
    if (pool && status.ok()) pool->Give(host, options.port, *std::move(link), ctx.keyspace().clock().MonotonicMillis());
    return status;
  }
}

}  // namespace

void CmdMigrate(Context& ctx) {
  std::optional<MigrateOptions> options = ParseOptions(ctx);
  if (!options) return;
  std::string request;
  size_t greetings = AppendGreeting(request, *options);
  std::vector<size_t> sent = AppendKeys(ctx, request, *options);
  if (sent.empty()) return ctx.reply().Simple("NOKEY");
  std::vector<size_t> confirmed;
  base::Status status = Transfer(ctx, *options, request, greetings, sent, confirmed);
  if (options->copy) {
    ctx.ChangedNothing();
  } else {
    DeleteConfirmed(ctx, confirmed);
  }
  status.ok() ? ctx.reply().Ok() : ctx.reply().Error(status);
}

}  // namespace tusk::families
