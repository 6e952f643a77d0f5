// Every command that writes, under a running snapshot: the file must show what was there before it. Method: a dataset with
// keys of each type, the moment, one command, then the walk; the file, loaded elsewhere, must have the digest of the moment.
// (A handler that changes a value which it found for reading only is caught here, and by a DCHECK in Transaction::Touch.)
#include <memory>
#include <string>

#include "engine/engine_test_support.h"
#include "persist/loader.h"
#include "persist/snapshot.h"

namespace tusk::engine {
namespace {

constexpr const char* kDataset[] = {
    "SET s text", "SET n 41", "SET f 1.5", "SET long aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "SET e gone PX 1000", "SET e2 stays PX 100000", "RPUSH l a b c d a", "RPUSH l2 x", "SADD t a b c", "SADD t2 b c d", "SADD i 1 2 3",
    "ZADD z 1 a 2 b 3 c", "ZADD z2 5 b", "HSET h f v g w n 1", "HSET hx f v g w", "HPEXPIRE hx 1000 FIELDS 1 f", "PFADD hll a b c",
    "PFADD hll2 d", "SETBIT bits 7 1", "GEOADD geo 13.361389 38.115556 Palermo", "XADD x 1-1 f v", "XADD x 1-2 f w", "XGROUP CREATE x g 0",
    "XREADGROUP GROUP g c COUNT 1 STREAMS x >", "SORT l ALPHA"};

constexpr const char* kCommands[] = {
    // Strings.
    "SET s other", "SET s other KEEPTTL", "SETNX new v", "SETEX s 10 v", "PSETEX s 10 v", "GETSET s v", "GETDEL s", "GETEX e2 PERSIST",
    "GETEX s EX 10", "MSET s 1 n 2 new 3", "MSETNX new 1 new2 2", "APPEND s more", "APPEND long more", "SETRANGE s 1 XX", "SETRANGE n 5 X",
    "SETBIT s 3 1", "SETBIT n 3 1", "BITFIELD bits SET u8 0 200 INCRBY u8 8 1", "BITOP NOT s bits", "INCR n", "DECRBY n 5",
    "INCRBYFLOAT f 0.25", "INCRBYFLOAT n 0.5", "PFADD hll z y x w v u", "PFMERGE hll hll2", "PFCOUNT hll",
    // Keys.
    "DEL s l t z h x", "UNLINK s l", "EXPIRE s 100", "PEXPIREAT e2 1", "PERSIST e2", "RENAME s l", "RENAMENX s new", "COPY l s REPLACE",
    "COPY l new", "MOVE s 1", "SWAPDB 0 1", "FLUSHDB", "FLUSHALL", "SORT l ALPHA STORE l2", "TOUCH s l", "GET e2", "RESTORE s 0 bad REPLACE",
    // Lists.
    "LPUSH l z", "RPUSHX l z", "LPOP l", "RPOP l 2", "LSET l 0 z", "LINSERT l BEFORE b z", "LREM l 0 a", "LTRIM l 1 2", "LMOVE l l2 LEFT RIGHT",
    "LMOVE l l LEFT RIGHT", "RPOPLPUSH l l2", "LMPOP 2 nosuch l LEFT", "BLPOP l 1", "BRPOP l2 1", "BLMOVE l l2 LEFT LEFT 1", "BLMPOP 1 1 l RIGHT",
    // Sets.
    "SADD t z", "SADD i z", "SREM t a", "SPOP t", "SPOP t 5", "SMOVE t t2 a", "SINTERSTORE t t t2", "SUNIONSTORE t2 t i", "SDIFFSTORE new t t2",
    // Sorted sets.
    "ZADD z 9 a", "ZADD z INCR 1 a", "ZINCRBY z 5 b", "ZREM z a", "ZPOPMIN z", "ZPOPMAX z 5", "ZREMRANGEBYRANK z 0 0", "ZREMRANGEBYSCORE z 2 3",
    "ZREMRANGEBYLEX z - +", "ZUNIONSTORE z 2 z z2", "ZINTERSTORE new 2 z z2", "ZDIFFSTORE z2 2 z z2", "ZRANGESTORE z2 z 0 1", "ZMPOP 1 z MIN",
    "BZPOPMIN z 1", "BZMPOP 1 1 z MAX", "GEOADD geo 15.087269 37.502669 Catania", "GEOSEARCHSTORE z geo FROMMEMBER Palermo BYRADIUS 1 km",
    // Hashes.
    "HSET h f other new v", "HSETNX h new v", "HDEL h f", "HINCRBY h n 4", "HINCRBYFLOAT h n 0.5", "HEXPIRE h 100 FIELDS 1 f",
    "HPERSIST hx FIELDS 1 f", "HGETDEL h FIELDS 1 f", "HGETEX h EX 10 FIELDS 1 f", "HSETEX h EX 10 FIELDS 1 f v", "HGETALL hx",
    // Streams.
    "XADD x 2-1 f v", "XDEL x 1-1", "XTRIM x MAXLEN 1", "XSETID x 9-9", "XGROUP CREATE x g2 0", "XGROUP SETID x g 1-2", "XGROUP DESTROY x g",
    "XGROUP CREATECONSUMER x g d", "XGROUP DELCONSUMER x g c", "XACK x g 1-1", "XREADGROUP GROUP g d STREAMS x >", "XCLAIM x g d 0 1-1",
    "XAUTOCLAIM x g d 0 0", "XREADGROUP GROUP g c STREAMS x 0",
    // Several at once.
    "EVAL 'redis.call(\"set\", KEYS[1], 1) redis.call(\"rpush\", KEYS[2], 1) return redis.call(\"del\", KEYS[3])' 3 s l z"};

class SnapshotCommandsTest : public EngineTest {
 protected:
  SnapshotCommandsTest() : other_({.clock = &other_clock_}), other_worker_(other_.NewWorker()) {
    other_.settings().enable_debug_command.set(true);
  }
  std::string RunElsewhere(std::vector<std::string_view> argv) { return other_.Execute(*other_worker_, other_session_, argv); }
  std::string DigestHere() {
    std::vector<std::string_view> argv = {"DEBUG", "DIGEST"};
    return engine_.Execute(*worker_, session_, argv);
  }
  std::unique_ptr<persist::Snapshot> Begin() {
    store::Transaction held(engine_.keyspace());
    held.EnterLaneBlocking();
    held.LockAllInLane();
    auto snapshot = persist::Snapshot::Begin(held, {.now_ms = clock_.UnixMillis()});
    EXPECT_TRUE(snapshot.has_value());
    return *std::move(snapshot);
  }
  std::string DigestOfFile(const std::string& file) {
    RunElsewhere({"FLUSHALL"});
    codec::Reader reader(file);
    store::Transaction transaction(other_.keyspace());
    persist::Loader loader({.keyspace = &other_.keyspace()});
    base::Status status = loader.LoadFrom(reader, transaction);
    EXPECT_TRUE(status.ok()) << status.message();
    return RunElsewhere({"DEBUG", "DIGEST"});
  }

