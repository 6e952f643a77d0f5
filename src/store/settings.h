// Settings: what the store and the commands read while they work. The configuration table writes, everybody reads.
//
// Threads: thread-safe; every field is a relaxed atomic, because each stands for itself: a reader may see one setting
// before another that was written first. Owns: plain numbers.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace tusk::store {

enum class EvictionPolicy : uint8_t {
  kNoEviction,
  kAllKeysLru,
  kAllKeysLfu,
  kAllKeysRandom,
  kVolatileLru,
  kVolatileLfu,
  kVolatileRandom,
  kVolatileTtl,
};

template <typename T>
class Setting {
 public:
  constexpr Setting(T value) noexcept : value_(value) {}  // NOLINT(google-explicit-constructor): reads as the default.
  T get() const noexcept { return value_.load(std::memory_order_relaxed); }
  void set(T value) noexcept { value_.store(value, std::memory_order_relaxed); }
  operator T() const noexcept { return get(); }  // NOLINT(google-explicit-constructor)

 private:
  std::atomic<T> value_;
};

struct Settings {
  // Encodings. Bytes for *_value; a negative list size is a class of node bytes (-1: 4 KB ... -5: 64 KB).
  Setting<int64_t> list_max_listpack_size{-2};
  Setting<int64_t> list_compress_depth{0};
  // DEBUG QUICKLIST-PACKED-THRESHOLD: bytes from which a list element gets a node of its own; 0: as the size allows.
  Setting<uint64_t> quicklist_packed_threshold{0};
  Setting<uint64_t> hash_max_listpack_entries{512};
  Setting<uint64_t> hash_max_listpack_value{64};
  Setting<uint64_t> set_max_intset_entries{512};
  Setting<uint64_t> set_max_listpack_entries{128};
  Setting<uint64_t> set_max_listpack_value{64};
  Setting<uint64_t> zset_max_listpack_entries{128};
  Setting<uint64_t> zset_max_listpack_value{64};
  Setting<uint64_t> hll_sparse_max_bytes{3000};  // Header included.
  Setting<uint64_t> stream_node_max_bytes{4096};  // 0: no limit of ours, as in the next one.
  Setting<uint64_t> stream_node_max_entries{100};
  Setting<uint64_t> document_max_depth{128};      // Levels of containers in a nested value.
  Setting<bool> classic_encoding_names{false};  // OBJECT ENCODING speaks as Redis 7.0 did.
  Setting<bool> classic_number_format{false};   // Scores have 17 digits, as in Redis 7.0.
  Setting<bool> classic_replies{false};         // Errors have 7.0's words where 7.2 changed them.

  // Memory.
  Setting<uint64_t> maxmemory{0};  // Bytes; 0: no limit.
  Setting<EvictionPolicy> maxmemory_policy{EvictionPolicy::kNoEviction};
  Setting<int64_t> maxmemory_samples{5};
  Setting<int64_t> lfu_log_factor{10};
  Setting<int64_t> lfu_decay_time{1};  // Minutes.
  Setting<bool> lazyfree_lazy_eviction{false};
  Setting<bool> lazyfree_lazy_expire{false};
  Setting<bool> lazyfree_lazy_server_del{false};
  Setting<bool> lazyfree_lazy_user_del{false};
  Setting<bool> lazyfree_lazy_user_flush{false};
  // What the four settings above do not let go to the background is freed by whoever deletes it, who waits for that.
  Setting<bool> classic_freeing{false};

  // Moving what deletes left scattered, so that memory can go back to the system (store/mover.h).
  Setting<bool> active_defrag{true};
  Setting<uint64_t> active_defrag_ignore_bytes{10u << 20};
  Setting<int64_t> active_defrag_threshold_lower{10};  // Percent of empty beside used memory in pages.
  Setting<int64_t> active_defrag_threshold_upper{100};
  Setting<int64_t> active_defrag_cycle_min{1};         // Percent of a loop's time.
  Setting<int64_t> active_defrag_cycle_max{25};
  Setting<int64_t> active_defrag_max_scan_fields{1000};

  // Expiry. DEBUG SET-ACTIVE-EXPIRE turns the timer off; reads hide expired keys all the same.
  Setting<bool> active_expire{true};

  // DEBUG REPLYBUFFER PEAK-RESET-TIME: for so long a connection's largest output holds up its room. Negative: for good.
  Setting<int64_t> reply_peak_reset_ms{kReplyPeakResetMs};
  static constexpr int64_t kReplyPeakResetMs = 5000;

  // Snapshots, DUMP and RESTORE.
  Setting<bool> rdb_compression{true};
  Setting<int64_t> rdb_key_save_delay{0};  // Microseconds per key, for tests; negative: that many keys per microsecond.
  Setting<int64_t> key_load_delay{0};      // The same while loading.
  Setting<bool> skip_checksum_validation{false};  // DEBUG SET-SKIP-CHECKSUM-VALIDATION.
  // -LOADING: data comes in from a file or a master, and only commands that are marked for it run.
  Setting<bool> loading{false};
  // -MISCONF: the last snapshot failed, and stop-writes-on-bgsave-error is set.
  Setting<bool> writes_need_snapshot{false};
  // The error reply for writes while they do not get into the append file, -MISCONF. The log owns it, for good.
  Setting<const std::string*> log_failure{nullptr};

  // Protocol and commands.
  Setting<uint64_t> proto_max_bulk_len{512u << 20};
  Setting<uint32_t> notify_keyspace_events{0};   // EventClass bits, store/events.h.
  Setting<int64_t> slowlog_log_slower_than{10'000};  // Microseconds; negative: off.
  Setting<uint64_t> slowlog_max_len{128};
  // COMMANDLOG's other two logs: bytes of a request or reply; negative: off.
  Setting<int64_t> large_request_log_larger_than{1 << 20};
  Setting<uint64_t> large_request_log_max_len{128};
  Setting<int64_t> large_reply_log_larger_than{1 << 20};
  Setting<uint64_t> large_reply_log_max_len{128};
  Setting<int64_t> latency_monitor_threshold{0};  // Milliseconds; 0: off.
  Setting<uint64_t> tracking_table_max_keys{1'000'000};  // 0: no limit.
  Setting<int64_t> busy_reply_threshold{5'000};   // Milliseconds.
  Setting<bool> busy_scripts_block_all{false};    // -BUSY for everybody, as Redis has it, not only for the script's keys.
  // This is a replica, and only its master writes (-READONLY to others): keys past their deadline are hidden from readers
  // and go when it says so.
  Setting<bool> read_only_replica{false};
  Setting<bool> import_mode{false};               // It is being filled: keys past their deadline stay, hidden, as on a replica.
  Setting<bool> replica_is_stale{false};          // -MASTERDOWN: it is, without its master, and may not show old data.
  Setting<bool> writes_need_replicas{false};      // min-replicas-to-write, and too few are heard of.
  Setting<bool> protected_configs{false};
  Setting<bool> enable_debug_command{false};
  // DEBUG SET-DISABLE-DENY-SCRIPTS: scripts may then call commands that are flagged "noscript".
  Setting<bool> disable_deny_scripts{false};

  // Something here may refuse a command, or asks for work before it: whoever admits commands looks closer then.
  bool RestrictsCommands() const noexcept {
    return loading | writes_need_snapshot | read_only_replica | replica_is_stale | writes_need_replicas |
           busy_scripts_block_all | (log_failure.get() != nullptr) | (maxmemory != 0);
  }
};

}  // namespace tusk::store
