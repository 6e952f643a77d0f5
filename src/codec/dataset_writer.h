// A whole dataset as an RDB file: head, facts about the writer, function libraries, keys, end mark and checksum. Or as the
// commands that make it, one after the other.
//
// DatasetWriter is the format; WriteDataset() is the plain use of it, for who holds every stripe. Keys may come in any
// order: a change of database is written where it happens.
// Threads: caller-synchronised. Owns: its Writer; the sink is borrowed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "codec/value_codec.h"
#include "store/transaction.h"

namespace tusk::codec {

// What an entry's record depends on beside the entry.
struct EntryFormat {
  EncodingLimits limits;
  // Access clocks go along when the policy of eviction uses them.
  store::EvictionPolicy policy = store::EvictionPolicy::kNoEviction;
  int64_t now_ms = 0;
  bool as_commands = false;  // See codec/entry_commands.h.

  EntryFormat() = default;
  EntryFormat(const store::Settings& settings, int64_t now) noexcept
      : limits(settings), policy(settings.maxmemory_policy), now_ms(now) {}
};

// Deadline, access clock, type, key, value. The entry's stripe is held.
void WriteEntry(const store::Entry& entry, const EntryFormat& format, Writer& out);

struct DatasetOptions {
  Writer::Options writer = {};
  std::string redis_version = {};
  int64_t now_ms = 0;
  uint64_t used_memory = 0;
  // Further facts, such as those of replication: name and value.
  std::vector<std::pair<std::string, std::string>> facts = {};
  // Source texts of function libraries.
  std::vector<std::string> functions = {};
  // It begins an append log.
  bool aof_base = false;
  // For that: no RDB file, but commands.
  bool as_commands = false;
};

class DatasetWriter {
 public:
  DatasetWriter(ByteSink& sink, const DatasetOptions& options);

  // Facts and functions; first of all.
  void Head();
  // Hints of how large a database is; optional.
  void Size(store::DbIndex db, uint64_t keys, uint64_t keys_with_deadline);
  void Key(store::DbIndex db, const store::Entry& entry, const EntryFormat& format);
  // Entries of one database that were written elsewhere.
  void Entries(store::DbIndex db, std::string_view records);
  // End mark and checksum, if the format has them. The first error of the sink, if any.
  base::Status End();
  bool failed() const noexcept { return writer_.failed(); }
  uint64_t bytes_written() const noexcept { return writer_.bytes_written(); }

 private:
  void Fact(std::string_view name, std::string_view value);
  void Select(store::DbIndex db);

  static constexpr int kNoDatabase = -1;
  const DatasetOptions options_;
  Writer writer_;
  int selected_ = kNoDatabase;
};

// All keys, as they are now: `held` holds every stripe.
base::Status WriteDataset(store::Transaction& held, ByteSink& sink, const DatasetOptions& options);

}  // namespace tusk::codec
