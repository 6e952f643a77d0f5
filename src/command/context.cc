#include "command/context.h"

#include <fmt/format.h>

#include "base/numbers.h"
#include "base/text.h"
#include "command/command_table.h"
#include "command/executor.h"
#include "command/worker.h"

namespace tusk::command {

bool Context::ArgIs(size_t i, std::string_view word) const noexcept { return base::EqualsIgnoreCase(arg(i), word); }

std::optional<int64_t> Context::Integer(size_t i, std::string_view error) {
  std::optional<int64_t> value = base::ParseInt64(arg(i));
  if (!value) reply().Error(error);
  return value;
}

std::optional<int64_t> Context::IntegerInRange(size_t i, int64_t low, int64_t high, std::string_view error) {
  std::optional<int64_t> value = base::ParseInt64(arg(i));
  if (value && *value >= low && *value <= high) return value;
  if (value && error == kNotInteger) {
    reply().Error(fmt::format("ERR value is out of range, value must between {} and {}", low, high));
  } else {
    reply().Error(error);
  }
  return {};
}

std::optional<double> Context::Double(size_t i, std::string_view error) {
  std::optional<double> value = base::ParseDouble(arg(i));
  if (!value) reply().Error(error);
  return value;
}

Services& Context::services() noexcept { return o_.worker->services(); }

bool Context::Visit(size_t stripe) {
  store::Transaction& txn = transaction();
  if (txn.Holds(stripe)) return true;
  if (txn.in_lane()) {
    txn.LockInLane(stripe);
    return true;
  }
  // Without a host there is nobody to wake: an embedded caller's thread waits itself.
  if (command().has(kDetachable) || !session().host) {
    txn.LockOneBlocking(stripe);
  } else if (!txn.TryLockOne(stripe)) {
    busy_stripe_ = stripe;
    return false;
  }
  visiting_ = true;
  return true;
}

void Context::Leave(size_t) {
  if (!visiting_) return;
  visiting_ = false;
  transaction().Commit();
  // A key that expired on the way: somebody may wait to hear of it.
  if (!transaction().ready_keys().empty()) services().executor->ServeReady(worker());
  transaction().Unlock();
}

store::Entry* Context::Lookup(store::DbIndex db, const store::Key& key, store::Access access) {
  store::Entry* entry = transaction().Find(db, key, session().no_touch && access == store::Access::kRead ? store::Access::kReadUntouched : access);
  if (!entry && access == store::Access::kRead) transaction().Event(store::kEventKeyMiss, "keymiss", key, db);
  return entry;
}

store::Entry& Context::Replace(const store::Key& key, store::Entry* entry, store::Value value) {
  store::Entry& result = transaction().Put(db(), key, entry, std::move(value));
  return transaction().ClearDeadline(db(), key, result);
}

void Context::Delete(const store::Key& key, store::Entry& entry) {
  transaction().Delete(db(), key, entry, settings().lazyfree_lazy_server_del);
}

void Context::DeleteEmpty(const store::Key& key, store::Entry& entry) {
  transaction().Delete(db(), key, entry, false);
  transaction().Event(store::kEventGeneric, "del", key, db());
}

void Context::RecordAs(std::initializer_list<std::string_view> argv, uint8_t targets) {
  RecordAs(std::span<const std::string_view>(argv.begin(), argv.size()), targets);
}

void Context::RecordAs(std::span<const std::string_view> argv, uint8_t targets) {
  recorded_ = true;
  if (wants_record()) transaction().AddChange(db(), argv, targets);
}

void Context::Block(std::span<const store::Key> keys, const BlockOptions& options) {
  if (o_.in_exec || o_.in_script || !session().host) {
    if (options.when_refused == EmptyReply::kNull) return reply().Null();
    return reply().NullArray();
  }
  block_wish_ = std::make_unique<BlockWish>(BlockWish{{keys.begin(), keys.end()}, options});
}

std::optional<int64_t> Context::TimeoutMillis(size_t i) {
  std::optional<long double> seconds = base::ParseLongDouble(arg(i));
  if (!seconds) {
    reply().Error("ERR timeout is not a float or out of range");
    return {};
  }
  constexpr long double kMillisMax = 9223372036854775807.0L;
  long double millis = *seconds * 1000;
  if (millis >= kMillisMax) {
    reply().Error("ERR timeout is out of range");
    return {};
  }
  if (millis < 0) {
    reply().Error("ERR timeout is negative");
    return {};
  }
  auto whole = static_cast<int64_t>(millis);
  if (static_cast<long double>(whole) < millis) ++whole;
  // A deadline in absolute time must still fit.
  if (whole > INT64_MAX - now_ms()) {
    reply().Error("ERR timeout is out of range");
    return {};
  }
  return whole;
}

}  // namespace tusk::command
