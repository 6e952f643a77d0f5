#include "types/stream_id.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "base/numbers.h"

namespace tusk::types {

std::optional<StreamId> StreamId::Next() const noexcept {
  if (seq != std::numeric_limits<uint64_t>::max()) return StreamId{ms, seq + 1};
  if (ms == std::numeric_limits<uint64_t>::max()) return {};
  return StreamId{ms + 1, 0};
}

std::optional<StreamId> StreamId::Previous() const noexcept {
  if (seq != 0) return StreamId{ms, seq - 1};
  if (ms == 0) return {};
  return StreamId{ms - 1, std::numeric_limits<uint64_t>::max()};
}

size_t StreamId::Format(char* out) const noexcept {
  size_t size = base::FormatUint64(ms, out);
  out[size++] = '-';
  size += base::FormatUint64(seq, out + size);
  DCHECK(size <= kTextMax);
  return size;
}

std::string StreamId::ToString() const { return std::string(StreamIdText(*this).view()); }

std::optional<uint64_t> ParseStreamIdHalf(std::string_view text) noexcept {
  uint64_t value = 0;
  // Blanks, a plus sign and zeros in front are welcome here, unlike in integers elsewhere: Redis falls back to strtoull().
  text.remove_prefix(std::min(text.find_first_not_of(" \t\n\v\f\r"), text.size()));
  if (text.starts_with('+')) text.remove_prefix(1);
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

std::optional<StreamId> ParseStreamId(std::string_view text, uint64_t missing_seq) noexcept {
  text = text.substr(0, text.find('\0'));
  size_t dash = text.find('-');
  std::optional<uint64_t> ms = ParseStreamIdHalf(text.substr(0, dash));
  if (!ms) return {};
  if (dash == std::string_view::npos) return StreamId{*ms, missing_seq};
  std::optional<uint64_t> seq = ParseStreamIdHalf(text.substr(dash + 1));
  if (!seq) return {};
  return StreamId{*ms, *seq};
}

}  // namespace tusk::types
