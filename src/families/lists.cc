// List commands that answer at once; those that wait are in lists_blocking.cc.
#include "families/lists.h"

#include <algorithm>
#include <vector>

#include "families/collections.h"
#include "families/limits.h"
#include "families/list_moves.h"

namespace tusk::families {
namespace {

using command::Context;
using command::Found;
using store::Key;
using types::List;
using types::ListEnd;

types::ListLimits Limits(Context& context) { return ListLimitsOf(context.settings()); }

void Push(Context& context, ListEnd end, bool only_existing) {
  Key key = context.key(1);
  Found<List> found = context.Write<List>(key);
  if (found.wrong_type) return;
  if (!found && only_existing) return context.reply().Integer(0);
  List& list = found ? *found : context.Create<List>(key);
  list.Push(end, context.args().subspan(2), Limits(context));
  context.reply().Integer(static_cast<int64_t>(list.size()));
  ModifiedBy(context, key, store::kEventList, end == ListEnd::kHead ? "lpush" : "rpush", context.argc() - 2);
}

void Pop(Context& context, ListEnd end) {
  if (context.argc() > 3) return ReplyWrongArity(context);
  bool has_count = context.argc() == 3;
  std::optional<int64_t> count = has_count ? IntegerFrom(context, 2, 0, kNotPositive) : 1;
  if (!count) return;
  Key key = context.key(1);
  Found<List> list = context.Write<List>(key);
  if (list.wrong_type) return;
  if (!list) return has_count ? context.reply().NullArray() : context.reply().Null();
  if (*count == 0) return context.reply().EmptyArray();
  TakeElements(context, key, list, end, static_cast<uint64_t>(*count), has_count);
}

struct LposOptions {
  int64_t rank = 1;
  int64_t count = -1;  // Not given.
  int64_t compared_max = 0;
};

std::optional<LposOptions> ParseLpos(Context& context) {
  LposOptions options;
  for (size_t i = 3; i < context.argc(); i += 2) {
    std::optional<int64_t> value;
    bool more = i + 1 < context.argc();
    if (more && context.ArgIs(i, "RANK")) {
      value = RandomCount(context, i + 1);
      if (!value) return {};
      if (*value == 0) {
        context.reply().Error(
            "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use "
            "negative to "
            "start from the end of the list");
        return {};
      }
      options.rank = *value;
    } else if (more && context.ArgIs(i, "COUNT")) {
      value = IntegerFrom(context, i + 1, 0, "ERR COUNT can't be negative");
      if (!value) return {};
      options.count = *value;
    } else if (more && context.ArgIs(i, "MAXLEN")) {
      value = IntegerFrom(context, i + 1, 0, "ERR MAXLEN can't be negative");
      if (!value) return {};
      options.compared_max = *value;
    } else {
      context.reply().Error(command::kSyntaxError);
      return {};
    }
  }
  return options;
}

}  // namespace

std::optional<ListEnd> ListEndArg(Context& context, size_t i) {
  if (context.ArgIs(i, "LEFT")) return ListEnd::kHead;
  if (context.ArgIs(i, "RIGHT")) return ListEnd::kTail;
  context.reply().Error(command::kSyntaxError);
  return {};
}

void TakeElements(Context& context, const Key& key, Found<List>& list, ListEnd end, uint64_t count,
                  bool as_array) {
  count = std::min(count, list->size());
  if (as_array) context.reply().ArrayHeader(count);
  auto at = list->At(end);
  for (uint64_t i = 0; i < count; ++i) {
    ReplyElement(context.reply(), at.Get());
    end == ListEnd::kHead ? at.Next() : at.Prev();
  }
  if (count == 1) {
    list->Drop(end, Limits(context));
  } else {
    list->EraseRange(end == ListEnd::kHead ? 0 : list->size() - count, count, Limits(context));
  }
  ModifiedBy(context, key, store::kEventList, end == ListEnd::kHead ? "lpop" : "rpop", count);
  context.DeleteIfEmpty(key, list);
}

void TakeElementsOfKey(Context& context, const Key& key, Found<List>& list, ListEnd end, uint64_t count) {
  count = std::min(count, list->size());
  context.RecordAs({end == ListEnd::kHead ? "LPOP" : "RPOP", key.text, std::to_string(count)});
  context.reply().ArrayHeader(2);
  context.reply().Bulk(key.text);
  TakeElements(context, key, list, end, count, true);
}

Moved MoveElement(Context& context, ListEnd from, ListEnd to) {
  Key source_key = context.key(1), target_key = context.key(2);
  if (context.has_waited()) {
    // Another type in the source's place is no error for a command that waits, it goes on waiting.
    store::Entry* entry = context.Lookup(source_key, store::Access::kPeek);
    if (entry && entry->type() != store::Type::kList) return Moved::kSourceEmpty;
  }
  Found<List> source = context.Write<List>(source_key);
  if (source.wrong_type) return Moved::kWrongType;
  if (!source) return Moved::kSourceEmpty;
  Found<List> found = context.Write<List>(target_key);
  if (found.wrong_type) return Moved::kWrongType;
  std::string text = source->Pop(from, Limits(context));
  List& target = found ? *found : context.Create<List>(target_key);
  target.Push(to, text, Limits(context));
  ModifiedBy(context, target_key, store::kEventList, to == ListEnd::kHead ? "lpush" : "rpush", 0);
  context.reply().Bulk(text);
  context.Modified(source_key, store::kEventList, from == ListEnd::kHead ? "lpop" : "rpop");
  context.DeleteIfEmpty(source_key, source);
  return Moved::kYes;
}

void CmdLpush(Context& context) { Push(context, ListEnd::kHead, false); }
void CmdRpush(Context& context) { Push(context, ListEnd::kTail, false); }
void CmdLpushx(Context& context) { Push(context, ListEnd::kHead, true); }
void CmdRpushx(Context& context) { Push(context, ListEnd::kTail, true); }
void CmdLpop(Context& context) { Pop(context, ListEnd::kHead); }
void CmdRpop(Context& context) { Pop(context, ListEnd::kTail); }

void CmdLlen(Context& context) {
  Found<List> list = context.Read<List>(context.key(1));
  if (!list.wrong_type) context.reply().Integer(list ? static_cast<int64_t>(list->size()) : 0);
}

void CmdLindex(Context& context) {
  Found<List> list = context.Read<List>(context.key(1));
  if (list.wrong_type) return;
  if (!list) return context.reply().Null();
  std::optional<int64_t> index = context.Integer(2);
  if (!index) return;
  auto at = list->Seek(*index);
  if (!at) return context.reply().Null();
  ReplyElement(context.reply(), at.Get());
}

void CmdLset(Context& context) {
  Key key = context.key(1);
  Found<List> list = context.Write<List>(key);
  if (list.wrong_type) return;
  if (!list) return context.reply().Error(command::kNoSuchKey);
  std::optional<int64_t> index = context.Integer(2);
  if (!index) return;
  if (!list->Set(*index, context.arg(3), Limits(context))) return context.reply().Error(command::kOutOfRange);
  context.reply().Ok();
  context.Modified(key, store::kEventList, "lset");
}

void CmdLinsert(Context& context) {
  bool before = context.ArgIs(2, "BEFORE");
  if (!before && !context.ArgIs(2, "AFTER")) return context.reply().Error(command::kSyntaxError);
  Key key = context.key(1);
  Found<List> list = context.Write<List>(key);
  if (list.wrong_type) return;
  if (!list) return context.reply().Integer(0);
  if (!list->Insert(context.arg(3), before, context.arg(4), Limits(context)))
    return context.reply().Integer(-1);
  context.reply().Integer(static_cast<int64_t>(list->size()));
  context.Modified(key, store::kEventList, "linsert");
}

void CmdLrange(Context& context) {
  std::optional<int64_t> start = context.Integer(2);
  if (!start) return;
  std::optional<int64_t> stop = context.Integer(3);
  if (!stop) return;
  Found<List> list = context.Read<List>(context.key(1));
  if (list.wrong_type) return;
  if (!list) return context.reply().EmptyArray();
  auto size = static_cast<int64_t>(list->size());
  int64_t from = *start < 0 ? std::max<int64_t>(*start + size, 0) : *start;
  int64_t to = std::min(*stop < 0 ? *stop + size : *stop, size - 1);
  if (from > to || from >= size) return context.reply().EmptyArray();
  context.reply().ArrayHeader(static_cast<size_t>(to - from + 1));
  auto at = list->Seek(from);
  for (int64_t i = from; i <= to; ++i, at.Next()) ReplyElement(context.reply(), at.Get());
}

void CmdLtrim(Context& context) {
  std::optional<int64_t> start = context.Integer(2);
  if (!start) return;
  std::optional<int64_t> stop = context.Integer(3);
  if (!stop) return;
  Key key = context.key(1);
  Found<List> list = context.Write<List>(key);
  if (list.wrong_type) return;
  context.reply().Ok();
  if (!list) return;
  auto size = static_cast<int64_t>(list->size());
  int64_t from = *start < 0 ? std::max<int64_t>(*start + size, 0) : *start;
  int64_t to = std::min(*stop < 0 ? *stop + size : *stop, size - 1);
  bool nothing_left = from > to || from >= size;
  uint64_t kept_end = nothing_left ? 0 : static_cast<uint64_t>(to) + 1;
  list->EraseRange(kept_end, UINT64_MAX, Limits(context));
  if (!nothing_left) list->EraseRange(0, static_cast<uint64_t>(from), Limits(context));
  // Watchers and listeners hear of it even if nothing was cut; replicas need not.
  if (list->size() == static_cast<uint64_t>(size)) context.ChangedNothing();
  ModifiedBy(context, key, store::kEventList, "ltrim", static_cast<uint64_t>(size) - list->size());
  context.DeleteIfEmpty(key, list);
}

void CmdLrem(Context& context) {
  std::optional<int64_t> count = RandomCount(context, 2);
  if (!count) return;
  Key key = context.key(1);
  Found<List> list = context.Write<List>(key);
  if (list.wrong_type) return;
  uint64_t removed = list ? list->Remove(*count, context.arg(3), Limits(context)) : 0;
  context.reply().Integer(static_cast<int64_t>(removed));
  if (removed == 0) return;
  ModifiedBy(context, key, store::kEventList, "lrem", removed);
  context.DeleteIfEmpty(key, list);
}

void CmdLpos(Context& context) {
  std::optional<LposOptions> options = ParseLpos(context);
  if (!options) return;
  bool as_array = options->count >= 0;
  Found<List> list = context.Read<List>(context.key(1));
  if (list.wrong_type) return;
  std::vector<uint64_t> found;
  if (list) {
    found = list->Find(context.arg(2), options->rank, as_array ? static_cast<uint64_t>(options->count) : 1,
                       static_cast<uint64_t>(options->compared_max));
  }
  if (as_array) {
    context.reply().ArrayHeader(found.size());
    for (uint64_t index : found) context.reply().Integer(static_cast<int64_t>(index));
  } else if (found.empty()) {
    context.reply().Null();
  } else {
    context.reply().Integer(static_cast<int64_t>(found.front()));
  }
}

void CmdLmove(Context& context) {
  std::optional<ListEnd> from = ListEndArg(context, 3);
  if (!from) return;
  std::optional<ListEnd> to = ListEndArg(context, 4);
  if (!to) return;
  if (MoveElement(context, *from, *to) == Moved::kSourceEmpty) context.reply().Null();
}

void CmdRpoplpush(Context& context) {
  if (MoveElement(context, ListEnd::kTail, ListEnd::kHead) == Moved::kSourceEmpty) context.reply().Null();
}

void CmdLmpop(Context& context) {
  std::optional<size_t> keys = KeyCount(context, 1);
  if (!keys) return;
  std::optional<ListEnd> end = ListEndArg(context, 2 + *keys);
  if (!end) return;
  std::optional<int64_t> count = TrailingCount(context, 3 + *keys);
  if (!count) return;
  auto [key, list, replied] = FindFilled<List>(context, 2, *keys);
  if (replied) return;
  if (!list) return context.reply().NullArray();
  TakeElementsOfKey(context, key, list, *end, static_cast<uint64_t>(*count));
}

}  // namespace tusk::families
