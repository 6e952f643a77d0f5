#include "families/replies.h"

#include <fmt/format.h>

#include <limits>

#include "command/command_table.h"

namespace tusk::families {

void ReplyString(resp::Reply& reply, const store::Entry& entry) {
  if (entry.is_integer()) return reply.BulkInteger(entry.integer());
  store::Entry::TextBuffer buffer;
  std::string_view text = entry.text(buffer);
  if (entry.rep() == store::Rep::kRaw && text.size() >= resp::kSharedBytesMin) {
    return reply.BulkShared(entry.SharedRaw(), text);
  }
  reply.Bulk(text);
}

void ReplyWrongArity(command::Context& ctx) {
  ctx.reply().Error(fmt::format("ERR wrong number of arguments for '{}' command", ctx.command().full_name));
}

std::optional<int64_t> RandomCount(command::Context& ctx, size_t i) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  std::optional<int64_t> count = ctx.Integer(i);
  if (count && *count < -kMax) {
    ctx.reply().Error(fmt::format("ERR value is out of range, value must between {} and {}", -kMax, kMax));
    return std::nullopt;
  }
  return count;
}

}  // namespace tusk::families
