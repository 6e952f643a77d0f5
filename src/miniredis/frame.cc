#include "miniredis/frame.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/numbers.h"
#include "base/text.h"
#include "resp/output_buffer.h"
#include "types/json_reader.h"
#include "types/json_writer.h"
#include "types/utf8.h"

namespace tusk::miniredis {
namespace {

using base::Status;
using resp::MiniToken;
using resp::MiniType;
using types::DocumentKind;
using types::DocumentPacker;
using types::DocumentView;

// What the port's reader let through is as long as it may be.
constexpr int64_t kAnyLength = std::numeric_limits<int64_t>::max() / 2;

// Python's int() and float(), less blanks and underscores, which nobody sends.
bool TakeNumber(std::string_view text, DocumentPacker& out) {
  const bool has_plus = text.starts_with('+');
  if (has_plus) text.remove_prefix(1);
  const char* const end = text.data() + text.size();
  if (text.empty() || (has_plus && text[0] == '-')) return false;
  const bool is_finite = text.find_first_of("if") == std::string_view::npos && text != "nan";
  if (is_finite && text.find('.') == std::string_view::npos) {
    int64_t integer = 0;
    auto [stop, code] = std::from_chars(text.data(), end, integer);
    if (stop != end) return false;
    if (code == std::errc()) return out.Integer(integer), true;
  }
  double number = 0;
  auto [stop, code] = std::from_chars(text.data(), end, number);
  if (code != std::errc() || stop != end) return false;
  out.Double(number);
  return true;
}

class ValueReader {
 public:
  ValueReader(size_t depth_max, DocumentPacker& out) noexcept : depth_max_(depth_max), out_(out) {}

  Status Take(std::string_view& in, size_t depth) {
    base::Result<std::optional<MiniToken>> token = resp::TakeMiniToken(in, kAnyLength);
    if (!token) return token.error();
    if (!*token) return Status::Invalid("incomplete value");
    const std::string_view text = (*token)->text;
    switch ((*token)->type) {
      case MiniType::kLine:
      case MiniType::kSimple:
      case MiniType::kBytes: out_.Textual(DocumentKind::kBytes, text); return {};
      case MiniType::kNull: out_.Null(); return {};
      case MiniType::kError:
      case MiniType::kText:
        if (!types::IsUtf8(text)) return Status::Invalid("invalid UTF-8");
        if ((*token)->type == MiniType::kText) {
          out_.Text(text);
        } else {
          out_.Textual(DocumentKind::kError, base::OneLine(text));
        }
        return {};
      case MiniType::kNumber: return TakeNumber(text, out_) ? Status() : Status::Invalid("invalid number");
      case MiniType::kJson: return Json(text, depth);
      case MiniType::kArray: return Items(in, DocumentKind::kArray, (*token)->count, depth);
      case MiniType::kDict: return Items(in, DocumentKind::kMap, (*token)->count, depth);
      case MiniType::kSet: return Items(in, DocumentKind::kSet, (*token)->count, depth);
    }
    return Status::Invalid("invalid value");
  }

 private:
  Status TooDeep() const { return Status::Exhausted("Value is nested too deeply."); }

  Status Json(std::string_view text, size_t depth) {
    DCHECK(depth <= depth_max_);
    Status status = types::ReadJson(text, depth_max_ - depth, out_);
    if (status.ok()) return status;
    return status.code() == base::Code::kExhausted ? TooDeep() : Status::Invalid("invalid JSON");
  }

  Status Items(std::string_view& in, DocumentKind kind, int64_t values, size_t depth) {
    if (depth >= depth_max_) return TooDeep();
    values = std::max<int64_t>(values, 0);
    const DocumentPacker::Mark mark = out_.Begin(kind);
    for (int64_t i = 0; i < values; ++i) {
      const size_t before = out_.bytes().size();
      RETURN_IF_ERROR(Take(in, depth + 1));
      const bool is_key = kind == DocumentKind::kSet || (kind == DocumentKind::kMap && i % 2 == 0);
      if (is_key && types::IsContainer(DocumentView::OfPacked(out_.bytes().data() + before).kind())) {
        return Status::Invalid("a dict's key or set's member that is a container");
      }
    }
    out_.End(mark, static_cast<size_t>(kind == DocumentKind::kMap ? values / 2 : values));
    return {};
  }

