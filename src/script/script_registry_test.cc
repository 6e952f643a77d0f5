#include "script/script_registry.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "script/golden_case.h"
#include "script/interpreter_pool.h"

namespace tusk::script {
namespace {

ScriptPtr Register(ScriptRegistry& registry, std::string_view body, ScriptRegistry::Source source) {
  Sha1 sha1;
  return registry.Add(*registry.Parse(body, sha1.Hex(body)), source);
}

TEST(ScriptRegistry, FindsByDigestInAnyCase) {
  ScriptRegistry registry;
  Register(registry, "return 1", ScriptRegistry::Source::kLoad);
  ASSERT_TRUE(registry.Find("e0e1f9fabfc9d4800c877a703b823ac0578ff8db"));
  EXPECT_EQ(registry.Find("E0E1F9FABFC9D4800C877A703B823AC0578FF8DB")->body(), "return 1");
  EXPECT_FALSE(registry.Find("e0e1f9fabfc9d4800c877a703b823ac0578ff8dc"));
  EXPECT_FALSE(registry.Find("short"));
}

TEST(ScriptRegistry, KeepsTheFirstOfEqualBodies) {
  ScriptRegistry registry;
  const ScriptPtr first = Register(registry, "return 1", ScriptRegistry::Source::kEval);
  EXPECT_EQ(Register(registry, "return 1", ScriptRegistry::Source::kLoad), first);
  EXPECT_EQ(registry.size(), 1u);
}

TEST(ScriptRegistry, BoundsScriptsOfEvalButKeepsLoadedAndUsedOnes) {
  ScriptRegistry registry;
  const ScriptPtr loaded = Register(registry, "return 'loaded'", ScriptRegistry::Source::kLoad);
  const ScriptPtr used = Register(registry, "return 'used'", ScriptRegistry::Source::kEval);
  const ScriptPtr unused = Register(registry, "return 'unused'", ScriptRegistry::Source::kEval);
  for (size_t i = 0; i < kEvalScriptsMax; ++i) {
    registry.Find(used->sha());
    Register(registry, "return " + std::to_string(i), ScriptRegistry::Source::kEval);
  }
  EXPECT_EQ(registry.size(), kEvalScriptsMax + 1);
  EXPECT_TRUE(registry.Find(loaded->sha()));
  EXPECT_TRUE(registry.Find(used->sha()));
  EXPECT_FALSE(registry.Find(unused->sha()));
}

TEST(ScriptRegistry, FlushForgetsAll) {
  ScriptRegistry registry;
  const ScriptPtr script = Register(registry, "return 1", ScriptRegistry::Source::kLoad);
  registry.Flush();
  EXPECT_EQ(registry.size(), 0u);
  EXPECT_FALSE(registry.Find(script->sha()));
  EXPECT_EQ(script->body(), "return 1");
}

TEST(ScriptRegistry, ErrorsOfTheFirstLineNameIt) {
  EXPECT_EQ(ParseShebang("#!lua").error().message(), "ERR Invalid script shebang");
  EXPECT_EQ(ParseShebang("#!x\n").error().message(), "ERR Unexpected engine in script shebang: #!x");
  EXPECT_EQ(ParseShebang("#!lua a=b\n").error().message(), "ERR Unknown lua shebang option: a=b");
  EXPECT_EQ(ParseShebang("#!lua flags=no-writes,\n").error().message(), "ERR Unexpected flag in script shebang: ");
  EXPECT_EQ(ParseShebang("#!lua flags=no-writes,allow-oom\nreturn 1")->flags, kNoWrites | kAllowOom);
  EXPECT_EQ(ParseShebang("return 1")->flags, static_cast<uint32_t>(kNoShebang));
}

TEST(InterpreterPool, FlushDropsWhatWasLeasedMeanwhile) {
  InterpreterPool pool;
  {
    InterpreterPool::Lease lease = pool.Acquire();
    EXPECT_GT(pool.memory_bytes(), 10'000u);
    pool.Flush();
  }
  EXPECT_EQ(pool.memory_bytes(), 0u);
}

TEST(InterpreterPool, TheWarmOneComesBackFirst) {
  InterpreterPool pool;
  const Interpreter* first = &*pool.Acquire();
  EXPECT_EQ(&*pool.Acquire(), first);
}

TEST(InterpreterPool, ScriptsRunInParallel) {
  InterpreterPool pool;
  ScriptRegistry registry;
  const ScriptPtr script =
      Register(registry, "local s = 0 for i = 1, 1000 do s = s + redis.call('incr', 'k') end return s",
               ScriptRegistry::Source::kLoad);
  std::vector<std::thread> threads;
  std::vector<std::string> replies(4);
  for (size_t t = 0; t < replies.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < 20; ++round) {
        FakeCaller caller;
        resp::OutputBuffer out;
        resp::Reply reply(out);
        InterpreterPool::Lease lease = pool.Acquire();
        lease->Run({*registry.Find(script->sha()), {}, {}}, caller, reply);
        replies[t] = out.ToString();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& reply : replies) EXPECT_EQ(reply, ":500500\r\n");
}

}  // namespace
}  // namespace tusk::script
