// LPUSH and its relatives: on documents that are arrays, and on Redis' own lists.
//
// A queue that a verb creates is a document, since only that keeps what its elements are. One that is emptied stays, as in the
// original; Redis' lists go, as in Redis. An element of a Redis list is a text, bytes or an integer.
#include <algorithm>

#include "families/limits.h"
#include "miniredis/call.h"
#include "miniredis/handlers.h"
#include "types/list.h"

namespace tusk::miniredis {
namespace {

using command::Context;
using store::Access;
using store::Entry;
using store::Key;
using types::Document;
using types::DocumentKind;
using types::DocumentView;
using types::List;
using types::ListEnd;

// What is at a key, as a queue. At most one of array and list is set.
struct Queue {
  Key key;
  Entry* entry = nullptr;
  Document* array = nullptr;
  List* list = nullptr;

  explicit operator bool() const noexcept { return entry != nullptr; }
  size_t size() const noexcept { return array ? array->size() : list ? list->size() : 0; }
};

// False: the key holds something else; the error is replied.
bool Find(Call& call, size_t i, Access access, Queue& queue) {
  return FindEither(call, i, access, DocumentKind::kArray, store::Type::kList, queue.key, queue.entry, queue.array, queue.list);
}

types::ListLimits Limits(Call& call) { return families::ListLimitsOf(call.ctx.settings()); }

// After a change. An empty Redis list goes.
void Changed(Call& call, Queue& queue, std::string_view event) {
  if (queue.array) queue.array->Settle();
  const bool goes = queue.list && queue.list->empty();
  call.ctx.Modified(queue.key, store::kEventList, event);
  if (!goes) return;
  call.ctx.Delete(queue.key, *queue.entry);
  call.ctx.Event(queue.key, store::kEventGeneric, "del");
}

// A Python index or slice end: negative ones count from the end.
size_t Clamp(int64_t index, size_t size) noexcept {
  const auto end = static_cast<int64_t>(size);
  if (index < 0) index = std::max<int64_t>(index + end, 0);
  return static_cast<size_t>(std::min(index, end));
}

std::optional<size_t> IndexIn(int64_t index, size_t size) noexcept {
  const auto end = static_cast<int64_t>(size);
  if (index < -end || index >= end) return {};
  return static_cast<size_t>(index < 0 ? index + end : index);
}

struct Slice {
  size_t first = 0;
  size_t last = 0;  // Exclusive.
  size_t size() const noexcept { return last - first; }
};

// Argument i as an end of a slice; null or nothing: as far as it goes. Replies the error.
std::optional<size_t> SliceEnd(Call& call, size_t i, size_t size, size_t otherwise) {
  if (i >= call.count()) return otherwise;
  std::optional<Document> value = call.Value(i);
  if (!value) return {};
  if (value->view().is_null()) return otherwise;
  if (value->kind() != DocumentKind::kInteger) return call.Fail(kUnhandled), std::nullopt;
  return Clamp(value->view().integer(), size);
}

std::optional<Slice> SliceOf(Call& call, size_t size) {
  std::optional<size_t> first = SliceEnd(call, 1, size, 0);
  if (!first) return {};
  std::optional<size_t> last = SliceEnd(call, 2, size, size);
  if (!last) return {};
  DCHECK(*first <= size && *last <= size);
  return Slice{*first, std::max(*first, *last)};
}

// Adds the values at that end. False: a Redis list can't hold one of them.
bool Push(Call& call, Queue& queue, ListEnd end, std::vector<Document> values, std::string_view event) {
  if (queue.list) {
    std::vector<std::string> texts;
    for (const Document& value : values) {
      std::optional<std::string> text = PlainText(value.view());
      if (!text) return call.Fail(kWrongValueType), false;
      texts.push_back(*std::move(text));
    }
    for (const std::string& text : texts) queue.list->Push(end, text, Limits(call));
  } else {
    if (!queue.entry) {
      queue.array = &call.ctx.Create<Document>(queue.key);
      *queue.array = Document::Array();
    }
    for (Document& value : values) queue.array->Insert(end == ListEnd::kHead ? 0 : queue.array->size(), std::move(value));
  }
  Changed(call, queue, event);
  return true;
}

void PushAll(Context& ctx, ListEnd end, std::string_view event) {
  Call call(ctx);
  std::optional<std::vector<Document>> values = call.Values(1, 1);
  if (!values) return;
  Queue queue;
  if (!Find(call, 0, Access::kWrite, queue)) return;
  const auto count = static_cast<int64_t>(values->size());
  if (count > 0 && !Push(call, queue, end, *std::move(values), event)) return;
  call.Integer64(count);
}

// The queue is not empty.
Document Take(Call& call, Queue& queue, ListEnd end, std::string_view event) {
  DCHECK(queue.size() > 0);
  DCHECK(!queue.list || !queue.array);
  Document taken;
  if (queue.list) {
    const std::string text = queue.list->Pop(end, Limits(call));
    taken = Document::CopyOf(ViewOfPlain(text, call.kind));
  } else {
    taken = queue.array->TakeAt(end == ListEnd::kHead ? 0 : queue.array->size() - 1);
  }
  Changed(call, queue, event);
  return taken;
}

void PopOne(Context& ctx, ListEnd end, std::string_view event) {
  Call call(ctx);
  Queue queue;
  if (!Find(call, 0, Access::kWrite, queue)) return;
  if (queue.size() == 0) return call.Null();
  const Document taken = Take(call, queue, end, event);
  call.Value(taken.view());
}

}  // namespace

void CmdLpush(Context& ctx) { PushAll(ctx, ListEnd::kHead, "lpush"); }
void CmdRpush(Context& ctx) { PushAll(ctx, ListEnd::kTail, "rpush"); }
void CmdLpop(Context& ctx) { PopOne(ctx, ListEnd::kHead, "lpop"); }
void CmdRpop(Context& ctx) { PopOne(ctx, ListEnd::kTail, "rpop"); }

void CmdRpoplpush(Context& ctx) {
  Call call(ctx);
  Queue source, target;
  if (!Find(call, 0, Access::kWrite, source) || !Find(call, 1, Access::kWrite, target)) return;
  if (source.size() == 0) return call.Integer64(0);
  // What the target can't hold stays where it is.
  if (target.list && source.array && !PlainText(source.array->view().At(source.size() - 1))) return call.Fail(kWrongValueType);
  Document moved = Take(call, source, ListEnd::kTail, "rpop");
  // Both may be one, which has changed, or gone.
  if (!Find(call, 1, Access::kWrite, target)) return;
  if (!target && source.key.text == target.key.text && source.list) {
    const std::string text = *PlainText(moved.view());
    ctx.Create<List>(target.key).Push(ListEnd::kHead, text, Limits(call));
    ctx.Modified(target.key, store::kEventList, "lpush");
    return call.Integer64(1);
  }
  std::vector<Document> values;
  values.push_back(std::move(moved));
  if (Push(call, target, ListEnd::kHead, std::move(values), "lpush")) call.Integer64(1);
}

void CmdLrem(Context& ctx) {
  Call call(ctx);
  std::optional<Document> value = call.Value(1);
  if (!value) return;
  Queue queue;
  if (!Find(call, 0, Access::kWrite, queue)) return;
  if (queue.list) {
    std::optional<std::string> text = PlainText(value->view());
    if (!text || queue.list->Remove(1, *text, Limits(call)) == 0) return call.Integer64(0);
    Changed(call, queue, "lrem");
    return call.Integer64(1);
  }
  size_t i = 0;
  bool found = false;
  if (queue.array) {
    for (types::DocumentCursor at(queue.array->view()); !found && at.Next(); ++i) found = at.value() == value->view();
  }
  if (!found) return call.Integer64(0);
  queue.array->Remove(i - 1, 1);
  Changed(call, queue, "lrem");
  call.Integer64(1);
}

void CmdLlen(Context& ctx) {
  Call call(ctx);
  Queue queue;
  if (Find(call, 0, Access::kRead, queue)) call.Integer64(static_cast<int64_t>(queue.size()));
}

void CmdLindex(Context& ctx) {
  Call call(ctx);
  std::optional<int64_t> index = call.Integer(1);
  if (!index) return;
  Queue queue;
  if (!Find(call, 0, Access::kRead, queue)) return;
  std::optional<size_t> at = IndexIn(*index, queue.size());
  if (!at) return call.Null();
  DCHECK(queue.array || queue.list);
  if (queue.array) return call.Value(queue.array->view().At(*at));
  call.Element(queue.list->Seek(static_cast<int64_t>(*at)).Get());
}

void CmdLrange(Context& ctx) {
  Call call(ctx);
  Queue queue;
  if (!Find(call, 0, Access::kRead, queue)) return;
  std::optional<Slice> slice = SliceOf(call, queue.size());
  if (!slice) return;
  call.Array(slice->size());
  if (slice->size() == 0) return;
  if (queue.list) {
    List::Cursor at = queue.list->Seek(static_cast<int64_t>(slice->first));
    for (size_t i = slice->first; i < slice->last; ++i, at.Next()) call.Element(at.Get());
    return;
  }
  const DocumentView array = queue.array->view();
  if (!array.is_packed_container()) {
    for (size_t i = slice->first; i < slice->last; ++i) call.Value(array.At(i));
    return;
  }
  types::DocumentCursor at(array);
  for (size_t i = 0; i < slice->last && at.Next(); ++i) {
    if (i >= slice->first) call.Value(at.value());
  }
}

void CmdLset(Context& ctx) {
  Call call(ctx);
  std::optional<int64_t> index = call.Integer(1);
  if (!index) return;
  std::optional<Document> value = call.Value(2, 1);
  if (!value) return;
  Queue queue;
  if (!Find(call, 0, Access::kWrite, queue)) return;
  std::optional<size_t> at = IndexIn(*index, queue.size());
  if (!at) return call.Integer64(0);
  if (queue.list) {
    std::optional<std::string> text = PlainText(value->view());
    if (!text) return call.Fail(kWrongValueType);
    queue.list->Set(static_cast<int64_t>(*at), *text, Limits(call));
  } else {
    queue.array->At(*at) = *std::move(value);
  }
  Changed(call, queue, "lset");
  call.Integer64(1);
}

void CmdLtrim(Context& ctx) {
  Call call(ctx);
  Queue queue;
  if (!Find(call, 0, Access::kWrite, queue)) return;
  std::optional<Slice> slice = SliceOf(call, queue.size());
  if (!slice) return;
  const size_t size = queue.size();
  call.Integer64(static_cast<int64_t>(slice->size()));
  if (slice->size() == size) return;
  if (queue.list) {
    queue.list->EraseRange(slice->last, UINT64_MAX, Limits(call));
    queue.list->EraseRange(0, slice->first, Limits(call));
  } else {
    queue.array->Remove(slice->last, size - slice->last);
    queue.array->Remove(0, slice->first);
  }
  Changed(call, queue, "ltrim");
}

void CmdLflush(Context& ctx) {
  Call call(ctx);
  Queue queue;
  if (!Find(call, 0, Access::kWrite, queue)) return;
  call.Integer64(static_cast<int64_t>(queue.size()));
  if (queue.size() == 0) return;
  if (queue.list) queue.list->EraseRange(0, UINT64_MAX, Limits(call));
  if (queue.array) queue.array->Clear();
  Changed(call, queue, "ltrim");
}

}  // namespace tusk::miniredis
