// Target: where imported keys go: a server that runs, or an RDB file. Calls come in the order Function*, (Key | Payload |
// Command)*, Finish.
// Threads: caller-synchronised; every call may block. Owns: connection or file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "codec/dataset_reader.h"
#include "io/file_system.h"
#include "tool/url.h"

namespace tusk::tool {

class Target {
 public:
  virtual ~Target() = default;
  // An error ends the import.
  virtual base::Status Function(std::string_view code) = 0;
  // May take the value out of `key`. Its deadline is Unix time.
  virtual base::Status Key(codec::LoadedKey& key) = 0;
  // What DUMP answered; `ttl_ms` from now, 0 for ever.
  virtual base::Status Payload(int database, std::string_view key, int64_t ttl_ms, std::string_view payload) = 0;
  // A write from a log. Not for files.
  virtual base::Status Command(std::span<const std::string_view> argv) = 0;
  // An error unless commands of a log may come, which build on what is there.
  virtual base::Status ExpectLog() = 0;
  virtual base::Status Finish() = 0;

  struct Outcome {
    uint64_t existed = 0;   // Keys that were there already and stayed as they were.
    uint64_t failed = 0;
    std::string first_failure;
  };
  const Outcome& outcome() const noexcept { return outcome_; }

 protected:
  Outcome outcome_;
};

struct TargetOptions {
  bool replace = false;  // Keys (or the file) that are there already go.
};
base::Result<std::unique_ptr<Target>> OpenServer(const Url& url, const TargetOptions& options);
// kInvalid: the file is there already. It appears whole in Finish(), or not at all.
base::Result<std::unique_ptr<Target>> CreateFile(io::FileSystem& files, const std::string& path, const TargetOptions& options);

}  // namespace tusk::tool
