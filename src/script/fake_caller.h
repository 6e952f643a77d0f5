// A stand-in for the executor in tests: a handful of commands over a map, spelled as a server would.
// Threads: caller-synchronised. Owns: its data and the last reply.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/numbers.h"
#include "base/text.h"
#include "resp/output_buffer.h"
#include "resp/reply.h"
#include "script/command_caller.h"

namespace tusk::script {

class FakeCaller final : public CommandCaller {
 public:
  std::string_view Call(std::span<const std::string_view> argv, int protocol) noexcept override {
    resp::OutputBuffer out;
    resp::Reply reply(out, protocol);
    ++calls;
    Run(argv, reply);
    last_ = out.ToString();
    return last_;
  }

  AclVerdict CheckAcl(std::span<const std::string_view> argv) noexcept override {
    if (base::EqualsIgnoreCase(argv[0], "get")) return AclVerdict::kAllowed;
    if (base::EqualsIgnoreCase(argv[0], "set")) return AclVerdict::kDenied;
    return AclVerdict::kUnknownCommand;
  }

  void SetReplication(bool to_append_file, bool to_replicas) noexcept override {
    replication = {to_append_file, to_replicas};
  }
  void Log(LogLevel level, std::string_view text) noexcept override {
    log = std::to_string(static_cast<int>(level)) + ":" + std::string(text);
  }
  bool ShouldStop() noexcept override {
    ++stop_questions;
    return stop_questions > stop_after;
  }

  std::map<std::string, std::string, std::less<>> data;
  std::string canned;  // What the command "canned" answers.
  std::string log;
  std::pair<bool, bool> replication{true, true};
  int calls = 0;
  int stop_questions = 0;
  int stop_after = 1'000'000'000;

 private:
  void Run(std::span<const std::string_view> argv, resp::Reply& reply) {
    const std::string name = base::ToLower(argv[0]);
    if (name == "ping") return reply.Simple("PONG");
    if (name == "canned") return reply.Raw(canned);
    if (name == "echo" && argv.size() == 2) return reply.Bulk(argv[1]);
    if (name == "set" && argv.size() == 3) {
      data[std::string(argv[1])] = std::string(argv[2]);
      return reply.Ok();
    }
    if (name == "set" && argv.size() > 3) return reply.Error("ERR syntax error");
    if (name == "get" && argv.size() == 2) {
      const auto it = data.find(argv[1]);
      return it == data.end() ? reply.Null() : reply.Bulk(it->second);
    }
    if (name == "incr" && argv.size() == 2) {
      std::string& value = data.try_emplace(std::string(argv[1]), "0").first->second;
      const auto number = base::ParseInt64(value);
      if (!number) return reply.Error("ERR value is not an integer or out of range");
      value = std::to_string(*number + 1);
      return reply.Integer(*number + 1);
    }
    for (const std::string_view known : {"echo", "set", "get", "incr"}) {
      if (name == known) return reply.Error("ERR Wrong number of args calling Redis command from script");
    }
    reply.Error("ERR Unknown Redis command called from script");
  }

  std::string last_;
};

}  // namespace tusk::script
