// Parts of strings: APPEND, STRLEN, SETRANGE, GETRANGE and its old name SUBSTR.
#include <algorithm>
#include <cstring>

#include "command/context.h"
#include "families/strings.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Entry;
using store::Key;

// Whether a string may become `offset` + `more` bytes long; replies the error.
bool CheckLength(Context& ctx, uint64_t offset, uint64_t more) {
  uint64_t total;
  if (!__builtin_add_overflow(offset, more, &total) && total <= ctx.settings().proto_max_bulk_len) return true;
  ctx.reply().Error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
  return false;
}

}  // namespace

void CmdAppend(Context& ctx) {
  Key key = ctx.key(1);
  std::string_view tail = ctx.arg(2);
  auto found = ctx.WriteString(key);
  if (found.wrong_type) return;
  size_t size = 0;
  if (found) {
    size = found->text_size();
    if (!CheckLength(ctx, size, tail.size())) return;
    char* bytes = ctx.transaction().MutableString(ctx.db(), key, found.entry, size + tail.size());
    if (!tail.empty()) std::memcpy(bytes + size, tail.data(), tail.size());
  } else {
    ctx.PutString(key, nullptr, tail);
  }
  ctx.Modified(key, store::kEventString, "append");
  ctx.reply().Integer(static_cast<int64_t>(size + tail.size()));
}

void CmdStrlen(Context& ctx) {
  auto found = ctx.ReadString(ctx.key(1));
  if (found.wrong_type) return;
  ctx.reply().Integer(found ? static_cast<int64_t>(found->text_size()) : 0);
}

void CmdSetrange(Context& ctx) {
  std::optional<int64_t> offset = ctx.Integer(2);
  if (!offset) return;
  if (*offset < 0) return ctx.reply().Error("ERR offset is out of range");
  Key key = ctx.key(1);
  std::string_view part = ctx.arg(3);
  auto found = ctx.WriteString(key);
  if (found.wrong_type) return;
  size_t size = found ? found->text_size() : 0;
  if (part.empty()) return ctx.reply().Integer(static_cast<int64_t>(size));
  if (!CheckLength(ctx, static_cast<uint64_t>(*offset), part.size())) return;

  size_t begin = static_cast<size_t>(*offset);
  size_t new_size = std::max(size, begin + part.size());
  Entry* entry = found ? found.entry : &ctx.PutString(key, nullptr, {});
  char* bytes = ctx.transaction().MutableString(ctx.db(), key, entry, new_size);
  std::memcpy(bytes + begin, part.data(), part.size());
  ctx.Modified(key, store::kEventString, "setrange");
  ctx.reply().Integer(static_cast<int64_t>(new_size));
}

void CmdGetrange(Context& ctx) {
  std::optional<int64_t> start = ctx.Integer(2);
  if (!start) return;
  std::optional<int64_t> end = ctx.Integer(3);
  if (!end) return;
  auto found = ctx.ReadString(ctx.key(1));
  if (found.wrong_type) return;
  if (!found) return ctx.reply().Bulk({});

  Entry::TextBuffer buffer;
  std::string_view text = found->text(buffer);
  auto size = static_cast<int64_t>(text.size());
  if (*start < 0 && *end < 0 && *start > *end) return ctx.reply().Bulk({});
  int64_t first = std::max<int64_t>(*start < 0 ? *start + size : *start, 0);
  int64_t last = std::min(std::max<int64_t>(*end < 0 ? *end + size : *end, 0), size - 1);
  if (first > last) return ctx.reply().Bulk({});
  std::string_view part = text.substr(static_cast<size_t>(first), static_cast<size_t>(last - first + 1));
  if (found->rep() == store::Rep::kRaw && part.size() >= resp::kSharedBytesMin) {
    return ctx.reply().BulkShared(found->SharedRaw(), part);
  }
  ctx.reply().Bulk(part);
}

void CmdSubstr(Context& ctx) { CmdGetrange(ctx); }

}  // namespace tusk::families
