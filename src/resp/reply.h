// Reply: spells one command's answer in RESP2 or RESP3 into an OutputBuffer. Callers say what they mean (a map, a
// double, nothing); what the older protocol lacks is spelled as Redis spells it there.
//
// When the length is not known beforehand: `auto mark = reply.BeginDeferred(); ...; reply.EndArray(mark, n);`.
// Marks nest and are closed in reverse order.
// Threads: caller-synchronised. Owns: nothing; borrows the buffer for its own life.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/numbers.h"
#include "base/status.h"
#include "resp/output_buffer.h"

namespace tusk::resp {

class Reply {
 public:
  using Mark = OutputBuffer::Mark;

  explicit Reply(OutputBuffer& out, int protocol = 2) noexcept : out_(out), protocol_(protocol) {}
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;

  int protocol() const noexcept { return protocol_; }
  bool resp3() const noexcept { return protocol_ >= 3; }
  void set_protocol(int protocol) noexcept { protocol_ = protocol; }
  // Doubles with 17 digits, as Redis 7.0 spelled them (the setting classic-number-format).
  void set_classic_numbers(bool classic) noexcept { classic_numbers_ = classic; }
  OutputBuffer& buffer() noexcept { return out_; }
  // The reply has outgrown client-output-buffer-limit: its receiver is closed instead of getting it, so a command that
  // could go on for long may as well end here.
  bool is_lost() const noexcept { return out_.too_large(); }
  // Errors written so far, nested ones included.
  size_t error_count() const noexcept { return error_count_; }
  // First word of the last of them, cut at some length: what error statistics go by.
  std::string_view last_error_code() const noexcept { return {last_error_code_, last_error_code_size_}; }

  void Ok() { out_.Append("+OK\r\n"); }
  // CR and LF in `text` become blanks, here and in Error, since they would end the reply.
  void Simple(std::string_view text) { Line('+', text); }
  // `text` is the whole error without '-': "ERR syntax error".
  void Error(std::string_view text);
  void Error(const base::Status& status) { Error(status.message()); }

  void Integer(int64_t value) { Header(':', value); }
  void Bulk(std::string_view bytes) {
    if (bytes.size() >= kSharedBytesMin) [[unlikely]] return BulkLarge(bytes);
    char* at = out_.Reserve(bytes.size() + kHeaderBytesMax + 2);
    at = WriteHeader(at, '$', static_cast<int64_t>(bytes.size()));
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    at += bytes.size();
    out_.Commit(WriteLineEnd(at));
  }
  // As Bulk; refers to the bytes instead of copying when they are large. See OutputBuffer::AppendShared.
  void BulkShared(std::shared_ptr<const void> owner, std::string_view bytes);
  void BulkInteger(int64_t value);
  // The number's text as a bulk in both protocols.
  void BulkDouble(double value);
  // RESP3 has a type for it.
  void Double(double value);
  // What clients see as "no value" and as "no list".
  void Null() { out_.Append(resp3() ? std::string_view("_\r\n") : std::string_view("$-1\r\n")); }
  void NullArray() { out_.Append(resp3() ? std::string_view("_\r\n") : std::string_view("*-1\r\n")); }
  void Bool(bool value);
  // Decimal digits with an optional sign.
  void BigNumber(std::string_view digits);
  // `format` has three letters: "txt" or "mkd".
  void Verbatim(std::string_view format, std::string_view text);

  void ArrayHeader(size_t count) { Header('*', static_cast<int64_t>(count)); }
  void EmptyArray() { out_.Append("*0\r\n"); }
  // `pairs` keys, each followed by its value.
  void MapHeader(size_t pairs) { Header(resp3() ? '%' : '*', static_cast<int64_t>(resp3() ? pairs : pairs * 2)); }
  void SetHeader(size_t count) { Header(resp3() ? '~' : '*', static_cast<int64_t>(count)); }
  void PushHeader(size_t count) { Header(resp3() ? '>' : '*', static_cast<int64_t>(count)); }
  // RESP3 only: the caller asks resp3() first.
  void AttributeHeader(size_t pairs);
  // Complete replies that were spelled elsewhere, in the right protocol.
  void Raw(std::string_view bytes) { out_.Append(bytes); }

  Mark BeginDeferred() noexcept { return out_.OpenMark(); }
  void EndArray(Mark mark, size_t count) { End(mark, '*', count); }
  void EndMap(Mark mark, size_t pairs) { End(mark, resp3() ? '%' : '*', resp3() ? pairs : pairs * 2); }
  void EndSet(Mark mark, size_t count) { End(mark, resp3() ? '~' : '*', count); }
  void EndPush(Mark mark, size_t count) { End(mark, resp3() ? '>' : '*', count); }
  // Takes back all that was written since the mark: the command turned out otherwise.
  void CancelDeferred(Mark mark) noexcept { out_.CancelMark(mark); }
  // The mark was only there in case of CancelDeferred: keeps what was written as it is.
  void KeepDeferred(Mark mark) { out_.CloseMark(mark, {}); }

 private:
  // Type byte, number, line end.
  static constexpr size_t kHeaderBytesMax = 1 + base::kInt64TextMax + 2;

  static char* WriteLineEnd(char* at) noexcept {
    at[0] = '\r';
    at[1] = '\n';
    return at + 2;
  }
  static char* WriteHeader(char* at, char type, int64_t value) noexcept {
    *at++ = type;
    if (static_cast<uint64_t>(value) < 10) {
      *at++ = static_cast<char>('0' + value);
    } else if (static_cast<uint64_t>(value) < 100) {
      at[0] = static_cast<char>('0' + value / 10);
      at[1] = static_cast<char>('0' + value % 10);
      at += 2;
    } else {
      at += base::FormatInt64(value, at);
    }
    return WriteLineEnd(at);
  }

  void Header(char type, int64_t value) {
    char* at = out_.Reserve(kHeaderBytesMax);
    out_.Commit(WriteHeader(at, type, value));
  }
  void Line(char type, std::string_view text);
  void End(Mark mark, char type, size_t count);
  void BulkLarge(std::string_view bytes);
  size_t Spell(double value, char* out) const noexcept {
    return classic_numbers_ ? base::FormatDoubleClassic(value, out) : base::FormatDouble(value, out);
  }

  OutputBuffer& out_;
  int protocol_;
  bool classic_numbers_ = false;
  size_t error_count_ = 0;
  size_t last_error_code_size_ = 0;
  char last_error_code_[32];  // The first of last_error_code_size_ are set.
};

}  // namespace tusk::resp
