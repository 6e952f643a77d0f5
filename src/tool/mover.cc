#include "tool/mover.h"

#include "base/clock.h"
#include "tool/transfer.h"

namespace tusk::tool {
namespace {

using base::Status;

// Hands on what an RDB stream holds.
class Mover final : public codec::DatasetVisitor {
 public:
  Mover(const codec::Reader& reader, std::optional<int> database, Target& target, Summary& summary, Progress& progress)
      : reader_(reader), database_(database), target_(target), summary_(summary), progress_(progress),
        now_ms_(base::SystemClock().UnixMillis()) {}

  Status OnFunction(std::string_view code) override {
    ++summary_.functions;
    return target_.Function(code);
  }
  Status OnKey(codec::LoadedKey& key) override {
    const uint64_t bytes = reader_.offset() - last_offset_;
    last_offset_ = reader_.offset();
    progress_.Show(last_offset_, summary_.keys());
    if (database_ && key.db != *database_) return {};
    if (key.deadline_ms != store::Entry::kNoDeadline && key.deadline_ms <= now_ms_) {
      ++summary_.expired;
      return {};
    }
    summary_.CountDatabase(key.db);
    summary_.Count(key.is_text ? store::Type::kString : key.value.type(), bytes, key.deadline_ms != store::Entry::kNoDeadline);
    return target_.Key(key);
  }
  void OnEmptyKey(std::string_view) override { ++summary_.empty; }

 private:
  const codec::Reader& reader_;
  const std::optional<int> database_;
  Target& target_;
  Summary& summary_;
  Progress& progress_;
  const int64_t now_ms_;
  uint64_t last_offset_ = 0;
};

}  // namespace

Status MoveStream(codec::Reader& reader, std::optional<int> database, Target& target, Summary& summary, Progress& progress) {
  Mover mover(reader, database, target, summary, progress);
  return codec::ReadDataset(reader, {.limits = {}, .databases = kDatabasesMax}, mover);
}

}  // namespace tusk::tool
