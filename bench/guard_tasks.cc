#include "guard_tasks.h"

namespace tusk::bench {
namespace {

constexpr size_t kKeys = 20000;
constexpr size_t kSmall = 2000;  // Small collections.

std::string Repeat(std::string text, const std::string& word, int times) {
  for (int i = 0; i < times; ++i) text += " " + word;
  return text;
}

std::vector<GuardFill> Strings() { return {{kKeys, {"SET key:__key__ __value__"}}}; }
std::vector<GuardFill> SortedSet() { return {{kKeys, {"ZADD z __1000000__ m:__key__"}}}; }

void AddStrings(std::vector<GuardTask>& tasks) {
  tasks.push_back({"ping", {"PING"}, kKeys, {}, {}});
  tasks.push_back({"get", {"GET key:__key__"}, kKeys, Strings(), {}});
  tasks.push_back({"get-miss", {"GET no:__key__"}, kKeys, Strings(), {}});
  tasks.push_back({"set", {"SET key:__key__ __value__"}, kKeys, Strings(), {}});
  tasks.push_back({"set-new", {"SET new:__key__ __value__"}, 0, Strings(), {}});
  tasks.push_back({"setex", {"SET key:__key__ __value__ EX 1000"}, kKeys, Strings(), {}});
  tasks.push_back({"incr", {"INCR counter:__key__"}, kKeys, {{kKeys, {"INCR counter:__key__"}}}, {}});
  tasks.push_back({"mget-10", {Repeat("MGET", "key:__key__", 10)}, kKeys, Strings(), {}});
  tasks.push_back({"mset-10", {Repeat("MSET", "key:__key__ __value__", 10)}, kKeys, Strings(), {}});
  tasks.push_back({"exists", {"EXISTS key:__key__"}, kKeys, Strings(), {}});
  tasks.push_back({"set-del", {"SET new:__1000__ __value__", "DEL new:__1000__"}, kKeys, Strings(), {}});
  tasks.push_back({"expire", {"EXPIRE key:__key__ 1000"}, kKeys, Strings(), {}});
}

void AddCollections(std::vector<GuardTask>& tasks) {
  tasks.push_back({"lpush-lpop", {"LPUSH list:__1000__ __value__", "LPOP list:__1000__"}, kKeys, {{kKeys, {"LPUSH list:__1000__ __value__"}}}, {}});
  tasks.push_back({"lrange-100", {"LRANGE list 50 149"}, kKeys, {{kSmall, {"RPUSH list __value__"}}}, {}});
  tasks.push_back({"sadd-spop", {"SADD set:__1000__ __1000000__", "SPOP set:__1000__"}, kKeys, {{kKeys, {"SADD set:__1000__ __1000000__"}}}, {}});
  tasks.push_back({"sismember", {"SISMEMBER set m:__key__"}, kKeys, {{kKeys, {"SADD set m:__key__"}}}, {}});
  tasks.push_back({"hset-small", {"HSET hash:__1000__ field:__10__ __value__"}, kKeys, {{kKeys, {"HSET hash:__1000__ field:__10__ __value__"}}}, {}});
  tasks.push_back({"hset-large", {"HSET hash __key__ __value__"}, kKeys, {{kKeys, {"HSET hash __key__ __value__"}}}, {}});
  tasks.push_back({"hget-large", {"HGET hash __key__"}, kKeys, {{kKeys, {"HSET hash __key__ __value__"}}}, {}});
  tasks.push_back({"hgetall-10", {"HGETALL hash:__1000__"}, kKeys, {{kKeys, {"HSET hash:__1000__ field:__10__ __value__"}}}, {}});
  tasks.push_back({"hincrby", {"HINCRBY hash:__1000__ count 1"}, kKeys, {{kSmall, {"HINCRBY hash:__1000__ count 1"}}}, {}});
}

void AddOrdered(std::vector<GuardTask>& tasks) {
  tasks.push_back({"zadd-new", {"ZADD z __1000000__ n:__key__"}, 0, SortedSet(), {}});
  tasks.push_back({"zadd-update", {"ZADD z __1000000__ m:__key__"}, kKeys, SortedSet(), {}});
  tasks.push_back({"zscore", {"ZSCORE z m:__key__"}, kKeys, SortedSet(), {}});
  tasks.push_back({"zrank", {"ZRANK z m:__key__"}, kKeys, SortedSet(), {}});
  tasks.push_back({"zrange-100", {"ZRANGE z 5000 5099"}, kKeys, SortedSet(), {}});
  tasks.push_back({"zrangebyscore-100", {"ZRANGEBYSCORE z __900000__ +inf LIMIT 0 100"}, kKeys, SortedSet(), {}});
  tasks.push_back({"xadd", {"XADD stream:__100__ MAXLEN ~ 1000 * field __value__"}, kKeys, {}, {}});
  tasks.push_back({"xrange-10", {"XRANGE stream - + COUNT 10"}, kKeys, {{kSmall, {"XADD stream * field __value__"}}}, {}});
}

constexpr std::string_view kScript =
    "redis.call('GET', KEYS[1]) redis.call('SET', KEYS[1], ARGV[1]) redis.call('HSET', KEYS[2], 'last', ARGV[1]) "
    "redis.call('HINCRBY', KEYS[2], 'count', 1) redis.call('EXPIRE', KEYS[2], 3600) return 1";
constexpr std::string_view kScriptSha = "0f7297ed217457437e2d9d5f6ff896850d601cb0";

void AddOthers(std::vector<GuardTask>& tasks) {
  tasks.push_back({"evalsha-5", {"EVALSHA " + std::string(kScriptSha) + " 2 key:__key__ hash:__1000__ __value__"}, kKeys, Strings(), {std::string(kScript)}});
  tasks.push_back({"multi-exec", {"MULTI", "SET key:__key__ __value__", "GET key:__key__", "EXEC"}, kKeys, Strings(), {}});
  tasks.push_back({"publish-nobody", {"PUBLISH news __value__"}, kKeys, {}, {}});
}

}  // namespace

std::vector<GuardTask> GuardTasks() {
  std::vector<GuardTask> tasks;
  AddStrings(tasks);
  AddCollections(tasks);
  AddOrdered(tasks);
  AddOthers(tasks);
  return tasks;
}

}  // namespace tusk::bench
