#include "codec/document_frame.h"

#include <charconv>
#include <optional>
#include <string>

#include "base/numbers.h"
#include "base/text.h"
#include "resp/reply_parser.h"
#include "types/utf8.h"

namespace tusk::codec {
namespace {

using base::Status;
using types::Document;
using types::DocumentKind;
using types::DocumentPacker;
using types::DocumentView;

class FrameReader {
 public:
  FrameReader(size_t depth_max, DocumentPacker& out) noexcept : depth_max_(depth_max), out_(out) {}

  // Takes one value off the front of `in`.
  Status Value(std::string_view& in, size_t depth) {
    using resp::ReplyType;
    auto token = resp::ReadReplyToken(in);
    if (!token) return Status::Invalid("ERR typed value is broken");
    if (!*token) return Status::Unavailable("ERR typed value ends early");
    switch ((*token)->type) {
      case ReplyType::kSimple:
      case ReplyType::kBulk:
      case ReplyType::kVerbatim:
        out_.Textual(types::IsUtf8((*token)->text) ? DocumentKind::kText : DocumentKind::kBytes, (*token)->text);
        return {};
      case ReplyType::kError: out_.Textual(DocumentKind::kError, (*token)->text); return {};
      case ReplyType::kInteger: out_.Integer((*token)->integer); return {};
      case ReplyType::kNull: out_.Null(); return {};
      case ReplyType::kDouble: out_.Double((*token)->number); return {};
      case ReplyType::kBool: out_.Bool((*token)->integer != 0); return {};
      case ReplyType::kBigNumber: return BigNumber((*token)->text);
      case ReplyType::kArray: return Items(in, DocumentKind::kArray, (*token)->integer, depth);
      case ReplyType::kMap: return Items(in, DocumentKind::kMap, (*token)->integer, depth);
      case ReplyType::kSet: return Items(in, DocumentKind::kSet, (*token)->integer, depth);
      case ReplyType::kPush:
      case ReplyType::kAttribute: break;
    }
    return Status::Invalid("ERR pushes and attributes are no values");
  }

 private:
  Status BigNumber(std::string_view digits) {
    if (std::optional<int64_t> integer = base::ParseInt64(digits)) {
      out_.Integer(*integer);
      return {};
    }
    double value = 0;
    auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (code != std::errc() || end != digits.data() + digits.size()) return Status::Invalid("ERR typed value is out of range");
    out_.Double(value);
    return {};
  }

  Status Items(std::string_view& in, DocumentKind kind, int64_t values, size_t depth) {
    if (depth >= depth_max_) return Status::Exhausted("ERR recursion limit exceeded");
    const DocumentPacker::Mark mark = out_.Begin(kind);
    for (int64_t i = 0; i < values; ++i) {
      const bool is_key = kind == DocumentKind::kSet || (kind == DocumentKind::kMap && i % 2 == 0);
      if (is_key && !in.empty() && (in[0] == '*' || in[0] == '%' || in[0] == '~')) {
        return Status::Invalid("ERR keys of maps and members of sets must be scalars");
      }
      RETURN_IF_ERROR(Value(in, depth + 1));
    }
    out_.End(mark, static_cast<size_t>(kind == DocumentKind::kMap ? values / 2 : values));
    return {};
  }

  const size_t depth_max_;
  DocumentPacker& out_;
};

// With line ends in it only RESP3's other form holds an error.
void SpellError(std::string_view text, resp::Reply& reply) {
  if (!reply.resp3() || text.find_first_of("\r\n") == std::string_view::npos) {
    return reply.Raw("-" + base::OneLine(text) + "\r\n");
  }
  reply.Raw("!" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n");
}

}  // namespace

Status TakeDocumentFrame(std::string_view& in, size_t depth_max, DocumentPacker& out) {
  const size_t before = out.bytes().size();
  std::string_view rest = in;
  if (Status status = FrameReader(depth_max, out).Value(rest, 0); !status.ok()) {
    out.Truncate(before);
    return status;
  }
  in = rest;
  return {};
}

base::Result<Document> DocumentFromFrame(std::string_view frame, size_t depth_max) {
  DocumentPacker packer;
  RETURN_IF_ERROR(TakeDocumentFrame(frame, depth_max, packer));
  if (!frame.empty()) return base::Error(Status::Invalid("ERR typed value has something behind it"));
  return Document::CopyOf(packer.view());
}

void SpellDocument(const DocumentView& value, resp::Reply& reply) {
  switch (value.kind()) {
    case DocumentKind::kNull: return reply.Null();
    case DocumentKind::kBool: return reply.Bool(value.boolean());
    case DocumentKind::kInteger: return reply.Integer(value.integer());
    case DocumentKind::kDouble: return reply.Double(value.number());
    case DocumentKind::kText:
    case DocumentKind::kBytes: return reply.Bulk(value.text());
    case DocumentKind::kError: return SpellError(value.text(), reply);
    case DocumentKind::kArray: reply.ArrayHeader(value.size()); break;
    case DocumentKind::kSet: reply.SetHeader(value.size()); break;
    case DocumentKind::kMap: reply.MapHeader(value.size()); break;
  }
  for (types::DocumentCursor at(value); at.Next();) {
    if (value.kind() == DocumentKind::kMap) SpellDocument(at.key(), reply);
    SpellDocument(at.value(), reply);
  }
}

}  // namespace tusk::codec
