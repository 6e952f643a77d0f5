// INFO: figures about the server, by section. Field names and spelling are those that monitoring tools read.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "base/cycles.h"
#include "base/memory.h"
#include "base/text.h"
#include "engine/engine_of.h"
#include "engine/memory_figures.h"
#include "engine/server_commands.h"

namespace tusk::engine {
namespace {

using command::Context;

// One section's lines.
class Lines {
 public:
  template <typename T>
  void Add(std::string_view name, const T& value) {
    fmt::format_to(std::back_inserter(text_), "{}:{}\r\n", name, value);
  }
  void AddFixed(std::string_view name, double value, int digits, std::string_view unit = "") {
    fmt::format_to(std::back_inserter(text_), "{}:{:.{}f}{}\r\n", name, value, digits, unit);
  }
  // With a second line "<name>_human".
  void AddMemory(std::string_view name, uint64_t bytes) {
    Add(name, bytes);
    Add(std::string(name) + "_human", Human(bytes));
  }
  static std::string Human(uint64_t bytes) {
    constexpr std::string_view kUnits = "KMGTP";
    if (bytes < 1024) return fmt::format("{}B", bytes);
    auto value = static_cast<double>(bytes) / 1024;
    size_t unit = 0;
    while (value >= 1024 && unit + 1 < kUnits.size()) {
      value /= 1024;
      ++unit;
    }
    return fmt::format("{:.2f}{}", value, kUnits[unit]);
  }
  std::string& text() noexcept { return text_; }

