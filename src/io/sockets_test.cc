#include "io/sockets.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace tusk::io {
namespace {

std::string TestPath(const char* name) { return testing::TempDir() + "tusk_sockets_" + name + std::to_string(getpid()); }

base::UniqueFd AcceptOne(int listener) {
  pollfd wait{listener, POLLIN, 0};
  poll(&wait, 1, 5000);
  base::UniqueFd fd;
  EXPECT_EQ(AcceptOutcome::kAccepted, Accept(listener, fd));
  return fd;
}

TEST(Sockets, TcpAddressesReadAsClientListShowsThem) {
  for (const char* host : {"127.0.0.1", "::1"}) {
    auto listener = ListenTcp(host, 0, 10);
    if (!listener && std::string(host) == "::1") continue;  // A machine without IPv6.
    ASSERT_TRUE(listener) << listener.error().message();
    uint16_t port = LocalPort(listener->get());
    std::string text = (std::string(host) == "::1" ? "[::1]:" : "127.0.0.1:") + std::to_string(port);
    EXPECT_EQ(text, LocalAddress(listener->get()));
    auto client = ConnectTcp(host, port);
    ASSERT_TRUE(client);
    base::UniqueFd accepted = AcceptOne(listener->get());
    EXPECT_EQ(text, PeerAddress(client->get()));
    EXPECT_EQ(LocalAddress(client->get()), PeerAddress(accepted.get()));
    EXPECT_TRUE(PeerIsLocal(accepted.get()));
    SetNoDelay(accepted.get());
    SetKeepAlive(accepted.get(), 300);
    EXPECT_EQ(0, SocketError(accepted.get()));
  }
}

TEST(Sockets, AcceptSaysWhenNobodyWaits) {
  auto listener = ListenTcp("127.0.0.1", 0, 10);
  ASSERT_TRUE(listener);
  base::UniqueFd fd;
  EXPECT_EQ(AcceptOutcome::kNone, Accept(listener->get(), fd));
  EXPECT_EQ(AcceptOutcome::kFailed, Accept(-1, fd));
}

TEST(Sockets, ErrorsNameTheAddressAndTheRemedy) {
  auto listener = ListenTcp("127.0.0.1", 0, 10);
  ASSERT_TRUE(listener);
  auto again = ListenTcp("127.0.0.1", LocalPort(listener->get()), 10);
  ASSERT_FALSE(again);
  EXPECT_NE(std::string::npos, again.error().message().find("Address already in use"));
  EXPECT_NE(std::string::npos, again.error().message().find("choose another port"));
  auto foreign = ListenTcp("192.0.2.1", 0, 10);
  ASSERT_FALSE(foreign);
  EXPECT_NE(std::string::npos, foreign.error().message().find("192.0.2.1"));
}

TEST(Sockets, AnAbandonedUnixSocketIsReplacedALiveOneIsNot) {
  std::string path = TestPath("unix");
  {
    auto listener = ListenUnix(path, 0700, 10);
    ASSERT_TRUE(listener) << listener.error().message();
    struct stat info;
    ASSERT_EQ(0, stat(path.c_str(), &info));
    EXPECT_EQ(0700u, info.st_mode & 0777);
    auto client = ConnectUnix(path);
    ASSERT_TRUE(client);
    EXPECT_EQ(path + ":0", PeerAddress(AcceptOne(listener->get()).get()));
    EXPECT_FALSE(ListenUnix(path, 0, 10));
  }
  EXPECT_TRUE(ListenUnix(path, 0, 10));
  std::filesystem::remove(path);
  std::ofstream(path) << "data";
  EXPECT_FALSE(ListenUnix(path, 0, 10));
  EXPECT_TRUE(std::filesystem::exists(path));
  std::filesystem::remove(path);
  EXPECT_FALSE(ListenUnix(std::string(200, 'x'), 0, 10));
}

}  // namespace
}  // namespace tusk::io
