// SPOP and SRANDMEMBER.
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/random.h"
#include "command/context.h"
#include "families/random_pick.h"
#include "families/replies.h"
#include "families/sets.h"
#include "types/set.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Key;
using types::Set;

void PopOne(Context& ctx) {
  Key key = ctx.key(1);
  auto found = ctx.Write<Set>(key);
  if (found.wrong_type) return;
  if (!found) return ctx.reply().Null();
  std::string member = found->PopRandom(base::ThreadRandom());
  ctx.Modified(key, store::kEventSet, "spop");
  ctx.DeleteIfEmpty(key, found);
  ctx.RecordAs({"SREM", key.text, member});
  ctx.reply().Bulk(member);
}

void PopAll(Context& ctx, const Key& key, command::Found<Set>& found) {
  ctx.reply().SetHeader(found->size());
  found->ForEach([&](Set::Member member) { ReplyElement(ctx.reply(), member); });
  ctx.transaction().AddDirty(found->size() - 1);
  ctx.Event(key, store::kEventSet, "spop");
  ctx.Delete(key, *found.entry);
  ctx.Modified(key, store::kEventGeneric, "del");
  ctx.RecordAs({ctx.settings().lazyfree_lazy_server_del ? "UNLINK" : "DEL", key.text});
}

void PopSome(Context& ctx, const Key& key, Set& set, size_t count) {
  std::vector<std::string> popped;
  popped.reserve(count);
  for (size_t i = 0; i < count; ++i) popped.push_back(set.PopRandom(base::ThreadRandom()));
  ctx.Modified(key, store::kEventSet, "spop");
  ctx.transaction().AddDirty(count - 1);
  std::vector<std::string_view> effect{"SREM", key.text};
  ctx.reply().SetHeader(count);
  for (const std::string& member : popped) {
    ctx.reply().Bulk(member);
    effect.push_back(member);
  }
  ctx.RecordAs(effect);
}

void ReplyDifferent(resp::Reply& reply, const Set& set, size_t count) {
  base::Random& random = base::ThreadRandom();
  reply.ArrayHeader(count);
  if (set.encoding() == Set::Encoding::kTable && DrawingIsCheaper(set.size(), count)) {
    std::unordered_set<std::string_view> seen;
    while (seen.size() < count) {
      std::string_view member = set.RandomMember(random).text();
      if (seen.insert(member).second) reply.Bulk(member);
    }
    return;
  }
  WalkPicker picker(set.size(), count, random);
  set.ForEach([&](Set::Member member) {
    if (picker.PickThis()) ReplyElement(reply, member);
  });
}

}  // namespace

void CmdSpop(Context& ctx) {
  if (ctx.argc() == 2) return PopOne(ctx);
  if (ctx.argc() > 3) return ctx.reply().Error(command::kSyntaxError);
  std::optional<int64_t> count = ctx.Integer(2, "ERR value is out of range, must be positive");
  if (!count) return;
  if (*count < 0) return ctx.reply().Error("ERR value is out of range, must be positive");
  Key key = ctx.key(1);
  auto found = ctx.Write<Set>(key);
  if (found.wrong_type) return;
  if (!found || *count == 0) return ctx.reply().SetHeader(0);
  if (static_cast<size_t>(*count) >= found->size()) return PopAll(ctx, key, found);
  PopSome(ctx, key, *found, static_cast<size_t>(*count));
}

void CmdSrandmember(Context& ctx) {
  if (ctx.argc() > 3) return ctx.reply().Error(command::kSyntaxError);
  std::optional<int64_t> count;
  if (ctx.argc() == 3) {
    count = RandomCount(ctx, 2);
    if (!count) return;
  }
  auto found = ctx.Read<Set>(ctx.key(1));
  if (found.wrong_type) return;
  if (!count) {
    if (!found) return ctx.reply().Null();
    return ReplyElement(ctx.reply(), found->RandomMember(base::ThreadRandom()));
  }
  if (!found || *count == 0) return ctx.reply().EmptyArray();
  if (*count > 0) {
    return ReplyDifferent(ctx.reply(), *found, std::min(static_cast<size_t>(*count), found->size()));
  }
  size_t repeats = static_cast<size_t>(-*count);
  ctx.reply().ArrayHeader(repeats);
  for (size_t i = 0; i < repeats && !ctx.reply().is_lost(); ++i) {
    ReplyElement(ctx.reply(), found->RandomMember(base::ThreadRandom()));
  }
}

}  // namespace tusk::families
