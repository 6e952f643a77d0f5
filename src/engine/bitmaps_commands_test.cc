#include "engine/command_fixture.h"

namespace tusk::engine {
namespace {

class BitmapCommands : public CommandFixture {};

constexpr char kBadOffset[] = "-ERR bit offset is not an integer or out of range\r\n";

TEST_F(BitmapCommands, SetAndGetBits) {
  EXPECT_EQ(Run("SETBIT b 7 1"), ":0\r\n");
  EXPECT_EQ(log(), (Log{"E setbit b", "C SETBIT b 7 1"}));
  EXPECT_EQ(Run("SETBIT b 7 1"), ":1\r\n");
  EXPECT_EQ(log(), Log{});
  EXPECT_EQ(Run("SETBIT b 20 0"), ":0\r\n");
  EXPECT_EQ(Run("GET b"), Bulk(std::string_view("\x01\0\0", 3)));
  EXPECT_EQ(Run("GETBIT b 7"), ":1\r\n");
  EXPECT_EQ(Run("GETBIT b 1000"), ":0\r\n");
  Run("SET n 1");
  EXPECT_EQ(Run("GETBIT n 2"), ":1\r\n");
  EXPECT_EQ(Run("SETBIT b -1 1"), kBadOffset);
  EXPECT_EQ(Run("SETBIT b 4294967296 1"), kBadOffset);
  EXPECT_EQ(Run("SETBIT b 1 2"), "-ERR bit is not an integer or out of range\r\n");
}

TEST_F(BitmapCommands, CountAndFind) {
  Run("SET k foobar");
  EXPECT_EQ(Run("BITCOUNT k"), ":26\r\n");
  EXPECT_EQ(Run("BITCOUNT k 1 1"), ":6\r\n");
  EXPECT_EQ(Run("BITCOUNT k 5 30 BIT"), ":17\r\n");
  EXPECT_EQ(Run("BITCOUNT k -1 -2"), ":0\r\n");
  EXPECT_EQ(Run("BITCOUNT k 1"), "-ERR syntax error\r\n");
  EXPECT_EQ(Run("BITCOUNT k 1 x BYTE"), "-ERR value is not an integer or out of range\r\n");
  EXPECT_EQ(Run("BITCOUNT none 1 x"), ":0\r\n");
  EXPECT_EQ(Run("BITPOS none 0 x"), ":0\r\n");
  EXPECT_EQ(Run("BITCOUNT k -1 -2 FOO"), ":0\r\n");
  EXPECT_EQ(Run("BITPOS k 0 1 x FOO"), "-ERR syntax error\r\n");
  Run({"SET", "z", std::string_view("\xff\xf0\x00", 3)});
  EXPECT_EQ(Run("BITPOS z 0"), ":12\r\n");
  EXPECT_EQ(Run("BITPOS z 1 2"), ":-1\r\n");
  EXPECT_EQ(Run("BITPOS z 1 7 15 BIT"), ":7\r\n");
  Run({"SET", "ones", "\xff\xff"});
  EXPECT_EQ(Run("BITPOS ones 0"), ":16\r\n");
  EXPECT_EQ(Run("BITPOS ones 0 0 -1"), ":-1\r\n");
  EXPECT_EQ(Run("BITPOS none 0"), ":0\r\n");
  EXPECT_EQ(Run("BITPOS none 1"), ":-1\r\n");
  EXPECT_EQ(Run("BITPOS z 2"), "-ERR The bit argument must be 1 or 0.\r\n");
}

TEST_F(BitmapCommands, Combine) {
  Run("MSET a foof b foobar");
  EXPECT_EQ(Run("BITOP AND dest a b"), ":6\r\n");
  EXPECT_EQ(log(), (Log{"E set dest", "C BITOP AND dest a b"}));
  EXPECT_EQ(Run("GET dest"), Bulk(std::string_view("foob\0\0", 6)));
  EXPECT_EQ(Run("BITOP NOT dest a"), ":4\r\n");
  EXPECT_EQ(Run("OBJECT ENCODING dest"), "$3\r\nraw\r\n");
  EXPECT_EQ(Run("GET dest"), Bulk("\x99\x90\x90\x99"));
  EXPECT_EQ(Run("BITOP NOT dest a b"), "-ERR BITOP NOT must be called with a single source key.\r\n");
  EXPECT_EQ(Run("BITOP OR dest none"), ":0\r\n");
  EXPECT_EQ(log(), (Log{"E del dest", "C BITOP OR dest none"}));
}

TEST_F(BitmapCommands, FieldsWrapSaturateAndFail) {
  EXPECT_EQ(Run("BITFIELD f SET u8 0 200 INCRBY u8 0 100 GET i8 0"), "*3\r\n:0\r\n:44\r\n:44\r\n");
  EXPECT_EQ(Run("BITFIELD f OVERFLOW SAT INCRBY u8 #1 300 INCRBY i8 #2 -300"), "*2\r\n:255\r\n:-128\r\n");
  EXPECT_EQ(Run("BITFIELD g OVERFLOW SAT SET i5 0 -9223372036854775808 GET i5 0"), "*2\r\n:0\r\n:15\r\n");
  EXPECT_EQ(Run("BITFIELD g SET i5 0 0 OVERFLOW SAT SET i5 0 -17 GET i5 0"), "*3\r\n:15\r\n:0\r\n:-16\r\n");
  EXPECT_EQ(Run("BITFIELD f OVERFLOW FAIL INCRBY u8 8 1"), "*1\r\n$-1\r\n");
  EXPECT_EQ(Run("BITFIELD fresh OVERFLOW FAIL INCRBY u8 0 300"), "*1\r\n$-1\r\n");
  EXPECT_EQ(log(), Log{});
  EXPECT_EQ(log(), Log{});
  EXPECT_EQ(Run("BITFIELD f SET i64 64 -9223372036854775808 INCRBY i64 64 -1"),
            "*2\r\n:0\r\n:9223372036854775807\r\n");
  EXPECT_EQ(Run("BITFIELD_RO f GET u4 0"), "*1\r\n:2\r\n");
  EXPECT_EQ(Run("BITFIELD_RO f SET u4 0 1"), "-ERR BITFIELD_RO only supports the GET subcommand\r\n");
  EXPECT_EQ(Run("BITFIELD f GET u64 0"),
            "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.\r\n");
  EXPECT_EQ(Run("BITFIELD f OVERFLOW WHAT"), "-ERR Invalid OVERFLOW type specified\r\n");
  EXPECT_EQ(Run("BITFIELD f GET u8 -1"), kBadOffset);
  EXPECT_EQ(Run("BITFIELD f"), "*0\r\n");
}

}  // namespace
}  // namespace tusk::engine
