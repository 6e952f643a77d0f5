// Test support: scripts beside the bytes that Redis answered to them.
// Threads: caller-synchronised. Owns: nothing.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "script/fake_caller.h"
#include "script/interpreter.h"

namespace tusk::script {

using std::string_view_literals::operator""sv;

struct GoldenCase {
  int protocol;
  std::string_view script;
  std::string_view reply;  // "script: SHA" stands for the digest.
};

struct Answer {
  std::string reply;
  RunResult result;
};

// Runs a body as EVAL would, without keys.
inline Answer RunBody(Interpreter& interpreter, CommandCaller& caller, std::string_view body, int protocol = 2,
                      std::span<const std::string_view> keys = {}, std::span<const std::string_view> args = {}) {
  resp::OutputBuffer out;
  resp::Reply reply(out, protocol);
  Answer answer;
  // One interpreter must not take one body for another.
  static uint64_t id = 0;
  const Sha1Hex sha = interpreter.sha1().Hex(body);
  const auto shebang = ParseShebang(body);
  if (!shebang) {
    reply.Error(shebang.error());
  } else {
    const Script script(++id, sha, std::string(body), *shebang);
    answer.result = interpreter.Run({script, keys, args}, caller, reply);
  }
  answer.reply = out.ToString();
  return answer;
}

inline void ExpectGolden(const GoldenCase& golden) {
  Interpreter interpreter;
  FakeCaller caller;
  caller.data["a"] = "b";
  std::string reply = RunBody(interpreter, caller, golden.script, golden.protocol).reply;
  const std::string sha(AsView(interpreter.sha1().Hex(golden.script)));
  if (const size_t at = reply.find("script: " + sha); at != std::string::npos) {
    reply.replace(at, 8 + sha.size(), "script: SHA");
  }
  EXPECT_EQ(reply, golden.reply) << golden.script;
}

}  // namespace tusk::script
