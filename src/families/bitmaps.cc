// Single bits, and counting and finding them.
#include "families/bitmaps.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/numbers.h"
#include "command/context.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Entry;
using store::Key;

// A range of bits, both ends included; empty when first > last.
struct BitRange {
  int64_t first = 0;
  int64_t last = -1;
  bool empty() const noexcept { return first > last; }
};

// start and end as BITCOUNT and BITPOS take them: in bytes or bits, negative ones from the end.
struct RangeArguments {
  int64_t start = 0;
  std::optional<int64_t> end;
  bool in_bits = false;
  bool nothing = false;  // Whatever the string is.

  BitRange In(size_t bytes) const noexcept {
    int64_t unit_bits = in_bits ? 1 : 8;
    int64_t total = static_cast<int64_t>(bytes) * 8 / unit_bits;
    int64_t first = start;
    int64_t last = end.value_or(total - 1);
    if (nothing) return {};
    if (first < 0) first = std::max<int64_t>(first + total, 0);
    if (last < 0) last = std::max<int64_t>(last + total, 0);
    last = std::min(last, total - 1);
    if (first > last) return {};
    return {first * unit_bits, last * unit_bits + unit_bits - 1};
  }
};

bool ParseUnit(Context& ctx, size_t i, RangeArguments* range) {
  if (ctx.argc() <= i) return true;
  range->in_bits = ctx.ArgIs(i, "bit");
  if (range->in_bits || ctx.ArgIs(i, "byte")) return true;
  ctx.reply().Error(command::kSyntaxError);
  return false;
}

// BITCOUNT's arguments 2 to 4, as far as given; replies the error. A range that runs backwards from the end is empty before
// its unit is looked at.
bool ParseCountRange(Context& ctx, RangeArguments* range) {
  if (ctx.argc() == 2) return true;
  if (ctx.argc() == 3 || ctx.argc() > 5) {
    ctx.reply().Error(command::kSyntaxError);
    return false;
  }
  std::optional<int64_t> start = ctx.Integer(2);
  if (!start) return false;
  range->start = *start;
  range->end = ctx.Integer(3);
  if (!range->end) return false;
  range->nothing = *start < 0 && *range->end < 0 && *start > *range->end;
  return range->nothing || ParseUnit(ctx, 4, range);
}

// BITPOS' arguments 3 to 5. Here the unit is looked at before the end.
bool ParsePositionRange(Context& ctx, RangeArguments* range) {
  if (ctx.argc() == 3) return true;
  if (ctx.argc() > 6) {
    ctx.reply().Error(command::kSyntaxError);
    return false;
  }
  std::optional<int64_t> start = ctx.Integer(3);
  if (!start) return false;
  range->start = *start;
  if (!ParseUnit(ctx, 5, range)) return false;
  if (ctx.argc() == 4) return true;
  range->end = ctx.Integer(4);
  return range->end.has_value();
}

uint64_t LoadWord(const char* at) noexcept {
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

int64_t CountBytes(std::string_view bytes) noexcept {
  int64_t count = 0;
  size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) count += std::popcount(LoadWord(bytes.data() + i));
  for (; i < bytes.size(); ++i) count += std::popcount(static_cast<uint8_t>(bytes[i]));
  return count;
}

bool BitAt(std::string_view bytes, int64_t position) noexcept {
  return (static_cast<uint8_t>(bytes[static_cast<size_t>(position >> 3)]) >> (7 - (position & 7))) & 1;
}

int64_t CountBits(std::string_view bytes, BitRange range) noexcept {
  int64_t count = 0;
  int64_t at = range.first;
  for (; at <= range.last && (at & 7) != 0; ++at) count += BitAt(bytes, at);
  int64_t whole_bytes = (range.last + 1 - at) >> 3;
  if (whole_bytes > 0) {
    count += CountBytes(bytes.substr(static_cast<size_t>(at >> 3), static_cast<size_t>(whole_bytes)));
    at += whole_bytes * 8;
  }
  for (; at <= range.last; ++at) count += BitAt(bytes, at);
  return count;
}

