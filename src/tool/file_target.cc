// Keys to an RDB file of the version that Redis 7.0 reads.
#include <fmt/format.h>

#include "base/clock.h"
#include "codec/dataset_writer.h"
#include "codec/payload.h"
#include "persist/file_sink.h"
#include "tool/scratch.h"
#include "tool/target.h"

namespace tusk::tool {
namespace {

using base::Result;
using base::Status;

class FileTarget final : public Target {
 public:
  explicit FileTarget(persist::FileSink sink)
      : sink_(std::move(sink)), now_ms_(base::SystemClock().UnixMillis()), format_(scratch_.settings(), now_ms_) {}

  // Libraries come first in a file.
  Status Function(std::string_view code) override {
    if (writer_) return Status::Invalid("a function library behind the first key has no place in an RDB file");
    functions_.emplace_back(code);
    return {};
  }

  Status Key(codec::LoadedKey& key) override {
    if (!writer_) Begin();
    scratch_.With(key, [&](const store::Entry& entry) { writer_->Key(key.db, entry, format_); });
    return writer_->failed() ? writer_->End() : Status();
  }

  Status Payload(int database, std::string_view key, int64_t ttl_ms, std::string_view payload) override {
    if (!codec::PayloadIsIntact(payload, false)) {
      return Status::Invalid(fmt::format("the value of '{}' has a form that is unknown here: the source is newer, or damaged", key));
    }
    codec::LoadedKey loaded;
    loaded.db = static_cast<store::DbIndex>(database);
    loaded.key = key;
    ASSIGN_OR_RETURN(loaded.value, codec::RestoreValue(payload, format_.limits));
    if (ttl_ms > 0) loaded.deadline_ms = now_ms_ + ttl_ms;
    return Key(loaded);
  }

  Status Command(std::span<const std::string_view>) override { return ExpectLog(); }
  Status ExpectLog() override { return Status::Invalid("commands of a log can go to a running server only"); }

  Status Finish() override {
    if (!writer_) Begin();
    RETURN_IF_ERROR(writer_->End());
    return sink_.Commit();
  }

 private:
  void Begin() {
    writer_.emplace(sink_, codec::DatasetOptions{.redis_version = "7.2.0", .now_ms = now_ms_, .functions = std::move(functions_)});
    writer_->Head();
  }

  persist::FileSink sink_;
  const int64_t now_ms_;
  Scratch scratch_;
  const codec::EntryFormat format_;
  std::vector<std::string> functions_;
  std::optional<codec::DatasetWriter> writer_;
};

}  // namespace

Result<std::unique_ptr<Target>> CreateFile(io::FileSystem& files, const std::string& path, const TargetOptions& options) {
  if (!options.replace && files.Exists(path)) {
    return base::Error(Status::Invalid(path + " is there already; --replace lets it go"));
  }
  ASSIGN_OR_RETURN(persist::FileSink sink, persist::FileSink::Create(files, path));
  return std::make_unique<FileTarget>(std::move(sink));
}

}  // namespace tusk::tool
