#include "persist/batch_mark.h"

#include <fmt/format.h>

#include <charconv>

#include "base/check.h"
#include "base/hash.h"

namespace tusk::persist {
namespace {

constexpr std::string_view kWord = "#BATCH";
constexpr int kHex = 16;
// Of XXH3: the same in every process and for ever.
constexpr uint64_t kSumSeed = 0x7475736b;
// Without its spaces.
constexpr std::string_view kLongest =
    "#BATCH at=0123456789abcdef size=0123456789abcdef synced=0123456789abcdef room=0123456789abcdef sum=0123456789abcdef";
static_assert(kLongest.size() < BatchMark::kBytesMin);

std::string Numbers(const BatchMark& mark) {
  return fmt::format("{} at={:x} size={:x} synced={:x} room={:x}", kWord, mark.at, mark.size, mark.synced, mark.room);
}

bool TakeNumber(std::string_view& line, std::string_view name, uint64_t& number) {
  if (!line.starts_with(name)) return false;
  line.remove_prefix(name.size());
  auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number, kHex);
  if (error != std::errc()) return false;
  line.remove_prefix(static_cast<size_t>(end - line.data()));
  return true;
}

bool OnlySpaces(std::string_view text) { return text.find_first_not_of(' ') == std::string_view::npos; }

}  // namespace

uint64_t BatchMark::SumOf(std::string_view commands) const noexcept {
  return base::SeededHash(commands, base::SeededHash(Numbers(*this), kSumSeed));
}

std::string BatchMark::Spell(std::string_view commands) const {
  DCHECK(commands.size() == size);
  std::string text = fmt::format("{} sum={:x}", Numbers(*this), SumOf(commands));
  DCHECK(text.size() < Footprint(size) - size);
  text.resize(Footprint(size) - size - 1, ' ');
  text += '\n';
  return text += commands;
}

std::optional<BatchMark> BatchMark::Parse(std::string_view line) {
  BatchMark mark;
  if (!line.starts_with(kWord)) return {};
  line.remove_prefix(kWord.size());
  const bool good = TakeNumber(line, " at=", mark.at) && TakeNumber(line, " size=", mark.size) &&
                    TakeNumber(line, " synced=", mark.synced) && TakeNumber(line, " room=", mark.room) &&
                    TakeNumber(line, " sum=", mark.sum) && OnlySpaces(line);
  if (!good) return {};
  return mark;
}

bool BatchMark::IsRoom(std::string_view line) noexcept {
  return line.size() == kLineBytes - 1 && line[0] == '#' && OnlySpaces(line.substr(1));
}

std::string BatchMark::Room(uint64_t bytes) {
  DCHECK(bytes % kLineBytes == 0);
  std::string room(bytes, ' ');
  for (uint64_t at = 0; at < bytes; at += kLineBytes) {
    room[at] = '#';
    room[at + kLineBytes - 1] = '\n';
  }
  return room;
}

}  // namespace tusk::persist
