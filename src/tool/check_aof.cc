#include "tool/check_aof.h"

#include <fmt/format.h>

#include <vector>

#include "base/check.h"
#include "base/text.h"

namespace tusk::tool {
namespace {

using persist::AofReader;
using State = AofFindings::State;

class CommandWalk {
 public:
  CommandWalk(AofReader& reader, uint64_t begin, const CommandUse& use) noexcept : reader_(reader), use_(use) {
    findings_.good_end = begin;
  }

  AofFindings Run() {
    while (findings_.state == State::kWhole) {
      switch (reader_.Next()) {
        case AofReader::Item::kCommand: OnCommand(); break;
        case AofReader::Item::kAnnotation: OnWhole(); break;
        case AofReader::Item::kEnd: return OnEnd();
        case AofReader::Item::kTruncated:
          return Stop(State::kTorn, in_transaction_ ? "the file ends within a transaction" : "the file ends within a command");
        case AofReader::Item::kDamaged: return Stop(State::kDamaged, reader_.problem());
        case AofReader::Item::kUnread: return Stop(State::kUnread, reader_.problem());
      }
    }
    return std::move(findings_);
  }

 private:
  void OnCommand() {
    const std::string_view name = reader_.argv()[0];
    const bool begins = base::EqualsIgnoreCase(name, "multi");
    const bool ends = base::EqualsIgnoreCase(name, "exec");
    if (begins && in_transaction_) return Stop(State::kDamaged, "a transaction begins within another one"), void();
    if (ends && !in_transaction_) return Stop(State::kDamaged, "a transaction ends that has not begun"), void();
    ++findings_.commands;
    if (begins) {
      in_transaction_ = true;
      transaction_at_ = reader_.begin();
    }
    if (in_transaction_) {
      Keep();
    } else {
      Use(reader_.argv());
    }
    if (ends) Flush();
    OnWhole();
  }

  void OnWhole() noexcept {
    if (!in_transaction_ && findings_.state == State::kWhole) findings_.good_end = reader_.content_end();
  }

  AofFindings OnEnd() {
    if (in_transaction_) return Stop(State::kTorn, "the file ends within a transaction");
    return std::move(findings_);
  }

  void Keep() {
    if (use_) kept_.emplace_back(reader_.argv().begin(), reader_.argv().end());
  }

  void Flush() {
    in_transaction_ = false;
    for (const std::vector<std::string>& words : kept_) Use(std::vector<std::string_view>(words.begin(), words.end()));
    kept_.clear();
  }

  void Use(std::span<const std::string_view> argv) {
    if (!use_ || findings_.state != State::kWhole) return;
    base::Status status = use_(argv, reader_.end());
    if (!status.ok()) Stop(State::kUnread, status.message());
  }

  AofFindings Stop(State state, std::string_view problem) {
    DCHECK(findings_.good_end <= reader_.begin());
    findings_.state = state;
    findings_.problem = problem;
    findings_.problem_at = state == State::kTorn && in_transaction_ ? transaction_at_ : reader_.begin();
    return findings_;
  }

  AofReader& reader_;
  const CommandUse& use_;
  AofFindings findings_;
  bool in_transaction_ = false;
  uint64_t transaction_at_ = 0;
  std::vector<std::vector<std::string>> kept_;
};

}  // namespace

AofFindings ReadCommands(io::File& file, uint64_t begin, const CommandUse& use) {
  AofReader reader(file, begin);
  return CommandWalk(reader, begin, use).Run();
}

}  // namespace tusk::tool
