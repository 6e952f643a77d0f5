// Call: what a handler of a verb sees of its context: arguments as values, answers in the caller's protocol.
//
// A session of the port is answered in the port's; any other (MINI sent to Redis' port, a script) in its own: values typed under
// RESP3, as JSON under RESP2. Handlers count arguments from the first one behind the verb's name as the client sent it.
// Threads: as the handler. Owns: nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command/context.h"
#include "ds/list_pack.h"
#include "miniredis/errors.h"
#include "miniredis/plain.h"
#include "miniredis/verbs.h"
#include "resp/mini_frame.h"
#include "types/document.h"

namespace tusk::miniredis {

class Call {
 public:
  explicit Call(command::Context& context) noexcept
      : ctx(context), kind(context.arg(kKindArg) == "t" ? KeyKind::kText : KeyKind::kBytes) {}

  command::Context& ctx;
  const KeyKind kind;

  // ---- Arguments ----
  size_t count() const noexcept { return ctx.argc() - kFirstArg; }
  std::string_view raw(size_t i) const noexcept { return ctx.arg(kFirstArg + i); }
  store::Key key(size_t i = 0) const noexcept { return ctx.key(kFirstArg + i); }
  // Each replies the error when it returns nothing. `levels` is how deep the value will lie in another.
  std::optional<types::Document> Value(size_t i, size_t levels = 0);
  // Those from the i-th on.
  std::optional<std::vector<types::Document>> Values(size_t i, size_t levels);
  // A key of a dict, a member of a set: no container.
  std::optional<types::Document> Scalar(size_t i);
  std::optional<std::vector<types::Document>> Scalars(size_t i);
  std::optional<types::Document> Number(size_t i);
  std::optional<int64_t> Integer(size_t i);

  // ---- Answers ----
  resp::Reply& reply() noexcept { return ctx.reply(); }
  bool is_mini() const noexcept { return ctx.reply().protocol() == resp::kMiniProtocol; }
  void Fail(std::string_view error) { ctx.reply().Error(error); }
  void Null() { ctx.reply().Null(); }
  void Integer64(int64_t value) { ctx.reply().Integer(value); }
  void Array(size_t count) { ctx.reply().ArrayHeader(count); }
  void Dict(size_t pairs);
  void Set(size_t count);
  void Value(const types::DocumentView& value);
  void Text(std::string_view text) { Value(types::DocumentView::Text(text)); }
  void Plain(std::string_view bytes) { Value(ViewOfPlain(bytes, kind)); }
  void Element(const ds::ListPackElement& element);
  // A key's whole value; null: none. A type that the port has not is an error, which may stand within an array.
  void Whole(const store::Entry* entry);

  // ---- Changes ----
  // Keeps the value under the key, as a string where it fits. The deadline goes unless told otherwise. No event.
  void Store(const store::Key& key, store::Entry* entry, types::Document value, bool keep_deadline = false);
  // What Store() would keep it as, for change records that Redis understands, too.
  bool IsPlain(const types::DocumentView& value) const noexcept { return FitsPlain(value, kind); }

 private:
  bool Refuse(const base::Status& status);
};

// What is at the i-th argument's key, for a verb that takes a document of one kind or an object of Redis' own: `document` or `own` is
// set, neither when there is no entry. False: the key holds something else; the error is replied.
template <typename Own>
bool FindEither(Call& call, size_t i, store::Access access, types::DocumentKind kind, store::Type type, store::Key& key,
                store::Entry*& entry, types::Document*& document, Own*& own) {
  key = call.key(i);
  entry = call.ctx.Lookup(key, access);
  if (!entry) return true;
  if (entry->type() == type) {
    own = &entry->object<Own>();
  } else if (entry->type() == store::Type::kDocument && entry->object<types::Document>().kind() == kind) {
    document = &entry->object<types::Document>();
  } else {
    call.Fail(kWrongKeyType);
    return false;
  }
  return true;
}

// An entry's string as this port sees it. The view is into `buffer` or the entry.
types::DocumentView ViewOfString(const store::Entry& entry, KeyKind kind, store::Entry::TextBuffer& buffer) noexcept;
inline types::DocumentView ViewOfElement(const ds::ListPackElement& element, KeyKind kind) noexcept {
  return element.is_int() ? types::DocumentView::Integer(element.int_value()) : ViewOfPlain(element.text(), kind);
}

}  // namespace tusk::miniredis
