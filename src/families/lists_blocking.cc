// List commands that wait for an element. Each handler runs once when the command arrives, and again when a
// key that it waits for turned ready; both runs are the same code.
#include "families/collections.h"
#include "families/list_moves.h"
#include "families/lists.h"

namespace tusk::families {
namespace {

using command::Context;
using types::List;
using types::ListEnd;

void BlockingPop(Context& context, ListEnd end) {
  size_t keys = context.argc() - 2;
  std::optional<int64_t> timeout = context.TimeoutMillis(context.argc() - 1);
  if (!timeout) return;
  auto [key, list, replied] = FindFilled<List>(context, 1, keys);
  if (replied) return;
  if (!list) return BlockOn(context, 1, keys, {.timeout_ms = *timeout});
  context.RecordAs({end == ListEnd::kHead ? "LPOP" : "RPOP", key.text});
  context.reply().ArrayHeader(2);
  context.reply().Bulk(key.text);
  TakeElements(context, key, list, end, 1, false);
}

void BlockForSource(Context& context, int64_t timeout_ms) {
  BlockOn(context, 1, 1,
          {.timeout_ms = timeout_ms, .when_refused = Context::EmptyReply::kNull, .needs_all_keys = true});
}

}  // namespace

void CmdBlpop(Context& context) { BlockingPop(context, ListEnd::kHead); }
void CmdBrpop(Context& context) { BlockingPop(context, ListEnd::kTail); }

void CmdBlmpop(Context& context) {
  std::optional<size_t> keys = KeyCount(context, 2);
  if (!keys) return;
  std::optional<ListEnd> end = ListEndArg(context, 3 + *keys);
  if (!end) return;
  std::optional<int64_t> count = TrailingCount(context, 4 + *keys);
  if (!count) return;
  std::optional<int64_t> timeout = context.TimeoutMillis(1);
  if (!timeout) return;
  auto [key, list, replied] = FindFilled<List>(context, 3, *keys);
  if (replied) return;
  if (!list) return BlockOn(context, 3, *keys, {.timeout_ms = *timeout});
  TakeElementsOfKey(context, key, list, *end, static_cast<uint64_t>(*count));
}

void CmdBlmove(Context& context) {
  std::optional<ListEnd> from = ListEndArg(context, 3);
  if (!from) return;
  std::optional<ListEnd> to = ListEndArg(context, 4);
  if (!to) return;
  std::optional<int64_t> timeout = context.TimeoutMillis(5);
  if (!timeout) return;
  Moved moved = MoveElement(context, *from, *to);
  if (moved == Moved::kSourceEmpty) return BlockForSource(context, *timeout);
  if (moved == Moved::kYes) {
    context.RecordAs({"LMOVE", context.arg(1), context.arg(2), context.arg(3), context.arg(4)});
  }
}

void CmdBrpoplpush(Context& context) {
  std::optional<int64_t> timeout = context.TimeoutMillis(3);
  if (!timeout) return;
  Moved moved = MoveElement(context, ListEnd::kTail, ListEnd::kHead);
  if (moved == Moved::kSourceEmpty) return BlockForSource(context, *timeout);
  if (moved == Moved::kYes) context.RecordAs({"RPOPLPUSH", context.arg(1), context.arg(2)});
}

}  // namespace tusk::families
