// DUMP and RESTORE as commands; the bytes have their tests in the codec.
#include <string>

#include "codec/payload.h"
#include "engine/engine_test_support.h"

namespace tusk::engine {
namespace {

class TransferTest : public EngineTest {
 protected:
  // The payload of a key that exists.
  std::string Dump(std::string_view key) {
    std::vector<std::string_view> argv = {"DUMP", key};
    std::string reply = engine_.Execute(*worker_, session_, argv);
    size_t start = reply.find("\r\n") + 2;
    return reply.substr(start, reply.size() - start - 2);
  }
  std::string Restore(std::string_view key, std::string_view ttl, std::string_view payload,
                      std::vector<std::string_view> options = {}) {
    std::vector<std::string_view> argv = {"RESTORE", key, ttl, payload};
    argv.insert(argv.end(), options.begin(), options.end());
    return RunWords(session_, argv);
  }
};

TEST_F(TransferTest, ValuesOfAllTypesComeBackUnderAnotherName) {
  Run("SET s text");
  Run("RPUSH l a b 3");
  Run("SADD t a b");
  Run("SADD i 1 2");
  Run("ZADD z 1 a 2.5 b");
  Run("HSET h f v");
  for (std::string key : {"s", "l", "t", "i", "z", "h"}) {
    EXPECT_EQ(Restore("new" + key, "0", Dump(key)), "+OK");
    EXPECT_EQ(Run("DEBUG DIGEST-VALUE new" + key), Run("DEBUG DIGEST-VALUE " + key));
    EXPECT_EQ(Run("OBJECT ENCODING new" + key), Run("OBJECT ENCODING " + key));
  }
}

TEST_F(TransferTest, DumpOfNothingIsNull) {
  EXPECT_EQ(Run("DUMP nosuch"), "$-1");
  EXPECT_EQ(Run("DUMP"), "-ERR wrong number of arguments for 'dump' command");
}

TEST_F(TransferTest, RestoreNeedsReplaceForAKeyThatIsThere) {
  Run("SET s text");
  Run("SET other 1");
  std::string payload = Dump("s");
  EXPECT_EQ(Restore("other", "0", payload), "-BUSYKEY Target key name already exists.");
  TakeEvents();
  EXPECT_EQ(Restore("other", "0", payload, {"REPLACE"}), "+OK");
  EXPECT_EQ(TakeEvents(), "restore other");
  EXPECT_EQ(Run("GET other"), "$4 text");
}

TEST_F(TransferTest, DeadlinesAreRelativeUnlessAbsttl) {
  Run("SET s text");
  std::string payload = Dump("s");
  TakeRecords();
  EXPECT_EQ(Restore("a", "5000", payload), "+OK");
  EXPECT_EQ(Run("PTTL a"), ":5000");
  std::string at = std::to_string(clock_.UnixMillis() + 5000);
  std::string record = TakeRecords();
  EXPECT_TRUE(record.starts_with("RESTORE a " + at)) << record;
  EXPECT_TRUE(record.ends_with("ABSTTL")) << record;
  EXPECT_EQ(Restore("b", at, payload, {"ABSTTL"}), "+OK");
  EXPECT_EQ(Run("PTTL b"), ":5000");
}

TEST_F(TransferTest, WhatHasExpiredOnArrivalOnlyReplaces) {
  Run("SET s text");
  std::string payload = Dump("s");
  TakeRecords();
  EXPECT_EQ(Restore("a", "1", payload, {"ABSTTL"}), "+OK");
  EXPECT_EQ(TakeRecords(), "");
  EXPECT_EQ(Restore("s", "1", payload, {"ABSTTL", "REPLACE"}), "+OK");
  EXPECT_EQ(TakeRecords(), "DEL s");
  EXPECT_EQ(Run("EXISTS s a"), ":0");
}

TEST_F(TransferTest, WrongArgumentsAreToldAsRedisTellsThem) {
  Run("SET s text");
  std::string payload = Dump("s");
  EXPECT_EQ(Restore("a", "x", payload), "-ERR value is not an integer or out of range");
  EXPECT_EQ(Restore("a", "-1", payload), "-ERR Invalid TTL value, must be >= 0");
  EXPECT_EQ(Restore("a", "0", payload, {"IDLETIME", "-1"}), "-ERR Invalid IDLETIME value, must be >= 0");
  EXPECT_EQ(Restore("a", "0", payload, {"FREQ", "256"}), "-ERR Invalid FREQ value, must be >= 0 and <= 255");
  EXPECT_EQ(Restore("a", "0", payload, {"FREQ", "1", "IDLETIME", "1"}), "-ERR syntax error");
  EXPECT_EQ(Restore("a", "0", payload, {"what"}), "-ERR syntax error");
}

TEST_F(TransferTest, DamagedPayloadsAreRefused) {
  Run("SET s text");
  std::string payload = Dump("s");
  payload[2] ^= 1;
  EXPECT_EQ(Restore("a", "0", payload), "-ERR DUMP payload version or checksum are wrong");
  Run("DEBUG SET-SKIP-CHECKSUM-VALIDATION 1");
  EXPECT_EQ(Restore("a", "0", payload), "+OK");
  payload[0] = 99;
  EXPECT_EQ(Restore("b", "0", payload), "-ERR Bad data format");
}

TEST_F(TransferTest, IdleTimeComesAlong) {
  Run("SET s text");
  EXPECT_EQ(Restore("a", "0", Dump("s"), {"IDLETIME", "1000"}), "+OK");
  EXPECT_EQ(Run("OBJECT IDLETIME a"), ":1000");
}

TEST_F(TransferTest, ReloadSettlesEncodingsByTheLimits) {
  Run("SADD t a b c");
  Run("CONFIG SET set-max-listpack-entries 2");
  EXPECT_EQ(Run("DEBUG RELOAD"), "+OK");
  EXPECT_EQ(Run("OBJECT ENCODING t"), "$9 hashtable");
  EXPECT_EQ(Run("SCARD t"), ":3");
}

}  // namespace
}  // namespace tusk::engine
