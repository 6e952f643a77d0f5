#include "tool/summary.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace tusk::tool {

void Summary::Count(store::Type type, uint64_t bytes, bool has_deadline) noexcept {
  Row& row = rows_[static_cast<size_t>(type)];
  ++row.keys;
  row.bytes += bytes;
  row.with_deadline += has_deadline;
}

uint64_t Summary::keys() const noexcept {
  uint64_t sum = 0;
  for (const Row& row : rows_) sum += row.keys;
  return sum;
}

std::string Summary::Table() const {
  std::string table = fmt::format("{:10} {:>12} {:>12} {:>14}\n", "type", "keys", "bytes", "with deadline");
  Row all;
  for (size_t i = 0; i < kTypes; ++i) {
    const Row& row = rows_[i];
    if (row.keys == 0) continue;
    table += fmt::format("{:10} {:12} {:>12} {:14}\n", store::TypeName(static_cast<store::Type>(i)), row.keys, Bytes(row.bytes),
                         row.with_deadline);
    all.keys += row.keys;
    all.bytes += row.bytes;
    all.with_deadline += row.with_deadline;
  }
  table += fmt::format("{:10} {:12} {:>12} {:14}\n", "all", all.keys, Bytes(all.bytes), all.with_deadline);
  if (!databases_.empty()) table += Counted(databases_.size(), "database") + '\n';
  if (functions != 0) table += Counted(functions, "function library") + '\n';
  if (commands != 0) table += Counted(commands, "command") + '\n';
  if (expired != 0) table += Counted(expired, "key") + " had expired already\n";
  if (empty != 0) table += Counted(empty, "empty key") + " passed over\n";
  return table;
}

Progress::Progress(std::string label, uint64_t total)
    : label_(std::move(label)), total_(total), is_terminal_(::isatty(STDERR_FILENO) == 1),
      begun_(std::chrono::steady_clock::now()), next_(begun_) {}

double Progress::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
}

std::string Progress::Line(uint64_t done, uint64_t keys, double seconds) const {
  constexpr size_t kWidth = 30;
  constexpr double kSecondsMin = 0.001;
  seconds = std::max(seconds, kSecondsMin);
  const std::string rate = fmt::format("{}, {:.0f}/s", Counted(keys, "key"), static_cast<double>(keys) / seconds);
  if (total_ == 0) return fmt::format("{}  {}", label_, rate);
  const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
  const auto filled = static_cast<size_t>(share * kWidth);
  const double left = share > 0 ? seconds / share - seconds : 0;
  return fmt::format("{}  [{}{}] {:3.0f} %  {}  {:.0f} s left", label_, std::string(filled, '#'),
                     std::string(kWidth - filled, '.'), share * 100, rate, left);
}

void Progress::Show(uint64_t done, uint64_t keys) {
  constexpr std::chrono::milliseconds kEvery{100};
  if (!is_terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + kEvery;
  drawn_ = true;
  fmt::print(stderr, "\r{}\033[K", Line(done, keys, seconds()));
}

void Progress::Clear() {
  if (drawn_) fmt::print(stderr, "\r\033[K");
  drawn_ = false;
}

std::string Bytes(uint64_t bytes) {
  constexpr double kStep = 1024;
  if (bytes < 1024) return fmt::format("{} B", bytes);
  auto size = static_cast<double>(bytes) / kStep;
  for (std::string_view unit : {"KB", "MB", "GB"}) {
    if (size < kStep) return fmt::format("{:.1f} {}", size, unit);
    size /= kStep;
  }
  return fmt::format("{:.1f} TB", size);
}

std::string Counted(uint64_t count, std::string_view noun) {
  if (count == 1) return fmt::format("1 {}", noun);
  if (noun.ends_with('y') && !noun.ends_with("ey")) return fmt::format("{} {}ies", count, noun.substr(0, noun.size() - 1));
  return fmt::format("{} {}s", count, noun);
}

}  // namespace tusk::tool
