#include "codec/dataset_reader.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "base/numbers.h"

namespace tusk::codec {
namespace {

class DatasetReader {
 public:
  DatasetReader(Reader& in, const DatasetReadOptions& options, DatasetVisitor& visitor) noexcept
      : in_(in), options_(options), visitor_(visitor) {}

  base::Status Run() {
    in_.EnableChecksum();
    ReadHead();
    while (in_.ok() && status_.ok() && !done_) ReadOne();
    return in_.ok() ? std::move(status_) : in_.status();
  }

 private:
  void ReadHead() {
    constexpr size_t kHeadBytes = 9, kMagicBytes = 5;
    std::string_view head = in_.Bytes(kHeadBytes);
    if (!head.starts_with("REDIS")) return in_.Fail("Wrong signature trying to load DB from file");
    version_ = 0;
    for (char digit : head.substr(kMagicBytes)) {
      if (digit < '0' || digit > '9') return in_.Fail("Can't handle an RDB format version that is no number");
      version_ = version_ * 10 + (digit - '0');
    }
    if (version_ < 1 || version_ > kRdbVersionMax) in_.Fail(fmt::format("Can't handle RDB format version {}", version_));
  }

  void ReadOne() {
    uint8_t head = in_.Byte();
    if (!in_.ok()) return;
    switch (head) {
      case kOpExpireSeconds: next_.deadline_ms = int64_t{static_cast<int32_t>(in_.Fixed32())} * 1000; return;
      case kOpExpireMillis: next_.deadline_ms = static_cast<int64_t>(in_.Fixed64()); return;
      case kOpFreq: next_.frequency = in_.Byte(); return;
      case kOpIdle: next_.idle_seconds = static_cast<int64_t>(in_.Length()); return;
      case kOpSelectDb: return SelectDatabase();
      case kOpResizeDb: {
        uint64_t keys = in_.Length();
        uint64_t with_deadline = in_.Length();
        if (in_.ok()) visitor_.OnSize(db_, keys, with_deadline);
        return;
      }
      case kOpSlotInfo:
        for (int i = 0; i < 3; ++i) in_.Length();
        return;
      case kOpAux: return ReadFact();
      case kOpFunction: {
        std::string_view code = in_.Text();
        if (in_.ok()) status_ = visitor_.OnFunction(code);
        return;
      }
      case kOpFunctionPreGa: return in_.Fail("function of a release candidate of Redis 7.0, which no release reads");
      case kOpModuleAux:
        return in_.Fail(fmt::format("The RDB file contains AUX module data I can't load: no matching module '{}'",
                                    ModuleTypeName(in_.Length())));
      case kOpEof: return ReadEnd();
      default: return ReadKey(head);
    }
  }

  void SelectDatabase() {
    uint64_t db = in_.Length();
    if (db >= options_.databases) {
      return in_.Fail(fmt::format("Data file was created with a server configured to handle more than {} databases",
                                  options_.databases));
    }
    db_ = static_cast<store::DbIndex>(db);
  }

  void ReadFact() {
    name_ = in_.Text(kAuxBytesMax);
    std::string_view value = in_.Text(kAuxBytesMax);
    if (in_.ok()) visitor_.OnFact(name_, value);
  }

  void ReadKey(uint8_t type) {
    if (!IsRdbType(type)) return in_.Fail(fmt::format("Unknown RDB encoding type {}", type));
    name_ = in_.Text(store::kKeyLengthMax);
    LoadedKey loaded = std::exchange(next_, LoadedKey{});
    loaded.db = db_;
    loaded.key = name_;
    loaded.is_text = static_cast<RdbType>(type) == RdbType::kString;
    if (loaded.is_text) {
      loaded.text = in_.Text();
    } else {
      loaded.value = ReadValue(in_, static_cast<RdbType>(type), options_.limits, options_.deep);
    }
    if (!in_.ok()) return;
    if (!loaded.is_text && loaded.value.empty()) return visitor_.OnEmptyKey(name_);
    status_ = visitor_.OnKey(loaded);
  }

  void ReadEnd() {
    done_ = true;
    if (version_ < kRdbVersionWithChecksum) return;
    uint64_t expected = in_.Checksum();
    uint64_t stated = in_.Fixed64();
    if (!in_.ok()) return;
    if (stated == 0) return visitor_.OnNoChecksum();
    if (stated != expected) {
      in_.Fail(fmt::format("RDB CRC error: expected {:x} but got {:x}", expected, stated));
    }
  }

  Reader& in_;
  const DatasetReadOptions& options_;
  DatasetVisitor& visitor_;
  int version_ = 0;
  store::DbIndex db_ = 0;
  LoadedKey next_;  // What opcodes said about the key to come.
  std::string name_;
  bool done_ = false;
  base::Status status_;
};

}  // namespace

base::Status ReadDataset(Reader& in, const DatasetReadOptions& options, DatasetVisitor& visitor) {
  return DatasetReader(in, options, visitor).Run();
}

}  // namespace tusk::codec
