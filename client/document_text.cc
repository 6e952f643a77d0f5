// tusk::Document as JSON text and as RESP. Both go through the packed form of types/, so that numbers, texts and what each notation lacks
// are read and spelled by the code that the server has.
#include <span>

#include "base/check.h"
#include "codec/document_frame.h"
#include "resp/output_buffer.h"
#include "resp/reply.h"
#include "tusk/document.h"
#include "types/document_pack.h"
#include "types/json_reader.h"
#include "types/json_writer.h"

namespace tusk {
namespace {

using types::DocumentKind;
using types::DocumentPacker;
using types::DocumentView;

static_assert(Document::kDepthMax == types::kDocumentDepthMax);
static_assert(static_cast<int>(Document::Kind::kText) == static_cast<int>(DocumentKind::kText));
static_assert(static_cast<int>(Document::Kind::kSet) == static_cast<int>(DocumentKind::kSet));

[[noreturn]] void Throw(const base::Status& status) {
  std::string_view message = status.message();
  if (message.starts_with("ERR ")) message.remove_prefix(4);
  if (status.code() == base::Code::kExhausted) throw DepthError(std::string(message));
  throw SyntaxError(std::string(message));
}

// ---- To the packed form ----

class Packing {
 public:
  Packing(size_t depth_max, DocumentPacker& out) noexcept : depth_max_(depth_max), out_(out) {}

  void Value(const Document& value, size_t depth) {
    value.visit([&](const auto& alternative) { Put(alternative, depth); });
  }

 private:
  void Put(std::nullptr_t, size_t) { out_.Null(); }
  void Put(bool value, size_t) { out_.Bool(value); }
  void Put(int64_t value, size_t) { out_.Integer(value); }
  void Put(double value, size_t) { out_.Double(value); }
  void Put(const std::string& text, size_t) { out_.Text(text); }
  void Put(const Document::Bytes& value, size_t) { out_.Textual(DocumentKind::kBytes, value.bytes); }
  void Put(const Document::Failure& value, size_t) { out_.Textual(DocumentKind::kError, value.text); }
  void Put(const Document::Array& array, size_t depth) { Items(DocumentKind::kArray, array, depth); }
  void Put(const Document::Set& set, size_t depth) { Items(DocumentKind::kSet, set, depth); }
  void Put(const Document::Map& map, size_t depth) {
    const DocumentPacker::Mark mark = Begin(DocumentKind::kMap, depth);
    for (const DocumentMember& member : map) {
      Value(member.key(), depth + 1);
      Value(member.value(), depth + 1);
    }
    out_.End(mark, map.size());
  }

  void Items(DocumentKind kind, const auto& items, size_t depth) {
    const DocumentPacker::Mark mark = Begin(kind, depth);
    for (const Document& item : items) Value(item, depth + 1);
    out_.End(mark, items.size());
  }
  DocumentPacker::Mark Begin(DocumentKind kind, size_t depth) {
    if (depth >= depth_max_) throw DepthError("nested deeper than " + std::to_string(depth_max_) + " levels");
    return out_.Begin(kind);
  }

  const size_t depth_max_;
  DocumentPacker& out_;
};

DocumentPacker Packed(const Document& document, size_t depth_max) {
  DocumentPacker packer;
  Packing(depth_max, packer).Value(document, 0);
  return packer;
}

// ---- From it; its depth is bounded by whoever has made it ----

Document FromView(const DocumentView& view) {
  switch (view.kind()) {
    case DocumentKind::kNull: return nullptr;
    case DocumentKind::kBool: return view.boolean();
    case DocumentKind::kInteger: return view.integer();
    case DocumentKind::kDouble: return view.number();
    case DocumentKind::kText: return std::string(view.text());
    case DocumentKind::kBytes: return Document::Bytes{std::string(view.text())};
    case DocumentKind::kError: return Document::Failure{std::string(view.text())};
    default: break;
  }
  types::DocumentCursor at(view);
  if (view.kind() == DocumentKind::kMap) {
    Document::Map map;
    while (at.Next()) map.insert_or_assign(FromView(at.key()), FromView(at.value()));
    return map;
  }
  if (view.kind() == DocumentKind::kSet) {
    Document::Set set;
    while (at.Next()) set.insert(FromView(at.value()));
    return set;
  }
  Document::Array array;
  array.reserve(view.size());
  while (at.Next()) array.push_back(FromView(at.value()));
  return array;
}

}  // namespace

Document Document::from_json(std::string_view text, size_t depth_max) {
  DocumentPacker packer;
  if (base::Status status = types::ReadJson(text, depth_max, packer); !status.ok()) Throw(status);
  return FromView(packer.view());
}

std::string Document::to_json(size_t depth_max) const { return to_json(JsonLayout(), depth_max); }

std::string Document::to_json(const JsonLayout& layout, size_t depth_max) const {
  const DocumentPacker packer = Packed(*this, depth_max);
  std::string text;
  types::WriteJson(packer.view(), {.indent = layout.indent, .newline = layout.newline, .space = layout.space}, text);
  return text;
}

Document Document::from_resp(std::string_view frame, size_t depth_max) {
  std::optional<Document> document = take_resp(frame, depth_max);
  if (!document) throw SyntaxError("the value ends early");
  if (!frame.empty()) throw SyntaxError("something stands behind the value");
  return *std::move(document);
}

std::optional<Document> Document::take_resp(std::string_view& input, size_t depth_max) {
  DocumentPacker packer;
  base::Status status = codec::TakeDocumentFrame(input, depth_max, packer);
  if (status.code() == base::Code::kUnavailable) return std::nullopt;
  if (!status.ok()) Throw(status);
  return FromView(packer.view());
}

std::string Document::to_resp(size_t depth_max) const {
  const DocumentPacker packer = Packed(*this, depth_max);
  resp::OutputBuffer out;
  resp::Reply reply(out, 3);
  codec::SpellDocument(packer.view(), reply);
  return out.ToString();
}

}  // namespace tusk