// The first `wanted` bit in the range, or -1.
int64_t FindBit(std::string_view bytes, BitRange range, bool wanted) noexcept {
  const uint64_t dull_word = wanted ? 0 : UINT64_MAX;
  int64_t at = range.first;
  while (at <= range.last) {
    size_t byte = static_cast<size_t>(at >> 3);
    if ((at & 7) == 0) {
      while (at + 63 <= range.last && LoadWord(bytes.data() + byte) == dull_word) at += 64, byte += 8;
      while (at + 7 <= range.last && static_cast<uint8_t>(bytes[byte]) == static_cast<uint8_t>(dull_word)) at += 8, ++byte;
      if (at > range.last) break;
    }
    if (BitAt(bytes, at) == wanted) return at;
    ++at;
  }
  return -1;
}

}  // namespace

std::optional<uint64_t> BitOffset(Context& ctx, size_t i, uint32_t field_bits) {
  std::string_view text = ctx.arg(i);
  bool by_field = field_bits != 0 && text.starts_with('#');
  if (by_field) text.remove_prefix(1);
  std::optional<int64_t> offset = base::ParseInt64(text);
  if (offset && by_field && __builtin_mul_overflow(*offset, int64_t{field_bits}, &*offset)) offset.reset();
  if (offset && *offset >= 0 && static_cast<uint64_t>(*offset >> 3) < ctx.settings().proto_max_bulk_len) {
    return static_cast<uint64_t>(*offset);
  }
  ctx.reply().Error("ERR bit offset is not an integer or out of range");
  return std::nullopt;
}

void CmdSetbit(Context& ctx) {
  std::optional<uint64_t> offset = BitOffset(ctx, 2);
  if (!offset) return;
  std::optional<int64_t> bit = ctx.IntegerInRange(3, 0, 1, "ERR bit is not an integer or out of range");
  if (!bit) return;
  Key key = ctx.key(1);
  auto found = ctx.WriteString(key);
  if (found.wrong_type) return;
  size_t byte = static_cast<size_t>(*offset >> 3);
  size_t old_size = found ? found->text_size() : 0;
  Entry* entry = found ? found.entry : &ctx.PutString(key, nullptr, {});
  char* bytes = ctx.transaction().MutableString(ctx.db(), key, entry, byte + 1);
  auto mask = static_cast<uint8_t>(0x80 >> (*offset & 7));
  auto old_byte = static_cast<uint8_t>(bytes[byte]);
  bool old_bit = (old_byte & mask) != 0;
  bytes[byte] = static_cast<char>(*bit ? old_byte | mask : old_byte & ~mask);
  if (byte >= old_size || old_bit != (*bit != 0)) ctx.Modified(key, store::kEventString, "setbit");
  ctx.reply().Integer(old_bit);
}

void CmdGetbit(Context& ctx) {
  std::optional<uint64_t> offset = BitOffset(ctx, 2);
  if (!offset) return;
  auto found = ctx.ReadString(ctx.key(1));
  if (found.wrong_type) return;
  Entry::TextBuffer buffer;
  std::string_view bytes = found ? found->text(buffer) : std::string_view();
  bool inside = *offset >> 3 < bytes.size();
  ctx.reply().Integer(inside && BitAt(bytes, static_cast<int64_t>(*offset)));
}

void CmdBitcount(Context& ctx) {
  // As in Redis, a key that is missing or of another type answers before a wrong range does.
  auto found = ctx.ReadString(ctx.key(1));
  if (found.wrong_type) return;
  if (!found) return ctx.reply().Integer(0);
  RangeArguments range;
  if (!ParseCountRange(ctx, &range)) return;
  Entry::TextBuffer buffer;
  std::string_view bytes = found->text(buffer);
  ctx.reply().Integer(CountBits(bytes, range.In(bytes.size())));
}

void CmdBitpos(Context& ctx) {
  std::optional<int64_t> bit = ctx.Integer(2);
  if (!bit) return;
  if (*bit != 0 && *bit != 1) return ctx.reply().Error("ERR The bit argument must be 1 or 0.");
  auto found = ctx.ReadString(ctx.key(1));
  if (found.wrong_type) return;
  if (!found) return ctx.reply().Integer(*bit ? -1 : 0);
  RangeArguments range;
  if (!ParsePositionRange(ctx, &range)) return;
  Entry::TextBuffer buffer;
  std::string_view bytes = found->text(buffer);
  BitRange bits = range.In(bytes.size());
  if (bits.empty()) return ctx.reply().Integer(-1);
  int64_t position = FindBit(bytes, bits, *bit != 0);
  // Without an explicit end the string counts as followed by zeros.
  if (position < 0 && *bit == 0 && !range.end) position = static_cast<int64_t>(bytes.size()) * 8;
  ctx.reply().Integer(position);
}

}  // namespace tusk::families