  const size_t depth_max_;
  DocumentPacker& out_;
};

void SpellLine(char type, std::string_view text, resp::Reply& reply) {
  reply.Raw({&type, 1});
  reply.Raw(text);
  reply.Raw("\r\n");
}

void SpellCount(char type, size_t count, resp::Reply& reply) {
  char digits[base::kInt64TextMax];
  SpellLine(type, {digits, base::FormatInt64(static_cast<int64_t>(count), digits)}, reply);
}

enum class Spelling : uint8_t { kForClients, kExact };

// With a '.', by which the other side knows that it is no integer: "1.5", "1.0e+22".
void SpellDouble(double value, Spelling spelling, resp::Reply& reply) {
  if (!std::isfinite(value)) {
    const std::string name = base::DoubleToString(value);
    return spelling == Spelling::kExact ? SpellLine(':', name, reply) : SpellBulk('^', name, reply);
  }
  char digits[types::kJsonDoubleMax];
  const std::string_view text(digits, types::FormatJsonDouble(value, digits));
  if (text.find('.') != std::string_view::npos) return SpellLine(':', text, reply);
  const size_t exponent = std::min(text.find('e'), text.size());
  SpellLine(':', std::string(text.substr(0, exponent)).append(".0").append(text.substr(exponent)), reply);
}

void SpellValue(const DocumentView& value, Spelling spelling, resp::Reply& reply) {
  switch (value.kind()) {
    case DocumentKind::kNull: return reply.Raw("$-1\r\n");
    case DocumentKind::kBool:
      if (spelling == Spelling::kExact) return SpellBulk('@', value.boolean() ? "true" : "false", reply);
      return reply.Integer(value.boolean() ? 1 : 0);
    case DocumentKind::kInteger: return reply.Integer(value.integer());
    case DocumentKind::kDouble: return SpellDouble(value.number(), spelling, reply);
    case DocumentKind::kText: return SpellBulk('^', value.text(), reply);
    case DocumentKind::kBytes: return SpellBulk('$', value.text(), reply);
    case DocumentKind::kError: return SpellLine('-', base::OneLine(value.text()), reply);
    case DocumentKind::kArray: SpellCount('*', value.size(), reply); break;
    case DocumentKind::kMap: SpellCount('%', value.size(), reply); break;
    case DocumentKind::kSet: SpellCount('&', value.size(), reply); break;
  }
  for (types::DocumentCursor at(value); at.Next();) {
    if (value.kind() == DocumentKind::kMap) SpellValue(at.key(), spelling, reply);
    SpellValue(at.value(), spelling, reply);
  }
}

}  // namespace

void SpellBulk(char type, std::string_view bytes, resp::Reply& reply) {
  SpellCount(type, bytes.size(), reply);
  reply.Raw(bytes);
  reply.Raw("\r\n");
}

Status TakeValue(std::string_view& in, size_t depth_max, DocumentPacker& out) { return ValueReader(depth_max, out).Take(in, 0); }

base::Result<types::Document> DocumentFromFrame(std::string_view frame, size_t depth_max) {
  DocumentPacker packer;
  RETURN_IF_ERROR(TakeValue(frame, depth_max, packer));
  if (!frame.empty()) return base::Error(Status::Invalid("something behind the value"));
  return types::Document::CopyOf(packer.view());
}

std::optional<DocumentView> ScalarInFrame(std::string_view frame) noexcept {
  base::Result<std::optional<MiniToken>> token = resp::TakeMiniToken(frame, kAnyLength);
  if (!token || !*token || !frame.empty()) return {};
  const std::string_view text = (*token)->text;
  switch ((*token)->type) {
    case MiniType::kBytes: return DocumentView::Textual(DocumentKind::kBytes, text);
    case MiniType::kText:
      if (!types::IsUtf8(text)) return {};
      return DocumentView::Text(text);
    case MiniType::kNumber:
      if (std::optional<int64_t> integer = base::ParseInt64(text)) return DocumentView::Integer(*integer);
      return {};
    default: return {};
  }
}

void SkipValue(std::string_view& in) noexcept {
  for (int64_t left = 1; left > 0; --left) {
    base::Result<std::optional<MiniToken>> token = resp::TakeMiniToken(in, kAnyLength);
    DCHECK(token && *token);
    if (!token || !*token) return;
    left += std::max<int64_t>((*token)->count, 0);
  }
}

void Spell(const DocumentView& value, resp::Reply& reply) { SpellValue(value, Spelling::kForClients, reply); }

std::string ExactFrameOf(const DocumentView& value) {
  resp::OutputBuffer out;
  resp::Reply reply(out, resp::kMiniProtocol);
  SpellValue(value, Spelling::kExact, reply);
  return out.ToString();
}

}  // namespace tusk::miniredis
