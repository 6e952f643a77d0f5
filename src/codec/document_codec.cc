#include "codec/document_codec.h"

#include <fmt/format.h>

#include <string>

#include "codec/value_codec.h"
#include "types/document_pack.h"
#include "types/json_reader.h"
#include "types/json_writer.h"

namespace tusk::codec {
namespace {

using types::Document;

constexpr std::string_view kJsonType = "ReJSON-RL";
constexpr uint64_t kJsonVersion = 3;
constexpr std::string_view kPackedType = "Tusk-Docu";
constexpr uint64_t kPackedVersion = 1;

// What precedes each thing that a module writes.
enum ModuleOpcode : uint64_t { kModuleEnd = 0, kModuleText = 5 };

Document FromPacked(std::string_view bytes, Reader& in) {
  if (base::Status status = types::CheckPacked(bytes, kDocumentDepthRead); !status.ok()) return in.Fail(status.message()), Document();
  return Document::CopyOf(types::DocumentView::OfPacked(bytes.data()));
}

Document FromJson(std::string_view text, Reader& in) {
  base::Result<Document> document = types::DocumentFromJson(text, kDocumentDepthRead);
  if (!document) return in.Fail("document: " + document.error().message()), Document();
  return *std::move(document);
}

}  // namespace

void WriteDocument(const Document& document, Writer& out) {
  const bool as_json = types::IsExactInJson(document.view());
  out.Length(as_json ? ModuleTypeId(kJsonType, kJsonVersion) : ModuleTypeId(kPackedType, kPackedVersion));
  out.Length(kModuleText);
  if (as_json) {
    out.Text(types::JsonOf(document.view()));
  } else {
    types::DocumentPacker packer;
    packer.Value(document.view());
    out.Text(packer.bytes());
  }
  out.Length(kModuleEnd);
}

Document ReadDocument(Reader& in) {
  const uint64_t id = in.Length();
  if (!in.ok()) return {};
  const bool is_json = id == ModuleTypeId(kJsonType, kJsonVersion);
  if (!is_json && id != ModuleTypeId(kPackedType, kPackedVersion)) {
    const uint64_t version = id & 1023;
    in.Fail(fmt::format("value of the module type '{}' version {}, which is not known here", ModuleTypeName(id), version));
    return {};
  }
  if (in.Length() != kModuleText) in.Fail("document of unknown form");
  std::string_view text = in.Text();
  if (!in.ok()) return {};
  Document document = is_json ? FromJson(text, in) : FromPacked(text, in);
  if (in.Length() != kModuleEnd) in.Fail("document with something behind it");
  return document;
}

}  // namespace tusk::codec
