#include "families/element_scan.h"

#include <charconv>

namespace tusk::families {

bool ParseCursor(command::Context& ctx, size_t i, uint64_t* cursor) {
  // Clients get away with what strtoul() reads: a sign, nothing at all, anything behind a zero byte.
  std::string_view text = ctx.arg(i).substr(0, ctx.arg(i).find('\0'));
  *cursor = 0;
  if (text.empty()) return true;
  bool negative = text[0] == '-';
  if (negative || text[0] == '+') text.remove_prefix(1);
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *cursor);
  if (negative) *cursor = 0 - *cursor;
  if (error == std::errc() && end == text.data() + text.size()) return true;
  ctx.reply().Error("ERR invalid cursor");
  return false;
}

bool ParseScanOptions(command::Context& ctx, size_t first, ScanOptions* options) {
  for (size_t i = first; i < ctx.argc(); i += 2) {
    bool has_value = i + 1 < ctx.argc();
    if (has_value && ctx.ArgIs(i, "count")) {
      std::optional<int64_t> count = ctx.Integer(i + 1);
      if (!count) return false;
      if (*count < 1) {
        ctx.reply().Error(command::kSyntaxError);
        return false;
      }
      options->count = *count;
    } else if (has_value && ctx.ArgIs(i, "match")) {
      options->pattern = ctx.arg(i + 1);
      options->has_pattern = options->pattern != "*";
    } else {
      ctx.reply().Error(command::kSyntaxError);
      return false;
    }
  }
  return true;
}

void ReplyEmptyScan(resp::Reply& reply) {
  ReplyScanHeader(reply, 0);
  reply.EmptyArray();
}

void ReplyScanHeader(resp::Reply& reply, uint64_t cursor) {
  reply.ArrayHeader(2);
  char text[base::kInt64TextMax];
  reply.Bulk({text, base::FormatUint64(cursor, text)});
}

}  // namespace tusk::families
