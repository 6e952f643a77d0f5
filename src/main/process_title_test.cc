#include "main/process_title.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

namespace tusk::main {
namespace {

TEST(ProcessTitle, TemplatesAreFilledInAndUnknownBracesStay) {
  const TitleFacts facts{.executable = "/bin/x", .listen_address = "*:7", .port = "7", .tls_port = "0", .unix_socket = {},
                         .config_file = "c", .server_mode = {}};
  EXPECT_EQ(ExpandTitle("{title} {listen-addr} {server-mode}", facts), "/bin/x *:7");
  EXPECT_EQ(ExpandTitle("{port}{tls-port} {other} {", facts), "70 {other} {");
  EXPECT_EQ(ExpandTitle("", facts), "");
}

// On memory of the test's own, laid out as the kernel does it, with the environment elsewhere.
TEST(ProcessTitle, TheTitleTakesTheArgumentsPlaceAndIsCutThere) {
  char memory[] = "server\0--port\0" "7";
  char* argv[] = {memory, memory + 7, memory + 14, nullptr};
  char** before = environ;
  {
    ProcessTitle title(3, argv);
    EXPECT_EQ(title.room(), sizeof memory - 1);
    EXPECT_NE(environ, before);
    EXPECT_NE(std::getenv("PATH"), nullptr);
    title.Set("short");
    EXPECT_STREQ(memory, "short");
    EXPECT_EQ(memory[7], '\0');
    title.Set("longer than the arguments were");
    EXPECT_EQ(std::strlen(memory), sizeof memory - 1);
  }
  environ = before;
}

}  // namespace
}  // namespace tusk::main
