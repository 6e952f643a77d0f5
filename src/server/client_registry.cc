#include "server/client_registry.h"

#include <algorithm>

#include "command/blocked_command.h"
#include "command/command_table.h"
#include "engine/engine.h"
#include "resp/reply.h"
#include "server/connection_loop.h"

namespace tusk::server {
namespace {

std::string FlagsOf(const ClientRecord& record, bool blocked, bool subscribed, bool redirect_broken) {
  std::string flags;
  if (record.monitor.load(std::memory_order_relaxed)) flags += 'O';
  if (blocked) flags += 'b';
  if (record.multi.load(std::memory_order_relaxed) >= 0) flags += 'x';
  if (subscribed) flags += 'P';
  if (record.replica.load(std::memory_order_relaxed)) flags += 'S';
  if (record.tracking.load(std::memory_order_relaxed)) flags += 't';
  if (redirect_broken) flags += 'R';
  if (record.tracking_broadcast.load(std::memory_order_relaxed)) flags += 'B';
  if (record.unix_socket.load(std::memory_order_relaxed)) flags += 'U';
  if (record.no_evict.load(std::memory_order_relaxed)) flags += 'e';
  if (record.no_touch.load(std::memory_order_relaxed)) flags += 'T';
  if (record.import_source.load(std::memory_order_relaxed)) flags += 'I';
  return flags.empty() ? "N" : flags;
}

}  // namespace

command::ClientInfo ClientRegistry::Describe(const ClientRecord& record) const {
  auto read = [](const auto& field) { return field.load(std::memory_order_relaxed); };
  command::ClientInfo info;
  info.id = record.id;
  info.address = record.address;
  info.local_address = record.local_address;
  info.fd = record.fd;
  info.connected_micros = record.connected_micros;
  info.last_interaction_micros = read(record.last_interaction_micros);
  info.db = read(record.db);
  info.channels = read(record.channels);
  info.patterns = read(record.patterns);
  info.shard_channels = read(record.shard_channels);
  info.multi = read(record.multi);
  info.multi_memory = read(record.multi_bytes);
  info.query_buffer = read(record.query_bytes);
  info.query_buffer_free = read(record.query_free_bytes);
  info.argv_memory = read(record.argv_bytes);
  info.output_length = read(record.output_bytes);
  info.output_memory = read(record.output_memory);
  info.output_peak = read(record.output_peak);
  info.watched = read(record.watched);
  info.input_bytes = read(record.bytes_received);
  info.output_bytes = read(record.bytes_sent);
  info.commands = read(record.commands);
  info.replica = read(record.replica);
  info.writable_wanted = read(record.writable_wanted);
  info.total_memory = read(record.memory_bytes);
  info.protocol = read(record.protocol);
  info.monitor = read(record.monitor);
  info.no_evict = read(record.no_evict);
  info.tracking = read(record.tracking);
  info.tracking_broadcast = read(record.tracking_broadcast);
  info.tracking_redirect = read(record.tracking_redirect);
  info.subscribed = info.channels + info.patterns + info.shard_channels != 0;
  const command::Command* last = read(record.last_command);
  info.last_command = last ? last->full_name : "NULL";
  const bool redirect_broken = info.tracking_redirect != 0 && engine_.tracking().IsRedirectBroken(record.id);
  base::MutexLock hold(record.mutex);
  info.blocked = record.blocked != nullptr;
  info.name = record.name;
  info.user = record.user;
  info.library_name = record.library_name;
  info.library_version = record.library_version;
  info.flags = FlagsOf(record, info.blocked, info.subscribed, redirect_broken);
  return info;
}

ClientRegistry::ClientRegistry(engine::Engine& engine) : engine_(engine) {}

void ClientRegistry::Add(std::shared_ptr<ClientRecord> record) {
  base::MutexLock hold(mutex_);
  records_.emplace(record->id, std::move(record));
  count_.store(records_.size(), std::memory_order_relaxed);
}

void ClientRegistry::Remove(uint64_t id) {
  base::MutexLock hold(mutex_);
  if (auto found = records_.find(id); found != records_.end()) {
    Count(*found->second, 0);
    records_.erase(found);
  }
  count_.store(records_.size(), std::memory_order_relaxed);
}

std::shared_ptr<ClientRecord> ClientRegistry::Get(uint64_t id) const {
  base::MutexLock hold(mutex_);
  auto found = records_.find(id);
  if (found == records_.end() || found->second->kill_wanted.load(std::memory_order_relaxed)) return nullptr;
  return found->second;
}

std::vector<command::ClientInfo> ClientRegistry::List() const {
  std::vector<std::shared_ptr<ClientRecord>> records;
  {
    base::MutexLock hold(mutex_);
    records.reserve(records_.size());
    for (const auto& [id, record] : records_) {
      if (!record->kill_wanted.load(std::memory_order_relaxed)) records.push_back(record);
    }
  }
  std::vector<command::ClientInfo> list;
  list.reserve(records.size());
  for (const auto& record : records) list.push_back(Describe(*record));
  return list;
}

std::optional<command::ClientInfo> ClientRegistry::Find(uint64_t id) const {
  std::shared_ptr<ClientRecord> record = Get(id);
  if (!record) return std::nullopt;
  return Describe(*record);
}

std::optional<command::PushTarget> ClientRegistry::FindTarget(uint64_t id) const {
  auto read = [](const auto& field) { return field.load(std::memory_order_relaxed); };
  std::shared_ptr<ClientRecord> record = Get(id);
  if (!record || read(record->closing)) return std::nullopt;
  const bool subscribed = read(record->channels) + read(record->patterns) + read(record->shard_channels) != 0;
  return command::PushTarget{record->loop, read(record->protocol), subscribed};
}

bool ClientRegistry::Kill(uint64_t id, uint64_t caller_id) {
  std::shared_ptr<ClientRecord> record = Get(id);
  if (!record) return false;
  record->kill_wanted.store(true, std::memory_order_relaxed);
  if (id != caller_id) record->loop->RequestClose(id);
  return true;
}

bool ClientRegistry::Unblock(uint64_t id, bool with_error) {
  std::shared_ptr<ClientRecord> record = Get(id);
  if (!record) return false;
  std::shared_ptr<command::BlockedCommand> blocked;
  {
    base::MutexLock hold(record->mutex);
    blocked = record->blocked;
  }
  if (!blocked || blocked->finished()) return false;
  // Somebody who serves it just now ends it, or finds the wish when it goes back to waiting.
  if (!blocked->Cancel()) return !blocked->finished();
  resp::OutputBuffer out;
  resp::Reply reply(out, record->protocol.load(std::memory_order_relaxed));
  engine_.executor().WriteCancelled(*blocked, reply, with_error);
  blocked->Finish();
  record->loop->DeliverReply(id, std::move(out));
  return true;
}

void ClientRegistry::Pause(int64_t until_ms, bool writes_only) {
  command::PauseState& pause = engine_.pause();
  // A pause in force is only ever made longer and stricter; CLIENT UNPAUSE ends it.
  int64_t before_ms = pause.until_ms.load(std::memory_order_relaxed);
  if (before_ms > engine_.clock().MonotonicMillis()) {
    until_ms = std::max(until_ms, before_ms);
    writes_only = writes_only && pause.writes_only.load(std::memory_order_relaxed);
  }
  pause.writes_only.store(writes_only, std::memory_order_relaxed);
  pause.until_ms.store(until_ms, std::memory_order_relaxed);
}

void ClientRegistry::Unpause() {
  engine_.pause().until_ms.store(0, std::memory_order_relaxed);
  for (ConnectionLoop* loop : loops_) loop->RequestResumePaused();
}

size_t ClientRegistry::ConnectedCount() const { return count_.load(std::memory_order_relaxed); }

size_t ClientRegistry::BlockedCount() const {
  return static_cast<size_t>(std::max<int64_t>(blocked_count_.load(std::memory_order_relaxed), 0));
}

// ---- maxmemory-clients ----

void ClientRegistry::Count(ClientRecord& record, size_t bytes) noexcept {
  const size_t before = record.counted_bytes.exchange(bytes, std::memory_order_relaxed);
  counted_bytes_.fetch_add(bytes - before, std::memory_order_relaxed);
}

bool ClientRegistry::OverMemoryLimit() const noexcept {
  const uint64_t bytes_max = engine_.network().clients_memory_max;
  return bytes_max != 0 && counted_bytes_.load(std::memory_order_relaxed) > bytes_max;
}

void ClientRegistry::Account(ClientRecord& record, size_t bytes) {
  record.memory_bytes.store(bytes, std::memory_order_relaxed);
  // Replicas are not evicted, nor who said CLIENT NO-EVICT; neither takes room from the others.
  const bool exempt = record.no_evict.load(std::memory_order_relaxed) || record.replica.load(std::memory_order_relaxed) ||
                      record.kill_wanted.load(std::memory_order_relaxed);
  Count(record, exempt ? 0 : bytes);
  if (OverMemoryLimit()) [[unlikely]] EvictLargest();
}

void ClientRegistry::EvictLargest() {
  base::MutexLock hold(mutex_);
  std::vector<ClientRecord*> largest_first;
  for (const auto& [id, record] : records_) {
    if (record->counted_bytes.load(std::memory_order_relaxed) != 0) largest_first.push_back(record.get());
  }
  std::ranges::sort(largest_first, [](const ClientRecord* a, const ClientRecord* b) {
    return a->counted_bytes.load(std::memory_order_relaxed) > b->counted_bytes.load(std::memory_order_relaxed);
  });
  for (ClientRecord* record : largest_first) {
    if (!OverMemoryLimit()) return;
    record->kill_wanted.store(true, std::memory_order_relaxed);
    Count(*record, 0);
    evicted_.fetch_add(1, std::memory_order_relaxed);
    record->loop->RequestClose(record->id);
  }
}

void ClientRegistry::OnMemoryLimit() {
  {
    base::MutexLock hold(mutex_);
    for (const auto& [id, record] : records_) {
      const bool exempt = record->no_evict.load(std::memory_order_relaxed) ||
                          record->replica.load(std::memory_order_relaxed) ||
                          record->kill_wanted.load(std::memory_order_relaxed);
      Count(*record, exempt ? 0 : record->memory_bytes.load(std::memory_order_relaxed));
    }
  }
  if (OverMemoryLimit()) EvictLargest();
}

command::ClientTotals ClientRegistry::Totals() const {
  auto read = [](const auto& field) { return field.load(std::memory_order_relaxed); };
  command::ClientTotals totals;
  base::MutexLock hold(mutex_);
  for (const auto& [id, record] : records_) {
    totals.query_buffer_max = std::max(totals.query_buffer_max, read(record->query_bytes) + read(record->query_free_bytes));
    totals.output_max = std::max(totals.output_max, read(record->output_bytes));
    (read(record->replica) ? totals.replica_memory : totals.normal_memory) += read(record->memory_bytes);
    totals.watched_keys += read(record->watched);
    totals.watching += read(record->watched) != 0;
    totals.subscribed += read(record->channels) + read(record->patterns) + read(record->shard_channels) != 0;
  }
  return totals;
}

void ClientRegistry::StartMonitor(command::Session& session) { session.monitor = true; }

}  // namespace tusk::server
