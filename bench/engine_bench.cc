// What one command costs in the engine alone, without sockets: nanoseconds of CPU per operation, batches prepared as the
// server prepares them. Usage: engine_bench [keys] [batch]
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "base/memory.h"
#include "base/random.h"
#include "command/command_table.h"
#include "engine/engine.h"

namespace {

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

class Bench {
 public:
  Bench(tusk::engine::Engine& engine, size_t batch) : engine_(engine), worker_(engine.NewWorker()), batch_(batch) {}

  void Run(const char* name, size_t operations, size_t keys, const std::vector<std::string>& words) {
    tusk::resp::OutputBuffer out;
    tusk::resp::Reply reply(out);
    tusk::base::Random random(7);
    std::vector<std::vector<std::string>> texts(batch_, words);
    std::vector<std::vector<std::string_view>> views(batch_);
    std::vector<tusk::command::Request> requests(batch_);
    double used = 0;
    for (size_t done = 0; done < operations; done += batch_) {
      for (size_t i = 0; i < batch_; ++i) {
        char key[32];
        std::snprintf(key, sizeof key, "key:%012llu", static_cast<unsigned long long>(keys ? random.Below(keys) : done + i));
        texts[i][1] = key;
        views[i].assign(texts[i].begin(), texts[i].end());
      }
      double start = CpuSeconds();
      for (size_t i = 0; i < batch_; ++i) {
        requests[i] = {views[i], nullptr, {}, false};
        engine_.executor().Resolve(requests[i]);
      }
      for (size_t i = 0, seen = 0; i < batch_; ++i) {
        if (i == seen) seen += engine_.executor().LookAhead(std::span(requests).subspan(i));
        engine_.executor().Execute(*worker_, session_, requests[i], reply);
      }
      used += CpuSeconds() - start;
      out.Clear();
    }
    std::printf("%-10s %8.1f ns/op\n", name, used / static_cast<double>(operations) * 1e9);
  }

 private:
  tusk::engine::Engine& engine_;
  std::unique_ptr<tusk::command::Worker> worker_;
  tusk::command::Session session_;
  size_t batch_;
};

}  // namespace

int main(int argc, char** argv) {
  size_t keys = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  size_t batch = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 64;
  tusk::engine::Engine engine({});
  Bench bench(engine, batch);
  std::string value(32, 'v');
  uint64_t before = tusk::base::UsedMemory();
  bench.Run("SET new", keys, 0, {"SET", "", value});
  std::printf("%.1f bytes per key (16 + 32 bytes of data)\n", static_cast<double>(tusk::base::UsedMemory() - before) / static_cast<double>(keys));
  bench.Run("SET", keys, keys, {"SET", "", value});
  bench.Run("GET", keys, keys, {"GET", ""});
  bench.Run("EXISTS", keys, keys, {"EXISTS", ""});
  return 0;
}
