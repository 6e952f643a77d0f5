// ClientFilter: which connections CLIENT LIST shows and CLIENT KILL closes: Redis' filters, and those of Valkey 9, each of
// which can be turned round with NOT-.
//
// Threads: caller-synchronised. Owns: nothing; texts are the command's arguments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "command/services.h"

namespace tusk::command {
class Context;
}

namespace tusk::engine {

class ClientFilter {
 public:
  // Without SKIPME a list shows the caller, too, while a kill spares it.
  enum class Use : uint8_t { kList, kKill };
  explicit ClientFilter(Use use) noexcept : use_(use), skip_caller_(use == Use::kKill) {}

  // Arguments from `first` on. False after the error reply.
  bool Parse(command::Context& ctx, size_t first);
  // CLIENT KILL's old form, which does not spare the caller.
  void AddAddress(std::string_view address);

  // Times are microseconds of the monotonic clock.
  bool Matches(const command::ClientInfo& client, uint64_t caller_id, int64_t now_micros) const;
  // Those of ID, in order; empty without.
  const std::vector<uint64_t>& ids() const noexcept { return ids_; }

 private:
  enum class Field : uint8_t {
    kId, kType, kAddress, kLocalAddress, kIp, kUser, kName, kLibraryName, kLibraryVersion, kFlags, kDb, kAge, kIdle,
    kCapability,
  };
  struct Condition {
    Field field;
    bool negated = false;
    std::string_view text;
    int64_t number = 0;
    std::vector<uint64_t> ids;
  };

  static bool FieldNamed(std::string_view name, Field& field) noexcept;
  bool ParseOne(command::Context& ctx, size_t& i);
  bool ParseIds(command::Context& ctx, size_t& i, Condition& condition);
  bool ReadValue(command::Context& ctx, size_t i, Condition& condition);
  static bool Holds(const Condition& condition, const command::ClientInfo& client, int64_t now_micros);

  Use use_;
  bool skip_caller_;
  std::vector<Condition> conditions_;
  std::vector<uint64_t> ids_;
};

}  // namespace tusk::engine
