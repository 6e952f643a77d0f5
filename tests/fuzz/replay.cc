// Runs a fuzz program's entry point without libFuzzer: on each seed file of a folder, and on mutations of them. It finds what
// lies near the surface in a second, with the compiler and the sanitizers of the tests; `make fuzz` digs deeper.
//   PROGRAM SEED_FOLDER [random seed [mutations]]       or        PROGRAM FILE: one input, as libFuzzer left it
//   PROGRAM SEED_FOLDER --seconds N: mutations for so long
#include <fmt/core.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using Random = std::mt19937_64;

constexpr uint64_t kMutations = 20000;
constexpr size_t kInputBytesMax = 2048;
constexpr uint64_t kClockEvery = 64;

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void Feed(const std::string& input) { LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size()); }

// One small change: a byte replaced, removed or doubled, the end cut off, or a piece of another input put in.
void Mutate(std::string& input, const std::string& other, Random& random) {
  size_t at = input.empty() ? 0 : random() % input.size();
  switch (random() % 6) {
    case 0: if (!input.empty()) input[at] = static_cast<char>(random()); break;
    case 1: if (!input.empty()) input[at] = static_cast<char>(input[at] ^ (1 << random() % 8)); break;
    case 2: input.erase(at, 1 + random() % 4); break;
    case 3: input.insert(at, input.substr(at, 1 + random() % 8)); break;
    case 4: input.resize(at); break;
    default: input.insert(at, other.substr(random() % (other.size() + 1), random() % 16));
  }
  if (input.size() > kInputBytesMax) input.resize(kInputBytesMax);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  if (std::filesystem::is_regular_file(argv[1])) {
    Feed(ReadFile(argv[1]));
    return 0;
  }
  std::vector<std::string> seeds;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) seeds.push_back(ReadFile(entry.path()));
  if (seeds.empty()) {
    fmt::print(stderr, "no seed files in {}\n", argv[1]);
    return 2;
  }
  for (const std::string& seed : seeds) Feed(seed);
  using Clock = std::chrono::steady_clock;
  const bool is_timed = argc > 3 && std::string_view(argv[2]) == "--seconds";
  const auto end = Clock::now() + std::chrono::seconds(is_timed ? std::atoi(argv[3]) : 0);
  uint64_t random_seed = argc > 2 && !is_timed ? std::strtoull(argv[2], nullptr, 10) : std::random_device{}();
  uint64_t mutations = is_timed ? UINT64_MAX : argc > 3 ? std::strtoull(argv[3], nullptr, 10) : kMutations;
  fmt::print("random seed {}\n", random_seed);
  std::fflush(stdout);
  Random random(random_seed);
  uint64_t done = 0;
  for (; done < mutations; ++done) {
    if (is_timed && done % kClockEvery == 0 && Clock::now() >= end) break;
    std::string input = seeds[random() % seeds.size()];
    for (uint64_t changes = 1 + random() % 6; changes > 0; --changes) Mutate(input, seeds[random() % seeds.size()], random);
    Feed(input);
  }
  fmt::print("{} seeds, {} mutations\n", seeds.size(), done);
  return 0;
}