 private:
  std::string text_;
};

template <typename Field>
uint64_t SumOf(Engine& engine, Field field) {
  return engine.statistics().Sum(
      [&](const command::WorkerStatistics& worker) { return (worker.*field).get(); });
}

std::string ExecutablePath() {
  char path[4096];
  ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
  return length > 0 ? std::string(path, static_cast<size_t>(length)) : std::string();
}

void Server(Engine& engine, Lines& out) {
  utsname system{};
  ::uname(&system);
  int64_t now_micros = engine.clock().UnixMicros();
  int64_t uptime = (now_micros / 1000 - engine.started_unix_ms()) / 1000;
  out.Add("redis_version", kRedisVersion);
  out.Add("redis_git_sha1", "00000000");
  out.Add("redis_git_dirty", 0);
  out.Add("redis_build_id", "0");
  out.Add("redis_mode", "standalone");
  out.Add("server_name", "tusk");
  out.Add("tusk_version", kVersion);
  out.Add("os", fmt::format("{} {} {}", system.sysname, system.release, system.machine));
  out.Add("arch_bits", sizeof(void*) * 8);
  out.Add("monotonic_clock", "POSIX clock_gettime");
  out.Add("multiplexing_api", "epoll");
  out.Add("atomicvar_api", "c11-builtin");
  out.Add("gcc_version", fmt::format("{}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__));
  out.Add("process_id", ::getpid());
  out.Add("process_supervised", engine.config().Text("supervised"));
  out.Add("run_id", engine.run_id());
  out.Add("tcp_port", engine.config().Number("port"));
  out.Add("server_time_usec", now_micros);
  out.Add("uptime_in_seconds", uptime);
  out.Add("uptime_in_days", uptime / 86400);
  out.Add("hz", engine.config().Number("hz"));
  out.Add("configured_hz", engine.config().Number("hz"));
  out.Add("lru_clock", (now_micros / 1'000'000) & 0xffffff);
  out.Add("executable", ExecutablePath());
  out.Add("config_file", engine.config().file());
  out.Add("io_threads_active", 1);
  if (engine.services().process == nullptr) return;
  if (auto left = engine.services().process->ShutdownMillisLeft()) out.Add("shutdown_in_milliseconds", *left);
}

void Clients(Engine& engine, Lines& out) {
  command::Clients* clients = engine.services().clients;
  // Replicas are none.
  const size_t replicas = engine.feed().Replicas().size();
  const size_t connected = clients ? clients->ConnectedCount() : 0;
  out.Add("connected_clients", connected > replicas ? connected - replicas : 0);
  out.Add("cluster_connections", 0);
  out.Add("maxclients", engine.network().maxclients.get());
  const command::ClientTotals totals = clients ? clients->Totals() : command::ClientTotals{};
  out.Add("client_recent_max_input_buffer", totals.query_buffer_max);
  out.Add("client_recent_max_output_buffer", totals.output_max);
  out.Add("blocked_clients", clients ? clients->BlockedCount() : 0);
  out.Add("tracking_clients", engine.tracking().SessionCount());
  out.Add("clients_in_timeout_table", 0);
  command::Executor::AwaitedKeys awaited = engine.executor().CountAwaitedKeys();
  out.Add("total_blocking_keys", awaited.all);
  out.Add("total_blocking_keys_on_nokey", awaited.when_gone);
  out.Add("pubsub_clients", totals.subscribed);
  out.Add("watching_clients", totals.watching);
  out.Add("total_watched_keys", totals.watched_keys);
}

void Memory(Engine& engine, Lines& out) {
  uint64_t used = base::UsedMemory();
  uint64_t resident = ResidentBytes();
  uint64_t peak = engine.memory_peak().Update(used);
  uint64_t startup = engine.startup_memory();
  uint64_t dataset = used > startup ? used - startup : 0;
  uint64_t system =
      static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  auto percent = [](uint64_t part, uint64_t whole) {
    return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  };
  out.AddMemory("used_memory", used);
  out.AddMemory("used_memory_rss", resident);
  out.AddMemory("used_memory_peak", peak);
  out.AddFixed("used_memory_peak_perc", percent(used, peak), 2, "%");
  out.Add("used_memory_overhead", startup);
  out.Add("used_memory_startup", startup);
  out.Add("used_memory_dataset", dataset);
  out.AddFixed("used_memory_dataset_perc", percent(dataset, used), 2, "%");
  out.Add("allocator_allocated", used);
  out.Add("allocator_active", resident);
  out.Add("allocator_resident", resident);
  out.AddMemory("total_system_memory", system);
  uint64_t lua = engine.scripts().pool().memory_bytes();
  uint64_t scripts = engine.scripts().registry().memory_bytes();
  out.Add("used_memory_vm_eval", lua);
  out.AddMemory("used_memory_lua", lua);
  out.Add("used_memory_scripts_eval", scripts);
  out.Add("number_of_cached_scripts", engine.scripts().registry().size());
  const script::LibraryRegistry::Counts libraries = engine.scripts().libraries().counts();
  const uint64_t function_lua = engine.scripts().function_pool().memory_bytes();
  out.Add("number_of_functions", libraries.functions);
  out.Add("number_of_libraries", libraries.libraries);
  out.Add("used_memory_vm_functions", function_lua);
  out.AddMemory("used_memory_vm_total", lua + function_lua);
  out.Add("used_memory_functions", libraries.bytes);
  out.AddMemory("used_memory_scripts", scripts + libraries.bytes);
  out.AddMemory("maxmemory", engine.settings().maxmemory);
  out.Add("maxmemory_policy", engine.config().Text("maxmemory-policy"));
  double ratio = used == 0 ? 0.0 : static_cast<double>(resident) / static_cast<double>(used);
  // The allocator does not tell what of its memory holds nothing: the two are as good as one.
  out.AddFixed("allocator_frag_ratio", ratio, 2);
  out.Add("allocator_frag_bytes", static_cast<int64_t>(resident) - static_cast<int64_t>(used));
  out.Add("allocator_rss_ratio", "1.00");
  out.Add("allocator_rss_bytes", 0);
  out.Add("rss_overhead_ratio", "1.00");
  out.Add("rss_overhead_bytes", 0);
  out.AddFixed("mem_fragmentation_ratio", ratio, 2);
  out.Add("mem_fragmentation_bytes", static_cast<int64_t>(resident) - static_cast<int64_t>(used));
  out.Add("mem_not_counted_for_evict", engine.keyspace().passing().bytes());
  out.Add("mem_replication_backlog", engine.feed().backlog_bytes());
  const command::ClientTotals totals =
      engine.services().clients ? engine.services().clients->Totals() : command::ClientTotals{};
  out.Add("mem_total_replication_buffers", engine.feed().backlog_bytes() + totals.replica_memory);
  out.Add("mem_clients_slaves", totals.replica_memory);
  out.Add("mem_clients_normal", totals.normal_memory);
  out.Add("mem_cluster_links", 0);
  out.Add("mem_aof_buffer", engine.append_file().log().state().waiting_bytes);
  out.Add("mem_allocator", base::AllocatorName());
  out.Add("active_defrag_running", engine.keyspace().mover().counters().percent.load(std::memory_order_relaxed));
  out.Add("lazyfree_pending_objects", engine.keyspace().reclaimer().pending_objects());
  out.Add("lazyfreed_objects", engine.keyspace().reclaimer().reclaimed_objects());
}

void LoadingFields(Engine& engine, Lines& out) {
  persist::Loader::Progress progress = engine.append_file().load_progress();
  if (progress.bytes_total == 0) progress = engine.persistence().load_progress();
  int64_t elapsed = engine.clock().UnixMillis() / 1000 - progress.started_unix_seconds;
  uint64_t loaded = std::max<uint64_t>(progress.bytes_loaded, 1);
  uint64_t left = progress.bytes_total > loaded ? progress.bytes_total - loaded : 0;
  constexpr double kPercent = 100;
  out.Add("loading_start_time", progress.started_unix_seconds);
  out.Add("loading_total_bytes", progress.bytes_total);
  out.Add("loading_rdb_used_mem", progress.memory_when_saved);
  out.Add("loading_loaded_bytes", progress.bytes_loaded);
  out.AddFixed("loading_loaded_perc",
               progress.bytes_total ? kPercent * static_cast<double>(progress.bytes_loaded) / static_cast<double>(progress.bytes_total) : 0, 2);
  out.Add("loading_eta_seconds", static_cast<int64_t>(static_cast<double>(elapsed) * static_cast<double>(left) / static_cast<double>(loaded)));
}

void Persistence(Engine& engine, Lines& out) {
  persist::Saver::State save = engine.persistence().saver().state();
  persist::Loader::Progress load = engine.persistence().load_progress();
  const persist::LogKeeper::State log = engine.append_file().keeper().state();
  const persist::AppendLog::State append = engine.append_file().log().state();
  out.Add("loading", engine.settings().loading ? 1 : 0);
  out.Add("async_loading", 0);
  out.Add("current_cow_peak", save.preserved_bytes + log.preserved_bytes);
  out.Add("current_cow_size", save.preserved_bytes + log.preserved_bytes);
  out.Add("current_cow_size_age", 0);
  // There is no fork; whoever looks here wants to know how far the save is.
  const uint64_t keys_total = save.keys_total + log.keys_total;
  const double done = keys_total == 0 ? 0.0 : 100.0 * static_cast<double>(save.keys_done + log.keys_done) / static_cast<double>(keys_total);
  out.AddFixed("current_fork_perc", done, 2);
  out.Add("current_save_keys_processed", save.keys_done + log.keys_done);
  out.Add("current_save_keys_total", save.keys_total + log.keys_total);
  out.Add("rdb_changes_since_last_save", engine.keyspace().change_counts().Unsaved());
  // A copy for replicas is one, too.
  const bool copying = std::ranges::any_of(
      engine.feed().Replicas(), [](const auto& replica) { return replica.phase == repl::ReplicaPhase::kCopying; });
  out.Add("rdb_bgsave_in_progress", save.in_progress || copying ? 1 : 0);
  out.Add("rdb_last_save_time", save.last_save_unix_seconds);
  out.Add("rdb_last_bgsave_status", save.last_background_ok ? "ok" : "err");
  out.Add("rdb_last_bgsave_time_sec", save.last_background_seconds);
  out.Add("rdb_current_bgsave_time_sec", save.current_seconds);
  out.Add("rdb_saves", save.saves);
  out.Add("rdb_last_cow_size", save.last_preserved_bytes);
  out.Add("rdb_last_load_keys_expired", load.keys_expired);
  out.Add("rdb_last_load_keys_loaded", load.keys_loaded);
  out.Add("aof_enabled", log.mode == persist::LogKeeper::Mode::kOff ? 0 : 1);
  out.Add("aof_rewrite_in_progress", log.in_progress ? 1 : 0);
  out.Add("aof_rewrite_scheduled", log.scheduled ? 1 : 0);
  out.Add("aof_last_rewrite_time_sec", log.last_seconds);
  out.Add("aof_current_rewrite_time_sec", log.current_seconds);
  out.Add("aof_last_bgrewrite_status", log.last_ok ? "ok" : "err");
  out.Add("aof_rewrites", log.rewrites);
  out.Add("aof_rewrites_consecutive_failures", log.consecutive_failures);
  out.Add("aof_last_write_status", append.write_ok && append.sync_ok ? "ok" : "err");
  out.Add("aof_last_cow_size", log.last_preserved_bytes);
  out.Add("module_fork_in_progress", 0);
  out.Add("module_fork_last_cow_size", 0);
  if (log.mode != persist::LogKeeper::Mode::kOff) {
    out.Add("aof_current_size", log.bytes);
    out.Add("aof_base_size", log.base_bytes);
    out.Add("aof_pending_rewrite", 0);
    out.Add("aof_buffer_length", append.waiting_bytes);
    out.Add("aof_pending_bio_fsync", append.sync_running ? 1 : 0);
    out.Add("aof_delayed_fsync", append.delayed_syncs);
  }
  if (engine.settings().loading) LoadingFields(engine, out);
}

void Stats(Engine& engine, Lines& out) {
  using command::WorkerStatistics;
  command::Statistics& statistics = engine.statistics();
  store::KeyspaceCounters& counters = engine.keyspace().counters();
  uint64_t commands = SumOf(engine, &WorkerStatistics::commands_processed);
  uint64_t input = SumOf(engine, &WorkerStatistics::net_input_bytes);
  uint64_t output = SumOf(engine, &WorkerStatistics::net_output_bytes);
  RateMeter::Rates rates = engine.rates().Look({commands, input, output}, engine.clock().MonotonicMicros());
  out.Add("total_connections_received", statistics.connections_received.load(std::memory_order_relaxed));
  out.Add("total_commands_processed", commands);
  out.Add("instantaneous_ops_per_sec", rates.commands_per_second);
  out.Add("total_net_input_bytes", input);
  out.Add("total_net_output_bytes", output);
  out.Add("total_net_repl_input_bytes", 0);
  out.Add("total_net_repl_output_bytes", engine.feed().output_bytes());
  out.AddFixed("instantaneous_input_kbps", rates.input_kilobytes_per_second, 2);
  out.AddFixed("instantaneous_output_kbps", rates.output_kilobytes_per_second, 2);
  out.Add("instantaneous_input_repl_kbps", "0.00");
  out.Add("instantaneous_output_repl_kbps", "0.00");
  out.Add("rejected_connections", statistics.rejected_connections.load(std::memory_order_relaxed));
  out.Add("sync_full", engine.feed().full_syncs());
  out.Add("sync_partial_ok", engine.feed().partial_syncs());
  out.Add("sync_partial_err", engine.feed().refused_partial_syncs());
  out.Add("expired_keys", counters.expired_keys.load(std::memory_order_relaxed));
  out.Add("expired_subkeys", counters.expired_subkeys.load(std::memory_order_relaxed));
  out.Add("expired_stale_perc", "0.00");
  out.Add("expired_time_cap_reached_count", 0);
  out.Add("expire_cycle_cpu_milliseconds", 0);
  out.Add("evicted_keys", counters.evicted_keys.load(std::memory_order_relaxed));
  out.Add("evicted_clients", engine.services().clients ? engine.services().clients->EvictedCount() : 0);
  out.Add("total_eviction_exceeded_time", 0);
  out.Add("current_eviction_exceeded_time", 0);
  out.Add("keyspace_hits", SumOf(engine, &WorkerStatistics::hits));
  out.Add("keyspace_misses", SumOf(engine, &WorkerStatistics::misses));
  out.Add("pubsub_channels", engine.hub().NameCount(pubsub::Kind::kChannel));
  out.Add("pubsub_patterns", engine.hub().NameCount(pubsub::Kind::kPattern));
  out.Add("pubsubshard_channels", engine.hub().NameCount(pubsub::Kind::kShardChannel));
  out.Add("latest_fork_usec", 0);
  out.Add("total_forks", 0);
  out.Add("migrate_cached_sockets", engine.migrate_pool().size());
  out.Add("slave_expires_tracked_keys", 0);
  store::Mover::Counters& moves = engine.keyspace().mover().counters();
  out.Add("active_defrag_hits", moves.blocks_moved.load(std::memory_order_relaxed));
  out.Add("active_defrag_misses", moves.blocks_left.load(std::memory_order_relaxed));
  out.Add("active_defrag_key_hits", moves.keys_moved.load(std::memory_order_relaxed));
  out.Add("active_defrag_key_misses", moves.keys_left.load(std::memory_order_relaxed));
  out.Add("total_active_defrag_time", moves.micros.load(std::memory_order_relaxed) / 1000);
  const bool moving = moves.percent.load(std::memory_order_relaxed) != 0;
  const int64_t moving_us = engine.clock().MonotonicMicros() - moves.round_began_us.load(std::memory_order_relaxed);
  out.Add("current_active_defrag_time", moving ? moving_us / 1000 : 0);
  const store::TrackingCounters& tracking = engine.keyspace().tracking();
  out.Add("tracking_total_keys", tracking.keys.load(std::memory_order_relaxed));
  out.Add("tracking_total_items", tracking.items.load(std::memory_order_relaxed));
  out.Add("tracking_total_prefixes", engine.tracking().PrefixCount());
  out.Add("unexpected_error_replies", statistics.unexpected_error_replies.load(std::memory_order_relaxed));
  out.Add("total_error_replies", statistics.total_errors());
  out.Add("dump_payload_sanitizations", 0);
  out.Add("total_reads_processed", SumOf(engine, &WorkerStatistics::reads_processed));
  out.Add("total_writes_processed", SumOf(engine, &WorkerStatistics::writes_processed));
  out.Add("io_threaded_reads_processed", 0);
  out.Add("io_threaded_writes_processed", 0);
  out.Add("reply_buffer_shrinks", 0);
  out.Add("reply_buffer_expands", 0);
  const AclLog& refused = engine.users().log();
  out.Add("acl_access_denied_auth", refused.denied(AclReason::kAuth));
  out.Add("acl_access_denied_cmd", refused.denied(AclReason::kCommand));
  out.Add("acl_access_denied_key", refused.denied(AclReason::kKey));
  out.Add("acl_access_denied_channel", refused.denied(AclReason::kChannel));
  out.Add("commands_parked", SumOf(engine, &WorkerStatistics::parked));
  out.Add("commands_detached", SumOf(engine, &WorkerStatistics::detached));
}

void AddMaster(Engine& engine, const repl::LinkInfo& link, Lines& out) {
  const bool up = link.state == repl::LinkState::kConnected;
  out.Add("role", "slave");
  out.Add("master_host", link.host);
  out.Add("master_port", link.port);
  out.Add("master_link_status", up ? "up" : "down");
  out.Add("master_last_io_seconds_ago", link.seconds_since_io);
  out.Add("master_sync_in_progress", link.state == repl::LinkState::kTransfer ? 1 : 0);
  out.Add("slave_read_repl_offset", link.read_offset);
  out.Add("slave_repl_offset", link.offset);
  if (link.transfer_left_bytes >= 0) out.Add("master_sync_left_bytes", link.transfer_left_bytes);
  if (!up) out.Add("master_link_down_since_seconds", link.seconds_down);
  out.Add("slave_priority", engine.config().Number("replica-priority"));
  out.Add("slave_read_only", engine.config().Number("replica-read-only"));
  out.Add("replica_announced", engine.config().Number("replica-announced"));
}

void Replication(Engine& engine, Lines& out) {
  repl::Feed& feed = engine.feed();
  std::vector<repl::ReplicaInfo> replicas = feed.Replicas();
  const repl::LinkInfo link = engine.link().Describe();
  const bool follows = link.state != repl::LinkState::kNone && link.offset >= 0;
  if (link.state != repl::LinkState::kNone) {
    AddMaster(engine, link, out);
  } else {
    out.Add("role", "master");
  }
  out.Add("connected_slaves", replicas.size());
  if (engine.config().Number("min-replicas-to-write") > 0 && engine.config().Number("min-replicas-max-lag") > 0) {
    out.Add("min_slaves_good_slaves", feed.GoodReplicas());
  }
  for (size_t i = 0; i < replicas.size(); ++i) {
    const repl::ReplicaInfo& replica = replicas[i];
    out.Add(fmt::format("slave{}", i),
            fmt::format("ip={},port={},state={},offset={},lag={}", replica.address, replica.port,
                        repl::PhaseName(replica.phase), replica.acked_offset, replica.lag_seconds));
  }
  out.Add("master_failover_state", engine.link().failover().StateName());
  // A replica tells of its master's stream, which is what its offset counts. (Its own replicas are fed another one.)
  out.Add("master_replid", follows ? link.replid : feed.replid());
  const repl::Feed::Moment before = follows ? repl::Feed::Moment{} : feed.predecessor();
  out.Add("master_replid2", before.replid.empty() ? std::string(40, '0') : before.replid);
  out.Add("master_repl_offset", follows ? static_cast<uint64_t>(link.offset) : feed.offset());
  out.Add("second_repl_offset", before.replid.empty() ? -1 : static_cast<int64_t>(before.offset + 1));
  out.Add("repl_backlog_active", feed.HasBacklog() ? 1 : 0);
  out.Add("repl_backlog_size", engine.config().Number("repl-backlog-size"));
  out.Add("repl_backlog_first_byte_offset", feed.backlog_first_offset());
  out.Add("repl_backlog_histlen", feed.backlog_bytes());
}

void Cpu(Engine&, Lines& out) {
  auto add = [&](std::string_view suffix, int who) {
    rusage usage{};
    ::getrusage(who, &usage);
    auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    out.AddFixed("used_cpu_sys" + std::string(suffix), seconds(usage.ru_stime), 6);
    out.AddFixed("used_cpu_user" + std::string(suffix), seconds(usage.ru_utime), 6);
  };
  add("", RUSAGE_SELF);
  add("_children", RUSAGE_CHILDREN);
  // No thread is the main one here: what serves the caller stands for it.
  add("_main_thread", RUSAGE_THREAD);
}

void Modules(Engine&, Lines&) {}

void CommandStats(Engine& engine, Lines& out) {
  double micros_per_tick = base::CycleClock::MicrosPerTick();
  for (const command::Command& command : engine.commands().all()) {
    auto sum = [&](auto field) {
      return engine.statistics().Sum(
          [&](const command::WorkerStatistics& worker) { return (worker.command[command.id].*field).get(); });
    };
    uint64_t calls = sum(&command::CommandCounts::calls);
    uint64_t rejected = sum(&command::CommandCounts::rejected);
    if (calls == 0 && rejected == 0) continue;
    auto micros =
        static_cast<uint64_t>(static_cast<double>(sum(&command::CommandCounts::ticks)) * micros_per_tick);
    double each = calls == 0 ? 0.0 : static_cast<double>(micros) / static_cast<double>(calls);
    out.Add("cmdstat_" + command.full_name,
            fmt::format("calls={},usec={},usec_per_call={:.2f},rejected_calls={},failed_calls={}", calls,
                        micros, each, rejected, sum(&command::CommandCounts::failed)));
  }
}

void ErrorStats(Engine& engine, Lines& out) {
  for (const auto& [code, count] : engine.statistics().Errors()) {
    out.Add("errorstat_" + code, fmt::format("count={}", count));
  }
}

// Upper bound of the bucket in which the percentile falls.
uint64_t PercentileMicros(const std::vector<uint64_t>& buckets, uint64_t total, double percentile) {
  auto wanted = static_cast<uint64_t>(static_cast<double>(total) * percentile / 100.0 + 0.999999);
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets.size(); ++i) {
    seen += buckets[i];
    if (seen >= std::max<uint64_t>(wanted, 1)) return uint64_t{1} << i;
  }
  return uint64_t{1} << (buckets.size() - 1);
}

void LatencyStats(Engine& engine, Lines& out) {
  if (!engine.config().Flag("latency-tracking")) return;
  std::vector<double> percentiles =
      ReadPercentiles(engine.config().Text("latency-tracking-info-percentiles"));
  for (const command::Command& command : engine.commands().all()) {
    std::vector<uint64_t> buckets(command::kLatencyBuckets);
    uint64_t total = 0;
    for (size_t i = 0; i < buckets.size(); ++i) {
      buckets[i] = engine.statistics().Sum([&](const command::WorkerStatistics& worker) {
        return worker.command[command.id].latency[i].get();
      });
      total += buckets[i];
    }
    if (total == 0) continue;
    std::string shown;
    for (double percentile : percentiles) {
      shown += fmt::format("{}p{:g}={:.3f}", shown.empty() ? "" : ",", percentile,
                           static_cast<double>(PercentileMicros(buckets, total, percentile)));
    }
    out.Add("latency_percentiles_usec_" + command.full_name, shown);
  }
}

void Cluster(Engine&, Lines& out) { out.Add("cluster_enabled", 0); }

void Keyspace(Engine& engine, Lines& out) {
  store::Keyspace& keyspace = engine.keyspace();
  for (size_t i = 0; i < keyspace.databases(); ++i) {
    auto db = static_cast<store::DbIndex>(i);
    uint64_t keys = keyspace.Size(db);
    if (keys == 0) continue;
    const store::Keyspace::DeadlineFigures deadlines = keyspace.Deadlines(db);
    std::string line = fmt::format("keys={},expires={},avg_ttl={}", keys, keyspace.VolatileSize(db), deadlines.average_ttl_ms);
    // Of Redis 7.4: readers that know nothing of it are not shown it until somebody uses it.
    if (deadlines.hashes != 0) line += fmt::format(",subexpiry={}", deadlines.hashes);
    out.Add(fmt::format("db{}", i), line);
  }
}

struct Section {
  std::string_view name;  // As the request names it.
  std::string_view title;
  void (*write)(Engine& engine, Lines& out);
  bool by_default;
};
constexpr Section kSections[] = {
    {"server", "Server", Server, true},
    {"clients", "Clients", Clients, true},
    {"memory", "Memory", Memory, true},
    {"persistence", "Persistence", Persistence, true},
    {"stats", "Stats", Stats, true},
    {"replication", "Replication", Replication, true},
    {"cpu", "CPU", Cpu, true},
    {"modules", "Modules", Modules, true},
    {"commandstats", "Commandstats", CommandStats, false},
    {"errorstats", "Errorstats", ErrorStats, true},
    {"latencystats", "Latencystats", LatencyStats, false},
    {"cluster", "Cluster", Cluster, true},
    {"keyspace", "Keyspace", Keyspace, true},
};

bool IsWanted(const Section& section, std::span<const std::string_view> names) {
  if (names.empty()) return section.by_default;
  return std::ranges::any_of(names, [&](std::string_view name) {
    if (base::EqualsIgnoreCase(name, "all") || base::EqualsIgnoreCase(name, "everything")) return true;
    if (base::EqualsIgnoreCase(name, "default")) return section.by_default;
    return base::EqualsIgnoreCase(name, section.name);
  });
}

}  // namespace

void CmdInfo(Context& ctx) {
  std::string text;
  for (const Section& section : kSections) {
    if (!IsWanted(section, ctx.args().subspan(1))) continue;
    Lines lines;
    section.write(EngineOf(ctx), lines);
    if (!text.empty()) text += "\r\n";
    text += "# " + std::string(section.title) + "\r\n" + lines.text();
  }
  ctx.reply().Verbatim("txt", text);
}

}  // namespace tusk::engine
