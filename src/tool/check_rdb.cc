#include "tool/check_rdb.h"

#include "base/text.h"
#include "codec/dataset_reader.h"
#include "persist/file_source.h"
#include "tool/transfer.h"

namespace tusk::tool {
namespace {

class Examiner final : public codec::DatasetVisitor {
 public:
  Examiner(const codec::Reader& reader, const std::string& name, uint64_t total, RdbFindings& findings, Summary& summary)
      : reader_(reader), findings_(findings), summary_(summary), progress_("checking " + name, total) {}

  void OnFact(std::string_view name, std::string_view value) override {
    if (name == "redis-ver") findings_.written_by = "redis " + std::string(value);
  }
  base::Status OnFunction(std::string_view) override {
    ++summary_.functions;
    return {};
  }
  base::Status OnKey(codec::LoadedKey& key) override {
    summary_.CountDatabase(key.db);
    summary_.Count(key.is_text ? store::Type::kString : key.value.type(), reader_.offset() - last_offset_,
                   key.deadline_ms != store::Entry::kNoDeadline);
    last_offset_ = reader_.offset();
    findings_.last_key = key.key;
    progress_.Show(last_offset_, summary_.keys());
    return {};
  }
  void OnEmptyKey(std::string_view) override { ++summary_.empty; }
  void OnNoChecksum() override { findings_.has_checksum = false; }

 private:
  const codec::Reader& reader_;
  RdbFindings& findings_;
  Summary& summary_;
  Progress progress_;
  uint64_t last_offset_ = 0;
};

}  // namespace

bool BeginsLikeRdb(io::File& file) {
  constexpr std::string_view kMagic = "REDIS";
  char head[kMagic.size()];
  base::Result<size_t> count = file.Read(0, head, sizeof head);
  return count && std::string_view(head, *count) == kMagic;
}

RdbFindings ExamineRdb(io::File& file, const std::string& name, Summary& summary) {
  RdbFindings findings;
  persist::FileSource source(file);
  codec::Reader reader(source, file.size());
  Examiner examiner(reader, name, file.size(), findings, summary);
  findings.status = codec::ReadDataset(reader, {.limits = {}, .databases = kDatabasesMax, .deep = true}, examiner);
  findings.end = reader.offset();
  return findings;
}

}  // namespace tusk::tool
