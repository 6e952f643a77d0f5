// SADD and its relatives: on documents that are sets, and on Redis' own sets.
//
// A set that a verb creates or stores is a document; one that is emptied stays. Members of a Redis set are texts, bytes or
// integers, and an emptied one goes.
#include <algorithm>

#include "base/random.h"
#include "families/limits.h"
#include "miniredis/call.h"
#include "miniredis/frame.h"
#include "miniredis/handlers.h"
#include "types/set.h"

namespace tusk::miniredis {
namespace {

using command::Context;
using store::Access;
using store::Entry;
using store::Key;
using types::Document;
using types::DocumentCursor;
using types::DocumentKind;
using types::DocumentView;

// What is at a key, as a set. At most one of own and redis is set.
struct Members {
  Key key;
  Entry* entry = nullptr;
  Document* own = nullptr;
  types::Set* redis = nullptr;

  size_t size() const noexcept { return own ? own->size() : redis ? redis->size() : 0; }
  bool Contains(const DocumentView& member) const {
    if (own) return own->view().Find(member).has_value();
    std::optional<std::string> text = redis ? PlainText(member) : std::nullopt;
    return text && redis->Contains(*text);
  }
};

// False: the key holds something else; the error is replied.
bool Find(Call& call, size_t i, Access access, Members& set) {
  return FindEither(call, i, access, DocumentKind::kSet, store::Type::kSet, set.key, set.entry, set.own, set.redis);
}

// Calls use(DocumentView) for each member.
template <typename Use>
void ForEach(const Call& call, const Members& set, Use use) {
  if (set.own) {
    for (DocumentCursor at(set.own->view()); at.Next();) use(at.value());
  } else if (set.redis) {
    set.redis->ForEach([&](const ds::ListPackElement& member) { use(ViewOfElement(member, call.kind)); });
  }
}

void Changed(Call& call, Members& set, std::string_view event) {
  if (set.own) set.own->Settle();
  call.ctx.Modified(set.key, store::kEventSet, event);
  if (!set.redis || !set.redis->empty()) return;
  call.ctx.Delete(set.key, *set.entry);
  call.ctx.Event(set.key, store::kEventGeneric, "del");
}

enum class Operation : uint8_t { kDifference, kIntersection, kUnion };

// Over the sets at arguments `first` on. Replies the error.
std::optional<Document> Combine(Call& call, Operation operation, size_t first) {
  std::vector<Members> sets(call.count() - first);
  for (size_t i = 0; i < sets.size(); ++i) {
    if (!Find(call, first + i, Access::kRead, sets[i])) return {};
  }
  Document result = Document::Set();
  auto wanted = [&](const DocumentView& member) {
    const auto others = std::span(sets).subspan(1);
    auto has_it = [&member](const Members& set) { return set.Contains(member); };
    if (operation == Operation::kDifference) return std::ranges::none_of(others, has_it);
    return operation == Operation::kUnion || std::ranges::all_of(others, has_it);
  };
  ForEach(call, sets[0], [&](const DocumentView& member) {
    if (wanted(member)) result.Add(Document::CopyOf(member));
  });
  for (size_t i = 1; i < sets.size() && operation == Operation::kUnion; ++i) {
    ForEach(call, sets[i], [&](const DocumentView& member) { result.Add(Document::CopyOf(member)); });
  }
  result.Settle();
  return result;
}

void ReplyCombined(Context& ctx, Operation operation) {
  Call call(ctx);
  std::optional<Document> result = Combine(call, operation, 0);
  if (!result) return;
  call.Array(result->size());
  for (DocumentCursor at(result->view()); at.Next();) call.Value(at.value());
}

void StoreCombined(Context& ctx, Operation operation, std::string_view event) {
  Call call(ctx);
  std::optional<Document> result = Combine(call, operation, 1);
  if (!result) return;
  Members target;
  if (!Find(call, 0, Access::kWrite, target)) return;
  call.Integer64(static_cast<int64_t>(result->size()));
  call.Store(target.key, target.entry, *std::move(result), true);
  ctx.Modified(target.key, store::kEventSet, event);
}

}  // namespace

void CmdSadd(Context& ctx) {
  Call call(ctx);
  std::optional<std::vector<Document>> members = call.Scalars(1);
  if (!members) return;
  Members set;
  if (!Find(call, 0, Access::kWrite, set)) return;
  size_t added = 0;
  if (set.redis) {
    std::vector<std::string> texts;
    for (const Document& member : *members) {
      std::optional<std::string> text = PlainText(member.view());
      if (!text) return call.Fail(kWrongValueType);
      texts.push_back(*std::move(text));
    }
    for (const std::string& text : texts) added += set.redis->Add(text, families::SetLimitsOf(ctx.settings()));
  } else if (!members->empty()) {
    if (!set.entry) {
      set.own = &ctx.Create<Document>(set.key);
      *set.own = Document::Set();
    }
    for (Document& member : *members) added += set.own->Add(std::move(member));
  }
  if (added > 0) Changed(call, set, "sadd");
  call.Integer64(static_cast<int64_t>(set.size()));
}

void CmdSrem(Context& ctx) {
  Call call(ctx);
  std::optional<std::vector<Document>> members = call.Scalars(1);
  if (!members) return;
  Members set;
  if (!Find(call, 0, Access::kWrite, set)) return;
  int64_t removed = 0;
  for (const Document& member : *members) {
    if (set.own) removed += set.own->Erase(member.view());
    std::optional<std::string> text = set.redis ? PlainText(member.view()) : std::nullopt;
    if (text) removed += set.redis->Remove(*text);
  }
  if (removed > 0) Changed(call, set, "srem");
  call.Integer64(removed);
}

void CmdScard(Context& ctx) {
  Call call(ctx);
  Members set;
  if (Find(call, 0, Access::kRead, set)) call.Integer64(static_cast<int64_t>(set.size()));
}

void CmdSismember(Context& ctx) {
  Call call(ctx);
  std::optional<Document> member = call.Scalar(1);
  if (!member) return;
  Members set;
  if (Find(call, 0, Access::kRead, set)) call.Integer64(set.Contains(member->view()) ? 1 : 0);
}

void CmdSmembers(Context& ctx) {
  Call call(ctx);
  Members set;
  if (!Find(call, 0, Access::kRead, set)) return;
  set.entry ? call.Whole(set.entry) : call.Set(0);
}

// Which members go is ours to choose, so followers are told.
void CmdSpop(Context& ctx) {
  Call call(ctx);
  std::optional<int64_t> wanted = call.count() > 1 ? call.Integer(1) : std::optional<int64_t>(1);
  if (!wanted) return;
  Members set;
  if (!Find(call, 0, Access::kWrite, set)) return;
  const size_t count = std::min(static_cast<size_t>(std::max<int64_t>(*wanted, 0)), set.size());
  call.Array(count);
  if (count == 0) return;
  std::vector<std::string> record = {"MINI", "SREM", std::string(ctx.arg(kKindArg)), std::string(set.key.text)};
  for (size_t i = 0; i < count; ++i) {
    const Document member = set.own ? set.own->TakeLast()
                                    : Document::CopyOf(ViewOfPlain(set.redis->PopRandom(base::ThreadRandom()), call.kind));
    call.Value(member.view());
    if (ctx.wants_record()) record.push_back(ExactFrameOf(member.view()));
  }
  ctx.RecordAs(std::vector<std::string_view>(record.begin(), record.end()));
  Changed(call, set, "spop");
}

void CmdSdiff(Context& ctx) { ReplyCombined(ctx, Operation::kDifference); }
void CmdSinter(Context& ctx) { ReplyCombined(ctx, Operation::kIntersection); }
void CmdSunion(Context& ctx) { ReplyCombined(ctx, Operation::kUnion); }
void CmdSdiffstore(Context& ctx) { StoreCombined(ctx, Operation::kDifference, "sdiffstore"); }
void CmdSinterstore(Context& ctx) { StoreCombined(ctx, Operation::kIntersection, "sinterstore"); }
void CmdSunionstore(Context& ctx) { StoreCombined(ctx, Operation::kUnion, "sunionstore"); }

}  // namespace tusk::miniredis
