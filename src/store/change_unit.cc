#include "store/change_unit.h"

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <utility>

#include "base/check.h"
#include "base/numbers.h"

namespace tusk::store {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
// A letter, the digits of a length, a line end.
constexpr size_t kHeaderBytesMax = 1 + base::kInt64TextMax + kLineEnd.size();

char* Put(char* at, std::string_view text) noexcept {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

char* PutHeader(char* at, char letter, size_t count) noexcept {
  *at++ = letter;
  // Most words are short.
  if (count < 10) {
    *at++ = static_cast<char>('0' + count);
  } else {
    at += base::FormatUint64(count, at);
  }
  return Put(at, kLineEnd);
}

char* PutBulk(char* at, std::string_view text) noexcept {
  at = PutHeader(at, '$', text.size());
  at = Put(at, text);
  return Put(at, kLineEnd);
}

}  // namespace

void AppendCommand(std::string& out, std::span<const std::string_view> argv) {
  size_t room = kHeaderBytesMax;
  for (std::string_view word : argv) room += kHeaderBytesMax + word.size() + kLineEnd.size();
  const size_t before = out.size();
  // Spelled in place: the string is neither filled with zeros first nor grown word by word.
  out.resize_and_overwrite(before + room, [&](char* data, size_t) noexcept {
    char* at = PutHeader(data + before, '*', argv.size());
    for (std::string_view word : argv) at = PutBulk(at, word);
    DCHECK(at <= data + before + room);
    return static_cast<size_t>(at - data);
  });
}

// ---- ChangeBuffer ----

void ChangeBuffer::Add(DbIndex db, std::span<const std::string_view> argv, uint8_t targets) {
  DCHECK(!argv.empty() && targets != kToNobody);
  AppendCommand(bytes_, argv);
  parts_.push_back({.end = bytes_.size(), .db = db, .targets = targets});
}

void ChangeBuffer::Clear() noexcept {
  if (bytes_.capacity() > kKeptBytesMax) [[unlikely]] {
    bytes_ = {};
    parts_ = {};
  }
  bytes_.clear();
  parts_.clear();
}

// ---- ChangeStream ----

bool ChangeStream::Append(const ChangeUnit& unit, std::string& out) {
  if (unit.parts.size() != 1) return AppendMany(unit, out);
  const ChangeUnit::Part& part = unit.parts.front();
  DCHECK(part.end == unit.bytes.size());
  if ((part.targets & target_) == 0) return false;
  AppendPart(part.db, unit.bytes, out);
  return true;
}

void ChangeStream::AppendPart(DbIndex db, std::string_view bytes, std::string& out) {
  if (db_ != db) [[unlikely]] {
    char digits[base::kInt64TextMax];
    std::string_view number(digits, base::FormatUint64(db, digits));
    AppendCommand(out, std::initializer_list<std::string_view>{"SELECT", number});
    db_ = db;
  }
  out += bytes;
}

bool ChangeStream::AppendMany(const ChangeUnit& unit, std::string& out) {
  const auto mine = static_cast<size_t>(
      std::ranges::count_if(unit.parts, [this](const ChangeUnit::Part& part) { return (part.targets & target_) != 0; }));
  if (mine == 0) return false;
  bool first = true;
  size_t begin = 0;
  for (const ChangeUnit::Part& part : unit.parts) {
    DCHECK(begin < part.end && part.end <= unit.bytes.size());
    std::string_view bytes = unit.bytes.substr(begin, part.end - begin);
    begin = part.end;
    if ((part.targets & target_) == 0) continue;
    // MULTI after the first SELECT, as Redis 7.0 has it (7.2 has it before: a reader executes both alike).
    AppendPart(part.db, {}, out);
    if (std::exchange(first, false) && mine > 1) AppendCommand(out, std::initializer_list<std::string_view>{"MULTI"});
    out += bytes;
  }
  if (mine > 1) AppendCommand(out, std::initializer_list<std::string_view>{"EXEC"});
  return true;
}

}  // namespace tusk::store
