// RecordingObserver: for tests, an observer of changes that gets each unit as the commands which it is made of.
// Threads: as its subclass; OnCommit comes on the thread that writes. Owns: nothing.
#pragma once

#include <charconv>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "store/change_unit.h"

namespace tusk::store {

struct ChangeCommand {
  DbIndex db = 0;
  uint8_t targets = kToAll;
  std::vector<std::string> argv;
};

class RecordingObserver : public ChangeObserver {
 public:
  virtual void OnCommit(uint64_t number, std::span<const ChangeCommand> unit) = 0;

  std::unique_ptr<ChangeWriter> NewWriter() override {
    class Writer final : public ChangeWriter {
     public:
      explicit Writer(RecordingObserver& observer) : observer_(observer) {}
      void Write(const ChangeUnit& unit) override {
        const std::vector<ChangeCommand> commands = Read(unit);
        observer_.OnCommit(unit.number, commands);
      }

     private:
      RecordingObserver& observer_;
    };
    return std::make_unique<Writer>(*this);
  }

  static std::vector<ChangeCommand> Read(const ChangeUnit& unit) {
    std::vector<ChangeCommand> commands;
    std::string_view rest = unit.bytes;
    for (const ChangeUnit::Part& part : unit.parts) {
      ChangeCommand& command = commands.emplace_back(ChangeCommand{.db = part.db, .targets = part.targets, .argv = {}});
      for (size_t words = TakeHeader(rest, '*'); words != 0; --words) {
        const size_t size = TakeHeader(rest, '$');
        command.argv.emplace_back(rest.substr(0, size));
        rest.remove_prefix(size + 2);
      }
      CHECK(rest.data() == unit.bytes.data() + part.end);
    }
    return commands;
  }

 private:
  static size_t TakeHeader(std::string_view& rest, char letter) {
    CHECK(!rest.empty() && rest.front() == letter);
    size_t count = 0;
    const size_t end = rest.find('\r');
    CHECK(std::from_chars(rest.data() + 1, rest.data() + end, count).ptr == rest.data() + end);
    rest.remove_prefix(end + 2);
    return count;
  }
};

}  // namespace tusk::store
