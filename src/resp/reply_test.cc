#include "resp/reply.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace tusk::resp {
namespace {

template <typename Write>
std::string Spelled(int protocol, Write write) {
  OutputBuffer buffer;
  Reply reply(buffer, protocol);
  write(reply);
  return buffer.ToString();
}

#define EXPECT_SPELLED(resp2, resp3, ...)                                      \
  EXPECT_EQ(resp2, Spelled(2, [](Reply& reply) { reply.__VA_ARGS__; })); \
  EXPECT_EQ(resp3, Spelled(3, [](Reply& reply) { reply.__VA_ARGS__; }))

TEST(Reply, SpellsEachTypeInBothProtocols) {
  EXPECT_SPELLED("+OK\r\n", "+OK\r\n", Ok());
  EXPECT_SPELLED("+PONG\r\n", "+PONG\r\n", Simple("PONG"));
  EXPECT_SPELLED("-ERR no\r\n", "-ERR no\r\n", Error("ERR no"));
  EXPECT_SPELLED(":-7\r\n", ":-7\r\n", Integer(-7));
  EXPECT_SPELLED(":-9223372036854775808\r\n", ":-9223372036854775808\r\n", Integer(std::numeric_limits<int64_t>::min()));
  EXPECT_SPELLED("$3\r\na\r\n\r\n", "$3\r\na\r\n\r\n", Bulk("a\r\n"));
  EXPECT_SPELLED("$0\r\n\r\n", "$0\r\n\r\n", Bulk(""));
  EXPECT_SPELLED("$2\r\n42\r\n", "$2\r\n42\r\n", BulkInteger(42));
  EXPECT_SPELLED("$3\r\n1.5\r\n", "$3\r\n1.5\r\n", BulkDouble(1.5));
  EXPECT_SPELLED("$3\r\n1.5\r\n", ",1.5\r\n", Double(1.5));
  EXPECT_SPELLED("$3\r\ninf\r\n", ",inf\r\n", Double(std::numeric_limits<double>::infinity()));
  EXPECT_SPELLED("$-1\r\n", "_\r\n", Null());
  EXPECT_SPELLED("*-1\r\n", "_\r\n", NullArray());
  EXPECT_SPELLED(":1\r\n", "#t\r\n", Bool(true));
  EXPECT_SPELLED(":0\r\n", "#f\r\n", Bool(false));
  EXPECT_SPELLED("$4\r\n1234\r\n", "(1234\r\n", BigNumber("1234"));
  EXPECT_SPELLED("$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n", Verbatim("txt", "hi"));
  EXPECT_SPELLED("*100\r\n", "*100\r\n", ArrayHeader(100));
  EXPECT_SPELLED("*4\r\n", "%2\r\n", MapHeader(2));
  EXPECT_SPELLED("*12\r\n", "~12\r\n", SetHeader(12));
  EXPECT_SPELLED("*3\r\n", ">3\r\n", PushHeader(3));
}

TEST(Reply, ALineEndInAnErrorCannotEndTheReply) {
  EXPECT_EQ("-ERR a  b\r\n", Spelled(2, [](Reply& reply) { reply.Error("ERR a\r\nb"); }));
}

TEST(Reply, CountsErrors) {
  OutputBuffer buffer;
  Reply reply(buffer);
  reply.Error("ERR one");
  reply.Ok();
  reply.Error(base::Status::Invalid("ERR two"));
  EXPECT_EQ(2u, reply.error_count());
}

TEST(Reply, DeferredLengthsNest) {
  auto write = [](Reply& reply) {
    auto outer = reply.BeginDeferred();
    reply.Integer(1);
    auto inner = reply.BeginDeferred();
    reply.Bulk("k");
    reply.Bulk("v");
    reply.EndMap(inner, 1);
    auto set = reply.BeginDeferred();
    reply.EndSet(set, 0);
    reply.EndArray(outer, 3);
  };
  EXPECT_EQ("*3\r\n:1\r\n*2\r\n$1\r\nk\r\n$1\r\nv\r\n*0\r\n", Spelled(2, write));
  EXPECT_EQ("*3\r\n:1\r\n%1\r\n$1\r\nk\r\n$1\r\nv\r\n~0\r\n", Spelled(3, write));
}

TEST(Reply, LargeBulksAreCompleteSharedOrNot) {
  auto blob = std::make_shared<std::string>(100'000, 'x');
  std::string expected = "$100000\r\n" + *blob + "\r\n";
  EXPECT_EQ(expected, Spelled(2, [&](Reply& reply) { reply.Bulk(*blob); }));
  EXPECT_EQ(expected, Spelled(2, [&](Reply& reply) { reply.BulkShared(blob, *blob); }));
  EXPECT_EQ("*1\r\n" + expected, Spelled(2, [&](Reply& reply) {
              auto mark = reply.BeginDeferred();
              reply.BulkShared(blob, *blob);
              reply.EndArray(mark, 1);
            }));
}

}  // namespace
}  // namespace tusk::resp
