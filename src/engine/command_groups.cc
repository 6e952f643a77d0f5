#include "engine/command_groups.h"

#include "engine/transactions.h"

namespace tusk::engine {

std::vector<std::span<const command::CommandSpec>> CommandGroups() {
  return {
      TransactionsRows(),
  };
}

}  // namespace tusk::engine
