// Sets: members one by one, moved, listed and scanned. Random members and algebra have files of their own.
#include "families/sets.h"

#include <vector>

#include "command/context.h"
#include "families/element_scan.h"
#include "families/limits.h"
#include "families/replies.h"
#include "types/set.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Key;
using types::Set;

// A new set under a key that has none, in the encoding that suits what is about to come.
Set& CreateFor(Context& ctx, const Key& key, std::string_view first_member, size_t count) {
  Set& set = ctx.Create<Set>(key);
  set = Set::For(first_member, count, SetLimitsOf(ctx.settings()));
  return set;
}

}  // namespace

void CmdSadd(Context& ctx) {
  Key key = ctx.key(1);
  auto found = ctx.Write<Set>(key);
  if (found.wrong_type) return;
  types::SetLimits limits = SetLimitsOf(ctx.settings());
  size_t count = ctx.argc() - 2;
  Set& set = found ? *found : CreateFor(ctx, key, ctx.arg(2), count);
  if (found) set.Expect(count, limits);
  int64_t added = 0;
  for (size_t i = 2; i < ctx.argc(); ++i) added += set.Add(ctx.arg(i), limits);
  if (added != 0) {
    ctx.Modified(key, store::kEventSet, "sadd");
    ctx.transaction().AddDirty(static_cast<uint64_t>(added - 1));
  }
  ctx.reply().Integer(added);
}

void CmdSrem(Context& ctx) {
  Key key = ctx.key(1);
  auto found = ctx.Write<Set>(key);
  if (found.wrong_type) return;
  int64_t removed = 0;
  if (found) {
    for (size_t i = 2; i < ctx.argc(); ++i) removed += found->Remove(ctx.arg(i));
  }
  if (removed != 0) {
    ctx.Modified(key, store::kEventSet, "srem");
    ctx.transaction().AddDirty(static_cast<uint64_t>(removed - 1));
    ctx.DeleteIfEmpty(key, found);
  }
  ctx.reply().Integer(removed);
}

void CmdSmove(Context& ctx) {
  Key source_key = ctx.key(1);
  Key target_key = ctx.key(2);
  std::string_view member = ctx.arg(3);
  auto source = ctx.Write<Set>(source_key);
  if (source.wrong_type) return;
  if (!source) return ctx.reply().Integer(0);
  auto target = ctx.Write<Set>(target_key);
  if (target.wrong_type) return;
  if (source.entry == target.entry) return ctx.reply().Integer(source->Contains(member) ? 1 : 0);
  if (!source->Remove(member)) return ctx.reply().Integer(0);

  ctx.Modified(source_key, store::kEventSet, "srem");
  ctx.DeleteIfEmpty(source_key, source);
  // The source's deletion leaves other keys' entries where they are.
  Set& set = target ? *target : CreateFor(ctx, target_key, member, 1);
  if (set.Add(member, SetLimitsOf(ctx.settings()))) ctx.Modified(target_key, store::kEventSet, "sadd");
  ctx.reply().Integer(1);
}

void CmdSismember(Context& ctx) {
  auto found = ctx.Read<Set>(ctx.key(1));
  if (found.wrong_type) return;
  ctx.reply().Integer(found && found->Contains(ctx.arg(2)) ? 1 : 0);
}

void CmdSmismember(Context& ctx) {
  auto found = ctx.Read<Set>(ctx.key(1));
  if (found.wrong_type) return;
  ctx.reply().ArrayHeader(ctx.argc() - 2);
  for (size_t i = 2; i < ctx.argc(); ++i) ctx.reply().Integer(found && found->Contains(ctx.arg(i)) ? 1 : 0);
}

void CmdScard(Context& ctx) {
  auto found = ctx.Read<Set>(ctx.key(1));
  if (found.wrong_type) return;
  ctx.reply().Integer(found ? static_cast<int64_t>(found->size()) : 0);
}

void CmdSmembers(Context& ctx) {
  auto found = ctx.Read<Set>(ctx.key(1));
  if (found.wrong_type) return;
  ctx.reply().SetHeader(found ? found->size() : 0);
  if (found) found->ForEach([&](Set::Member member) { ReplyElement(ctx.reply(), member); });
}

void CmdSscan(Context& ctx) {
  uint64_t cursor;
  if (!ParseCursor(ctx, 2, &cursor)) return;
  auto found = ctx.Read<Set>(ctx.key(1));
  if (found.wrong_type) return;
  if (!found) return ReplyEmptyScan(ctx.reply());
  ScanOptions options;
  if (!ParseScanOptions(ctx, 3, &options)) return;

  std::vector<Set::Member> members;
  char buffer[base::kInt64TextMax];
  size_t seen = 0;
  auto take = [&](Set::Member member) {
    ++seen;
    if (options.Matches(member.ToText(buffer))) members.push_back(member);
  };
  cursor = RunScan(
      cursor, options, [&](uint64_t at) { return found->Scan(at, take); }, [&] { return seen; });
  ReplyScanHeader(ctx.reply(), cursor);
  ctx.reply().ArrayHeader(members.size());
  for (Set::Member member : members) ReplyElement(ctx.reply(), member);
}

}  // namespace tusk::families
