// StreamId: the 128-bit id of a stream's entry, "milliseconds-sequence"; ids of one stream only grow.
// Threads: immutable values. Owns: nothing.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace tusk::types {

struct StreamId {
  uint64_t ms = 0;
  uint64_t seq = 0;

  static constexpr size_t kTextMax = 41;  // Two uint64 and the dash.
  static constexpr StreamId Max() noexcept {
    return {std::numeric_limits<uint64_t>::max(), std::numeric_limits<uint64_t>::max()};
  }

  constexpr auto operator<=>(const StreamId&) const noexcept = default;
  constexpr bool zero() const noexcept { return ms == 0 && seq == 0; }

  // The neighbours; none beyond 0-0 and Max().
  std::optional<StreamId> Next() const noexcept;
  std::optional<StreamId> Previous() const noexcept;

  // Writes at most kTextMax bytes at `out`, returns how many.
  size_t Format(char* out) const noexcept;
  std::string ToString() const;
};

// An id as text, in place: StreamIdText(id).view() lives as long as the object.
class StreamIdText {
 public:
  explicit StreamIdText(const StreamId& id) noexcept : size_(id.Format(bytes_)) {}
  std::string_view view() const noexcept { return {bytes_, size_}; }

 private:
  char bytes_[StreamId::kTextMax];
  size_t size_;
};

// "ms-seq", or "ms" alone, which gets `missing_seq`. Decimal digits only; nothing else is an id.
std::optional<StreamId> ParseStreamId(std::string_view text, uint64_t missing_seq) noexcept;
// The number that an id's half is.
std::optional<uint64_t> ParseStreamIdHalf(std::string_view text) noexcept;

}  // namespace tusk::types
