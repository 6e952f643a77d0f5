#include "engine/settings_binding.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "engine/config.h"
#include "engine/network_settings.h"
#include "repl/feed.h"
#include "repl/link.h"
#include "store/settings.h"

namespace tusk::engine {
namespace {

using store::Settings;

struct Binding {
  std::string_view name;
  void (*apply)(Settings& settings, int64_t number);
};

// One line per setting; the member's own type decides how the number is stored.
#define TUSK_BIND(name, member)                                                  \
  {                                                                              \
    name, [](Settings& settings, int64_t number) {                               \
      settings.member.set(static_cast<decltype(settings.member.get())>(number)); \
    }                                                                            \
  }

constexpr Binding kBindings[] = {
    TUSK_BIND("classic-encoding-names", classic_encoding_names),
    TUSK_BIND("classic-freeing", classic_freeing),
    TUSK_BIND("classic-number-format", classic_number_format),
    TUSK_BIND("classic-replies", classic_replies),
    TUSK_BIND("busy-scripts-block-all", busy_scripts_block_all),
    TUSK_BIND("list-max-listpack-size", list_max_listpack_size),
    TUSK_BIND("list-compress-depth", list_compress_depth),
    TUSK_BIND("hash-max-listpack-entries", hash_max_listpack_entries),
    TUSK_BIND("hash-max-listpack-value", hash_max_listpack_value),
    TUSK_BIND("set-max-intset-entries", set_max_intset_entries),
    TUSK_BIND("set-max-listpack-entries", set_max_listpack_entries),
    TUSK_BIND("set-max-listpack-value", set_max_listpack_value),
    TUSK_BIND("stream-node-max-bytes", stream_node_max_bytes),
    TUSK_BIND("stream-node-max-entries", stream_node_max_entries),
    TUSK_BIND("document-max-depth", document_max_depth),
    TUSK_BIND("zset-max-listpack-entries", zset_max_listpack_entries),
    TUSK_BIND("zset-max-listpack-value", zset_max_listpack_value),
    TUSK_BIND("hll-sparse-max-bytes", hll_sparse_max_bytes),
    TUSK_BIND("maxmemory", maxmemory),
    TUSK_BIND("maxmemory-samples", maxmemory_samples),
    TUSK_BIND("lfu-log-factor", lfu_log_factor),
    TUSK_BIND("lfu-decay-time", lfu_decay_time),
    TUSK_BIND("activedefrag", active_defrag),
    TUSK_BIND("active-defrag-ignore-bytes", active_defrag_ignore_bytes),
    TUSK_BIND("active-defrag-threshold-lower", active_defrag_threshold_lower),
    TUSK_BIND("active-defrag-threshold-upper", active_defrag_threshold_upper),
    TUSK_BIND("active-defrag-cycle-min", active_defrag_cycle_min),
    TUSK_BIND("active-defrag-cycle-max", active_defrag_cycle_max),
    TUSK_BIND("active-defrag-max-scan-fields", active_defrag_max_scan_fields),
    TUSK_BIND("lazyfree-lazy-eviction", lazyfree_lazy_eviction),
    TUSK_BIND("lazyfree-lazy-expire", lazyfree_lazy_expire),
    TUSK_BIND("lazyfree-lazy-server-del", lazyfree_lazy_server_del),
    TUSK_BIND("lazyfree-lazy-user-del", lazyfree_lazy_user_del),
    TUSK_BIND("lazyfree-lazy-user-flush", lazyfree_lazy_user_flush),
    TUSK_BIND("rdbcompression", rdb_compression),
    TUSK_BIND("rdb-key-save-delay", rdb_key_save_delay),
    TUSK_BIND("key-load-delay", key_load_delay),
    TUSK_BIND("proto-max-bulk-len", proto_max_bulk_len),
    TUSK_BIND("notify-keyspace-events", notify_keyspace_events),
    TUSK_BIND("slowlog-log-slower-than", slowlog_log_slower_than),
    TUSK_BIND("slowlog-max-len", slowlog_max_len),
    TUSK_BIND("latency-monitor-threshold", latency_monitor_threshold),
    TUSK_BIND("commandlog-request-larger-than", large_request_log_larger_than),
    TUSK_BIND("commandlog-large-request-max-len", large_request_log_max_len),
    TUSK_BIND("commandlog-reply-larger-than", large_reply_log_larger_than),
    TUSK_BIND("commandlog-large-reply-max-len", large_reply_log_max_len),
    TUSK_BIND("tracking-table-max-keys", tracking_table_max_keys),
    TUSK_BIND("import-mode", import_mode),
    TUSK_BIND("busy-reply-threshold", busy_reply_threshold),
    TUSK_BIND("enable-protected-configs", protected_configs),
    TUSK_BIND("enable-debug-command", enable_debug_command),
};

#undef TUSK_BIND

store::EvictionPolicy PolicyOf(std::string_view name) noexcept {
  using store::EvictionPolicy;
  if (name == "volatile-lru") return EvictionPolicy::kVolatileLru;
  if (name == "volatile-lfu") return EvictionPolicy::kVolatileLfu;
  if (name == "volatile-random") return EvictionPolicy::kVolatileRandom;
  if (name == "volatile-ttl") return EvictionPolicy::kVolatileTtl;
  if (name == "allkeys-lru") return EvictionPolicy::kAllKeysLru;
  if (name == "allkeys-lfu") return EvictionPolicy::kAllKeysLfu;
  if (name == "allkeys-random") return EvictionPolicy::kAllKeysRandom;
  return EvictionPolicy::kNoEviction;
}

void SetOutputLimit(OutputLimit& limit, const OutputLimitValue& value) {
  limit.hard_bytes.set(value.hard_bytes);
  limit.soft_bytes.set(value.soft_bytes);
  limit.soft_seconds.set(value.soft_seconds);
}

template <typename Value>
void FollowSetting(Config& config, std::string_view name, store::Setting<Value>& field) {
  config.OnChange(name, [&field](const SettingValue& value) {
    field.set(static_cast<Value>(value.number));
    return base::Status::Ok();
  });
}

// The same for a part that keeps its settings itself: `owner` hears that the number has changed in `field`.
template <typename Owner, typename Number>
void Follow(Config& config, Owner& owner, std::string_view name, std::atomic<Number>& field) {
  config.OnChange(name, [&owner, &field](const SettingValue& value) {
    field.store(static_cast<Number>(value.number), std::memory_order_relaxed);
    owner.SettingsChanged();
    return base::Status::Ok();
  });
}

void BindNetwork(Config& config, NetworkSettings& network) {
  FollowSetting(config, "maxclients", network.maxclients);
  FollowSetting(config, "timeout", network.timeout_seconds);
  FollowSetting(config, "tcp-keepalive", network.tcp_keepalive_seconds);
  FollowSetting(config, "protected-mode", network.protected_mode);
  FollowSetting(config, "client-query-buffer-limit", network.query_buffer_limit);
  FollowSetting(config, "watchdog-period", network.watchdog_period_ms);
  for (std::string_view name : {"maxmemory-clients", "maxmemory"}) {
    config.OnChange(name, [&config, &network](const SettingValue&) {
      // A percentage of maxmemory is negative.
      const int64_t limit = config.Number("maxmemory-clients");
      const int64_t bytes = limit >= 0 ? limit : -limit * config.Number("maxmemory") / 100;
      network.clients_memory_max.set(static_cast<uint64_t>(bytes));
      return base::Status::Ok();
    });
  }
  config.OnChange("client-output-buffer-limit", [&network](const SettingValue& value) {
    OutputLimitValues limits = ReadOutputLimits(value.text);
    SetOutputLimit(network.normal_output, limits[static_cast<size_t>(ClientClass::kNormal)]);
    SetOutputLimit(network.replica_output, limits[static_cast<size_t>(ClientClass::kReplica)]);
    SetOutputLimit(network.pubsub_output, limits[static_cast<size_t>(ClientClass::kPubsub)]);
    return base::Status::Ok();
  });
}

}  // namespace

void BindSettings(Config& config, store::Settings& settings, NetworkSettings& network) {
  for (const Binding& binding : kBindings) {
    config.OnChange(binding.name, [&settings, apply = binding.apply](const SettingValue& value) {
      apply(settings, value.number);
      return base::Status::Ok();
    });
  }
  config.OnChange("maxmemory-policy", [&settings](const SettingValue& value) {
    settings.maxmemory_policy.set(PolicyOf(value.text));
    return base::Status::Ok();
  });
  config.OnChange("dir", [](const SettingValue& value) {
    if (value.text.empty() || ::chdir(value.text.c_str()) == 0) return base::Status::Ok();
    return base::Status::Invalid(std::strerror(errno));
  });
  BindNetwork(config, network);
}

void BindFeed(Config& config, repl::Feed& feed) {
  repl::FeedSettings& settings = feed.settings();
  Follow(config, feed, "repl-backlog-size", settings.backlog_bytes);
  Follow(config, feed, "repl-backlog-ttl", settings.backlog_ttl_seconds);
  Follow(config, feed, "repl-ping-replica-period", settings.ping_seconds);
  Follow(config, feed, "min-replicas-to-write", settings.min_replicas);
  Follow(config, feed, "min-replicas-max-lag", settings.max_lag_seconds);
  Follow(config, feed, "repl-timeout", settings.timeout_seconds);
  config.OnChange("client-output-buffer-limit", [&settings](const SettingValue& value) {
    const OutputLimitValue limit = ReadOutputLimits(value.text)[static_cast<size_t>(ClientClass::kReplica)];
    settings.output_bytes_max.store(limit.hard_bytes, std::memory_order_relaxed);
    return base::Status::Ok();
  });
}

void BindLink(Config& config, repl::Link& link) {
  repl::LinkSettings& settings = link.settings();
  Follow(config, link, "replica-read-only", settings.read_only);
  Follow(config, link, "replica-serve-stale-data", settings.serve_stale_data);
  Follow(config, link, "repl-timeout", settings.timeout_seconds);
  Follow(config, link, "port", settings.listening_port);
  config.OnChange("bind-source-addr", [&link](const SettingValue& value) {
    link.SetSourceAddress(value.text);
    return base::Status::Ok();
  });
  for (std::string_view name : {"masterauth", "masteruser"}) {
    config.OnChange(name, [&config, &link](const SettingValue&) {
      link.SetCredentials(config.Text("masteruser"), config.Text("masterauth"));
      return base::Status::Ok();
    });
  }
}

}  // namespace tusk::engine
