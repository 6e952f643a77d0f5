#include "miniredis/plain.h"

#include "base/numbers.h"
#include "types/utf8.h"

namespace tusk::miniredis {

using types::DocumentKind;
using types::DocumentView;

DocumentView ViewOfPlain(std::string_view bytes, KeyKind kind) noexcept {
  if (std::optional<int64_t> integer = base::ParseInt64(bytes)) return DocumentView::Integer(*integer);
  const bool is_text = kind == KeyKind::kText && types::IsUtf8(bytes);
  return DocumentView::Textual(is_text ? DocumentKind::kText : DocumentKind::kBytes, bytes);
}

bool FitsPlain(const DocumentView& value, KeyKind kind) noexcept {
  if (value.kind() == DocumentKind::kInteger) return true;
  if (value.kind() != DocumentKind::kText && value.kind() != DocumentKind::kBytes) return false;
  return ViewOfPlain(value.text(), kind).kind() == value.kind();
}

std::optional<std::string> PlainText(const DocumentView& value) {
  if (value.kind() == DocumentKind::kInteger) return base::Int64ToString(value.integer());
  if (value.kind() == DocumentKind::kText || value.kind() == DocumentKind::kBytes) return std::string(value.text());
  return {};
}

}  // namespace tusk::miniredis
