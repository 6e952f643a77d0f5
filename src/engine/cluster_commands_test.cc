// CLUSTER and MODULE, where there is neither.
#include "engine/command_fixture.h"

namespace tusk::engine {
namespace {

using ClusterCommands = CommandFixture;

TEST_F(ClusterCommands, SayThatThereIsNoCluster) {
  for (std::string_view line : {"CLUSTER INFO", "CLUSTER KEYSLOT k", "CLUSTER RESET", "READONLY", "READWRITE", "ASKING"}) {
    EXPECT_EQ(Run(line), "-ERR This instance has cluster support disabled\r\n") << line;
  }
}

TEST_F(ClusterCommands, ModulesAreNoneAndRefused) {
  EXPECT_EQ(Run("MODULE LIST"), "*0\r\n");
  EXPECT_NE(Run("MODULE LOAD /x.so").find("MODULE command not allowed"), std::string::npos);
}

}  // namespace
}  // namespace tusk::engine
