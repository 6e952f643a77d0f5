#include "resp/reply.h"

#include <algorithm>
#include <cstring>

#include <utility>

namespace tusk::resp {

void Reply::Line(char type, std::string_view text) {
  char* at = out_.Reserve(text.size() + 3);
  *at++ = type;
  for (char c : text) *at++ = c == '\r' || c == '\n' ? ' ' : c;
  out_.Commit(WriteLineEnd(at));
}

void Reply::Error(std::string_view text) {
  ++error_count_;
  last_error_code_size_ = std::min({text.find_first_of(" \r\n"), text.size(), sizeof(last_error_code_)});
  std::memcpy(last_error_code_, text.data(), last_error_code_size_);
  Line('-', text);
}

void Reply::BulkLarge(std::string_view bytes) {
  Header('$', static_cast<int64_t>(bytes.size()));
  out_.Append(bytes);
  out_.Append("\r\n");
}

void Reply::BulkShared(std::shared_ptr<const void> owner, std::string_view bytes) {
  Header('$', static_cast<int64_t>(bytes.size()));
  out_.AppendShared(std::move(owner), bytes);
  out_.Append("\r\n");
}

void Reply::BulkInteger(int64_t value) {
  char text[base::kInt64TextMax];
  Bulk({text, base::FormatInt64(value, text)});
}

void Reply::BulkDouble(double value) {
  char text[base::kDoubleTextMax];
  Bulk({text, Spell(value, text)});
}

void Reply::Double(double value) {
  if (!resp3()) return BulkDouble(value);
  char text[base::kDoubleTextMax];
  Line(',', {text, Spell(value, text)});
}

void Reply::Bool(bool value) {
  if (resp3()) {
    out_.Append(value ? "#t\r\n" : "#f\r\n");
  } else {
    out_.Append(value ? ":1\r\n" : ":0\r\n");
  }
}

void Reply::BigNumber(std::string_view digits) {
  if (resp3()) {
    Line('(', digits);
  } else {
    Bulk(digits);
  }
}

void Reply::Verbatim(std::string_view format, std::string_view text) {
  if (!resp3()) return Bulk(text);
  DCHECK(format.size() == 3);
  Header('=', static_cast<int64_t>(text.size() + 4));
  out_.Append(format);
  out_.Append(":");
  out_.Append(text);
  out_.Append("\r\n");
}

void Reply::AttributeHeader(size_t pairs) {
  DCHECK(resp3());
  Header('|', static_cast<int64_t>(pairs));
}

void Reply::End(Mark mark, char type, size_t count) {
  char header[kHeaderBytesMax];
  char* end = WriteHeader(header, type, static_cast<int64_t>(count));
  out_.CloseMark(mark, {header, static_cast<size_t>(end - header)});
}

}  // namespace tusk::resp
