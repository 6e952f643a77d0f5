// An RDB file, read key by key and handed to whoever wants it: a loader, a checker, an importer.
// Threads: caller-synchronised. Owns: nothing.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.h"
#include "codec/value_codec.h"
#include "store/key.h"

namespace tusk::codec {

struct LoadedKey {
  store::DbIndex db = 0;
  std::string_view key;  // For the call.
  // A string that is given as text, for the call, to spare it a block of its own; otherwise `value` has it.
  bool is_text = false;
  std::string_view text;
  store::Value value;
  int64_t deadline_ms = store::Entry::kNoDeadline;
  int64_t idle_seconds = -1;
  int frequency = -1;
};

// Errors end the reading. The defaults pass over what a caller does not want.
class DatasetVisitor {
 public:
  virtual ~DatasetVisitor() = default;
  virtual void OnFact(std::string_view /*name*/, std::string_view /*value*/) {}
  virtual base::Status OnFunction(std::string_view /*code*/) { return {}; }
  // Hints of the size to come.
  virtual void OnSize(store::DbIndex /*db*/, uint64_t /*keys*/, uint64_t /*with_deadline*/) {}
  virtual base::Status OnKey(LoadedKey& key) = 0;
  // A collection without elements, which some old release left behind.
  virtual void OnEmptyKey(std::string_view /*key*/) {}
  // The file ends with zeros instead of a checksum.
  virtual void OnNoChecksum() {}
};

struct DatasetReadOptions {
  EncodingLimits limits;
  size_t databases = 16;
  // As ReadValue() has it: members and fields must be distinct.
  bool deep = false;
};

// From "REDIS" to the checksum. What follows is left alone.
base::Status ReadDataset(Reader& in, const DatasetReadOptions& options, DatasetVisitor& visitor);

}  // namespace tusk::codec