  base::FakeClock other_clock_;  // Stands still at the moment.
  Engine other_;
  std::unique_ptr<command::Worker> other_worker_;
  command::Session other_session_;
};

TEST_F(SnapshotCommandsTest, ShowsWhatWasThereBeforeEachCommand) {
  for (const char* command : kCommands) {
    SCOPED_TRACE(command);
    Run("FLUSHALL");
    for (const char* line : kDataset) {
      std::string reply = Run(line);
      ASSERT_FALSE(reply.starts_with("-")) << line << ": " << reply;
    }
    std::string before = DigestHere();
    std::unique_ptr<persist::Snapshot> snapshot = Begin();
    std::string reply = Run(command);
    EXPECT_TRUE(!reply.starts_with("-ERR unknown") && !reply.starts_with("-WRONGTYPE")) << reply;
    codec::StringSink sink;
    ASSERT_TRUE(snapshot->Run(sink).ok());
    EXPECT_EQ(DigestOfFile(sink.text()), before);
  }
}

TEST_F(SnapshotCommandsTest, ShowsKeysAndFieldsThatExpireMeanwhile) {
  for (const char* line : kDataset) Run(line);
  std::string before = DigestHere();
  std::unique_ptr<persist::Snapshot> snapshot = Begin();
  clock_.AdvanceMillis(2000);
  EXPECT_EQ(Run("GET e"), "$-1");
  EXPECT_EQ(Run("HGET hx f"), "$-1");
  codec::StringSink sink;
  ASSERT_TRUE(snapshot->Run(sink).ok());
  EXPECT_EQ(DigestOfFile(sink.text()), before);
}

}  // namespace
}  // namespace tusk::engine
