#include "codec/dataset_writer.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "base/check.h"
#include "base/numbers.h"
#include "codec/entry_commands.h"
#include "store/eviction.h"

namespace tusk::codec {
namespace {

bool IsLru(store::EvictionPolicy policy) noexcept {
  return policy == store::EvictionPolicy::kAllKeysLru || policy == store::EvictionPolicy::kVolatileLru;
}

}  // namespace

void WriteEntry(const store::Entry& entry, const EntryFormat& format, Writer& out) {
  if (format.as_commands) return WriteEntryCommands(entry, format.limits, out);
  if (entry.has_deadline()) {
    out.Byte(kOpExpireMillis);
    out.Fixed64(static_cast<uint64_t>(entry.deadline_ms()));
  }
  if (IsLru(format.policy)) {
    out.Byte(kOpIdle);
    out.Length(store::LruIdleSeconds(entry.access(), format.now_ms));
  } else if (store::IsLfu(format.policy)) {
    out.Byte(kOpFreq);
    out.Byte(static_cast<uint8_t>(entry.access()));
  }
  out.Byte(static_cast<uint8_t>(RdbTypeOf(entry)));
  out.Text(entry.key());
  WriteValue(entry, format.limits, out);
}

DatasetWriter::DatasetWriter(ByteSink& sink, const DatasetOptions& options)
    : options_(options), writer_(sink, options.writer) {}

void DatasetWriter::Fact(std::string_view name, std::string_view value) {
  writer_.Byte(kOpAux);
  writer_.Text(name);
  writer_.Text(value);
}

void DatasetWriter::Head() {
  DCHECK(writer_.bytes_written() == 0);
  if (options_.as_commands) {
    for (const std::string& code : options_.functions) WriteCommand({"FUNCTION", "LOAD", code}, writer_);
    return;
  }
  writer_.Raw(fmt::format("REDIS{:04}", kRdbVersionWritten));
  Fact("redis-ver", options_.redis_version);
  Fact("redis-bits", "64");
  Fact("ctime", base::Int64ToString(options_.now_ms / 1000));
  Fact("used-mem", base::Int64ToString(static_cast<int64_t>(options_.used_memory)));
  for (const auto& [name, value] : options_.facts) Fact(name, value);
  Fact("aof-base", options_.aof_base ? "1" : "0");
  for (const std::string& code : options_.functions) {
    writer_.Byte(kOpFunction);
    writer_.Text(code);
  }
}

void DatasetWriter::Select(store::DbIndex db) {
  if (selected_ == db) return;
  selected_ = db;
  if (options_.as_commands) return WriteCommand({"SELECT", base::Int64ToString(db)}, writer_);
  writer_.Byte(kOpSelectDb);
  writer_.Length(db);
}

void DatasetWriter::Size(store::DbIndex db, uint64_t keys, uint64_t keys_with_deadline) {
  if (options_.as_commands) return;
  Select(db);
  writer_.Byte(kOpResizeDb);
  writer_.Length(keys);
  writer_.Length(keys_with_deadline);
}

void DatasetWriter::Key(store::DbIndex db, const store::Entry& entry, const EntryFormat& format) {
  Select(db);
  WriteEntry(entry, format, writer_);
}

void DatasetWriter::Entries(store::DbIndex db, std::string_view records) {
  if (records.empty()) return;
  Select(db);
  writer_.Raw(records);
}

base::Status DatasetWriter::End() {
  if (options_.as_commands) return writer_.Flush();
  writer_.Byte(kOpEof);
  uint64_t checksum = writer_.Checksum();
  writer_.Fixed64(checksum);
  return writer_.Flush();
}

base::Status WriteDataset(store::Transaction& held, ByteSink& sink, const DatasetOptions& options) {
  DCHECK(held.holds_all());
  store::Keyspace& keyspace = held.keyspace();
  DatasetWriter writer(sink, options);
  EntryFormat format(keyspace.settings(), options.now_ms);
  format.as_commands = options.as_commands;
  writer.Head();
  for (size_t db = 0; db < keyspace.databases(); ++db) {
    auto index = static_cast<store::DbIndex>(db);
    uint64_t keys = keyspace.Size(index);
    if (keys == 0) continue;
    writer.Size(index, keys, keyspace.VolatileSize(index));
    for (size_t i = 0; i < store::kStripeCount && !writer.failed(); ++i) {
      const store::Shard* shard = keyspace.stripe(i).FindShard(index);
      if (!shard) continue;
      shard->table().ForEach([&](const store::Entry* entry) {
        writer.Key(index, *entry, format);
        // rdb-key-save-delay, for tests.
        const int64_t delay_us = keyspace.settings().rdb_key_save_delay;
        if (delay_us > 0) std::this_thread::sleep_for(std::chrono::microseconds(delay_us));
      });
    }
  }
  return writer.End();
}

}  // namespace tusk::codec
