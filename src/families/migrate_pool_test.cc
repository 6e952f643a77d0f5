#include "families/migrate_pool.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <utility>

namespace tusk::families {
namespace {

// A socket that listens and takes nobody: enough for connections that only rest.
class MigratePoolTest : public testing::Test {
 protected:
  MigratePoolTest() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_.get(), 128), 0);
    EXPECT_EQ(getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  MigrateLink Connect() { return *MigrateLink::Connect("127.0.0.1", port_, 1000); }

  base::UniqueFd listener_;
  uint16_t port_ = 0;
  MigratePool pool_;
};

TEST_F(MigratePoolTest, GivesALinkBackToTheSameServerOnce) {
  EXPECT_FALSE(pool_.Take("127.0.0.1", port_).has_value());
  pool_.Give("127.0.0.1", port_, Connect(), 0);
  EXPECT_EQ(pool_.size(), 1u);
  EXPECT_FALSE(pool_.Take("127.0.0.2", port_).has_value());
  EXPECT_FALSE(pool_.Take("127.0.0.1", static_cast<uint16_t>(port_ + 1)).has_value());
  EXPECT_TRUE(pool_.Take("127.0.0.1", port_).has_value());
  EXPECT_FALSE(pool_.Take("127.0.0.1", port_).has_value());
}

TEST_F(MigratePoolTest, ClosesWhatHasRestedTooLong) {
  pool_.Give("127.0.0.1", port_, Connect(), 0);
  pool_.Give("127.0.0.1", port_, Connect(), 5);
  pool_.DropIdle(MigratePool::kIdleMillisMax);
  EXPECT_EQ(pool_.size(), 2u);
  pool_.DropIdle(MigratePool::kIdleMillisMax + 1);
  EXPECT_EQ(pool_.size(), 1u);
}

TEST_F(MigratePoolTest, HoldsNoMoreThanItsBound) {
  for (size_t i = 0; i < MigratePool::kLinksMax + 3; ++i) pool_.Give("127.0.0.1", port_, Connect(), 0);
  EXPECT_EQ(pool_.size(), MigratePool::kLinksMax);
}

}  // namespace
}  // namespace tusk::families
