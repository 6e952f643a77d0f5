#include "server/client_registry.h"

#include <algorithm>

#include "command/blocked_command.h"
#include "command/command_table.h"
#include "engine/engine.h"
#include "resp/reply.h"
#include "server/connection_loop.h"

namespace tusk::server {
namespace {

std::string FlagsOf(const ClientRecord& record, bool blocked, bool subscribed) {
  std::string flags;
  if (record.monitor.load(std::memory_order_relaxed)) flags += 'O';
  if (blocked) flags += 'b';
  if (record.multi.load(std::memory_order_relaxed) >= 0) flags += 'x';
  if (subscribed) flags += 'P';
  if (record.tracking.load(std::memory_order_relaxed)) flags += 't';
  if (record.tracking_broadcast.load(std::memory_order_relaxed)) flags += 'B';
  if (record.unix_socket.load(std::memory_order_relaxed)) flags += 'U';
  if (record.no_evict.load(std::memory_order_relaxed)) flags += 'e';
  if (record.no_touch.load(std::memory_order_relaxed)) flags += 'T';
  return flags.empty() ? "N" : flags;
}

command::ClientInfo Describe(const ClientRecord& record) {
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
  info.output_memory = read(record.output_bytes);
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
  base::MutexLock hold(record.mutex);
  info.blocked = record.blocked != nullptr;
  info.name = record.name;
  info.user = record.user;
  info.library_name = record.library_name;
  info.library_version = record.library_version;
  info.flags = FlagsOf(record, info.blocked, info.subscribed);
  return info;
}

}  // namespace

ClientRegistry::ClientRegistry(engine::Engine& engine) : engine_(engine) {}

void ClientRegistry::Add(std::shared_ptr<ClientRecord> record) {
  base::MutexLock hold(mutex_);
  records_.emplace(record->id, std::move(record));
  count_.store(records_.size(), std::memory_order_relaxed);
}

void ClientRegistry::Remove(uint64_t id) {
  base::MutexLock hold(mutex_);
  records_.erase(id);
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

void ClientRegistry::StartMonitor(command::Session& session) { session.monitor = true; }

}  // namespace tusk::server
