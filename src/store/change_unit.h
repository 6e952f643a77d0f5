// Change records: one write's effect as the commands that repeat it, spelled once, where it happens, in the protocol that
// the append file and replicas get.
//
// Threads: values and caller-synchronised objects, except the observer, whose writers belong to one thread each.
// Owns: a ChangeBuffer its bytes; a ChangeUnit nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/key.h"

namespace tusk::store {

// Who is to repeat a change.
enum ChangeTargets : uint8_t {
  kToNobody = 0,
  kToAppendFile = 1u << 0,
  kToReplicas = 1u << 1,
  kToAll = kToAppendFile | kToReplicas,
};

// What happened as a whole (a command, a transaction, a script): deterministic commands, each a RESP array of bulk strings,
// in the order in which they are to be repeated. A view: who gets one copies what it keeps.
struct ChangeUnit {
  struct Part {
    size_t end;  // In `bytes`; it begins where the part before it ends.
    DbIndex db;
    uint8_t targets;  // ChangeTargets bits, at least one.
  };
  uint64_t number = 0;
  std::string_view bytes;
  std::span<const Part> parts;
};

// The commands of one unit while it gathers. Keeps its memory for the next one, unless that was a large one.
class ChangeBuffer {
 public:
  void Add(DbIndex db, std::span<const std::string_view> argv, uint8_t targets);
  bool empty() const noexcept { return parts_.empty(); }
  // Commands.
  size_t size() const noexcept { return parts_.size(); }
  // Valid until the next change of the buffer.
  ChangeUnit Unit(uint64_t number) const noexcept { return {number, bytes_, parts_}; }
  void Clear() noexcept;

  static constexpr size_t kKeptBytesMax = 64 * 1024;

 private:
  std::string bytes_;
  std::vector<ChangeUnit::Part> parts_;
};

// Where the units of one thread at a time go.
class ChangeWriter {
 public:
  virtual ~ChangeWriter() = default;
  // Called once a unit's effects are complete and before its stripes are unlocked: units that touch a common stripe come in
  // the order in which they happened, with ascending numbers. Must not touch stripes nor block.
  virtual void Write(const ChangeUnit& unit) = 0;
  // The thread that writes will have the units handed on by itself, soon; nobody need be woken for them.
  virtual void set_delivers(bool /*delivers*/) noexcept {}
};

class ChangeObserver {
 public:
  virtual ~ChangeObserver() = default;
  // Any thread. The writer dies before the observer.
  virtual std::unique_ptr<ChangeWriter> NewWriter() = 0;
};

// Writes units as a stream that a Redis server can execute: SELECT where the database changes, MULTI and EXEC round what
// belongs together. A stream's state: caller-synchronised.
class ChangeStream {
 public:
  // `target`: the parts that are meant for this stream.
  explicit ChangeStream(ChangeTargets target) noexcept : target_(target) {}
  // Appends the unit's commands to `out`. True when there was anything for this stream.
  bool Append(const ChangeUnit& unit, std::string& out);
  // The next command says its database again: for a reader who starts here.
  void ForgetDb() noexcept { db_.reset(); }

 private:
  void AppendPart(DbIndex db, std::string_view bytes, std::string& out);
  bool AppendMany(const ChangeUnit& unit, std::string& out);

  ChangeTargets target_;
  std::optional<DbIndex> db_;
};

// Appends `argv` as a RESP array of bulk strings.
void AppendCommand(std::string& out, std::span<const std::string_view> argv);

}  // namespace tusk::store
