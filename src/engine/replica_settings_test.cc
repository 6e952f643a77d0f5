// What CONFIG says of a master that REPLICAOF has named.
#include <gtest/gtest.h>

#include "engine/command_fixture.h"

namespace tusk::engine {
namespace {

class ReplicaSettings : public CommandFixture {
 protected:
  std::string Master() { return Run("CONFIG GET replicaof"); }
  static std::string Is(std::string_view master) { return "*2\r\n" + Bulk("replicaof") + Bulk(master); }
};

TEST_F(ReplicaSettings, ConfigKnowsTheMasterThatACommandHasNamed) {
  engine().StartReplication();
  EXPECT_EQ(Master(), Is(""));
  // Nobody listens there.
  Run("REPLICAOF 127.0.0.1 1");
  EXPECT_EQ(Master(), Is("127.0.0.1 1"));
  Run("REPLICAOF NO ONE");
  EXPECT_EQ(Master(), Is(""));
}

TEST_F(ReplicaSettings, BeforeReplicationStartsTheFileCounts) {
  Run("REPLICAOF 127.0.0.1 1");
  EXPECT_EQ(Master(), Is(""));
  Run("REPLICAOF NO ONE");
}

TEST_F(ReplicaSettings, DebugReplicateSendsWhatHasNotRun) {
  engine().settings().enable_debug_command.set(true);
  EXPECT_EQ(Run("DEBUG REPLICATE SET k v"), "+OK\r\n");
  EXPECT_EQ(log(), Log{"C SET k v"});
  EXPECT_EQ(Run("GET k"), "$-1\r\n");
}

}  // namespace
}  // namespace tusk::engine
