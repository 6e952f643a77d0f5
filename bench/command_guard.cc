// tusk-guard: runs a fixed number of requests of one command after another through parser, executor and reply, without sockets.
// Under callgrind the instructions of each are dumped under its name (bench/guard.py compares them with bench/instructions.txt);
// alone it prints the nanoseconds of CPU of each. Everything that is random or of the clock is fixed, so that the counts of
// two runs are the same.
//   tusk-guard [--scale F] [name ...]      F: of the number of requests, 1 unless told
#include <fmt/core.h>
#include <sys/random.h>
#include <valgrind/callgrind.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "command/executor.h"
#include "engine/engine.h"
#include "guard_tasks.h"
#include "key_source.h"
#include "reply_counter.h"
#include "request_template.h"
#include "resp/reply.h"
#include "resp/request_parser.h"

// In the place of the C library's: hash keys and seeds of generators are the same in every run.
extern "C" ssize_t getrandom(void* bytes, size_t count, unsigned) noexcept {
  std::memset(bytes, 0x5a, count);
  return static_cast<ssize_t>(count);
}

namespace tusk::bench {
namespace {

constexpr size_t kDepth = 16;

double CpuNs() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

// One engine, and a session that sends batches as a connection would.
class Runner {
 public:
  Runner() : engine_({.clock = &clock_}), worker_(engine_.NewWorker()) {
    engine_.users().Begin(session_);
    session_.id = engine_.NextSessionId();
  }

  // Requests in turn from the templates, with keys below `keys`, or counted up when that is 0.
  void Send(const std::vector<std::string>& commands, size_t requests, uint64_t keys) {
    std::vector<RequestTemplate> templates;
    for (const std::string& command : commands) templates.emplace_back(command, kValueBytes);
    KeySource source(std::max<uint64_t>(keys, 1), 0, keys == 0, 0, 11);
    size_t next = 0;
    for (size_t sent = 0; sent < requests; sent += kDepth) {
      batch_.clear();
      for (size_t i = 0; i < kDepth; ++i) {
        templates[next++ % templates.size()].AppendTo(batch_, [&](const RequestTemplate::Hole& hole) {
          return hole.kind == RequestTemplate::Kind::kBelow ? source.Below(hole.below) : source.Next();
        });
      }
      Measure();
    }
  }

  void Call(const std::vector<std::string_view>& words) {
    std::string reply = engine_.Execute(*worker_, session_, words);
    CHECK(reply.empty() || reply[0] != '-');
  }

  // Nanoseconds since the last call.
  double TakeNs() { return std::exchange(ns_, 0); }

 private:
  // What Connection does between read and write, for one batch; only this is counted.
  void Measure() {
    const double start = CpuNs();
    CALLGRIND_TOGGLE_COLLECT;
    parser_.Feed(batch_);
    command::Executor& executor = engine_.executor();
    command::Request requests[kDepth];
    size_t count = parser_.ParseBatch(kDepth);
    for (size_t i = 0; i < count; ++i) {
      requests[i].argv = parser_.Peek(i);
      requests[i].db = session_.db;
      executor.Resolve(requests[i]);
    }
    worker_->BeginGroup(clock_.UnixMillis());
    resp::Reply reply(out_, session_.protocol);
    for (size_t i = 0, seen = 0; i < count; ++i) {
      if (i == seen) seen += executor.LookAhead(std::span(requests, count).subspan(i));
      CHECK(executor.Execute(*worker_, session_, requests[i], reply) == command::Outcome::kDone);
      parser_.Take();
    }
    worker_->EndGroup();
    CALLGRIND_TOGGLE_COLLECT;
    ns_ += CpuNs() - start;
    CHECK(count == kDepth);
    replies_.Feed(out_.ToString());
    out_.Clear();
    if (replies_.errors() > 0) fmt::print(stderr, "tusk-guard: {}\n", replies_.first_error());
    CHECK(replies_.errors() == 0);
  }

  base::FakeClock clock_;
  engine::Engine engine_;
  std::unique_ptr<command::Worker> worker_;
  command::Session session_;
  resp::RequestParser parser_;
  resp::OutputBuffer out_;
  std::string batch_;
  ReplyCounter replies_;
  double ns_ = 0;
};

void Run(const GuardTask& task, double scale) {
  Runner runner;
  for (std::string_view script : task.scripts) runner.Call({"SCRIPT", "LOAD", script});
  for (const GuardFill& fill : task.fill) runner.Send(fill.commands, static_cast<size_t>(static_cast<double>(fill.requests) * scale), 0);
  // What a first request prepares, and what grows with the first thousand, is not what a command costs.
  auto requests = static_cast<size_t>(kGuardRequests * scale);
  runner.Send(task.commands, std::max<size_t>(requests / 4, kDepth), task.keys);
  runner.TakeNs();
  CALLGRIND_START_INSTRUMENTATION;
  CALLGRIND_ZERO_STATS;
  runner.Send(task.commands, requests, task.keys);
  CALLGRIND_DUMP_STATS_AT(task.name.c_str());
  CALLGRIND_STOP_INSTRUMENTATION;
  auto batches = (requests + kDepth - 1) / kDepth;
  fmt::print("{} {} {:.0f}\n", task.name, batches * kDepth, runner.TakeNs() / static_cast<double>(batches * kDepth));
}

}  // namespace
}  // namespace tusk::bench

int main(int argc, char** argv) {
  double scale = 1;
  std::vector<std::string_view> wanted;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--scale" && i + 1 < argc) {
      scale = std::strtod(argv[++i], nullptr);
    } else {
      wanted.emplace_back(argv[i]);
    }
  }
  for (const tusk::bench::GuardTask& task : tusk::bench::GuardTasks()) {
    if (wanted.empty() || std::find(wanted.begin(), wanted.end(), task.name) != wanted.end()) tusk::bench::Run(task, scale);
  }
  return 0;
}
