// DEBUG RELOAD and LOADAOF: every value is built anew, element by element, as a loader does, so that its encoding is the
// one that suits the present limits. No file is involved; data and deadlines stay, and are never half there: one stripe
// at a time, one value at a time.
#include <string>
#include <vector>

#include "base/numbers.h"
#include "command/context.h"
#include "families/debug.h"
#include "families/limits.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Entry;
using store::Key;
using store::Settings;
using store::Value;

Value RebuiltList(const types::List& list, const Settings& settings) {
  types::ListLimits limits = ListLimitsOf(settings);
  auto fresh = std::make_unique<types::List>();
  char buffer[base::kInt64TextMax];
  for (auto at = list.First(); at; at.Next()) fresh->Push(types::ListEnd::kTail, at.Get().ToText(buffer), limits);
  fresh->SettleEncoding(limits);
  return Value::Object(std::move(fresh));
}

Value RebuiltSet(const types::Set& set, const Settings& settings) {
  types::SetLimits limits = SetLimitsOf(settings);
  auto fresh = std::make_unique<types::Set>();
  char buffer[base::kInt64TextMax];
  set.ForEach([&](types::Set::Member member) { fresh->Add(member.ToText(buffer), limits); });
  return Value::Object(std::move(fresh));
}

Value RebuiltHash(const types::Hash& hash, const Settings& settings) {
  types::HashLimits limits = HashLimitsOf(settings);
  auto fresh = std::make_unique<types::Hash>();
  char field_text[base::kInt64TextMax];
  char value_text[base::kInt64TextMax];
  hash.ForEach([&](types::Hash::Element field, types::Hash::Element value) {
    fresh->Put(field.ToText(field_text), value.ToText(value_text), limits);
  });
  return Value::Object(std::move(fresh));
}

Value RebuiltZSet(const types::ZSet& zset, const Settings& settings) {
  types::ZSetLimits limits = ZSetLimitsOf(settings);
  auto fresh = std::make_unique<types::ZSet>();
  char buffer[base::kInt64TextMax];
  for (auto at = zset.First(); at; at.Next()) fresh->AddLast(at.member().ToText(buffer), at.score(), limits);
  return Value::Object(std::move(fresh));
}

Value Rebuilt(const Entry& entry, const Settings& settings) {
  switch (entry.type()) {
    case store::Type::kList: return RebuiltList(entry.object<types::List>(), settings);
    case store::Type::kSet: return RebuiltSet(entry.object<types::Set>(), settings);
    case store::Type::kHash: return RebuiltHash(entry.object<types::Hash>(), settings);
    case store::Type::kZSet: return RebuiltZSet(entry.object<types::ZSet>(), settings);
    case store::Type::kString: break;
  }
  Entry::TextBuffer buffer;
  return Value::String(entry.text(buffer));
}

void RebuildShard(Context& ctx, store::DbIndex db, const store::Shard& shard) {
  std::vector<std::string> names;
  shard.table().ForEach([&names](const Entry* entry) { names.emplace_back(entry->key()); });
  for (const std::string& name : names) {
    Key key = Key::Of(name);
    Entry* entry = ctx.transaction().Find(db, key, store::Access::kPeek);
    if (entry) ctx.transaction().Put(db, key, entry, Rebuilt(*entry, ctx.settings()));
  }
}

}  // namespace

void DebugReload(Context& ctx) {
  for (size_t i = 2; i < ctx.argc(); ++i) {
    if (!ctx.ArgIs(i, "merge") && !ctx.ArgIs(i, "noflush") && !ctx.ArgIs(i, "nosave")) {
      return ctx.reply().Error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.");
    }
  }
  for (size_t i = 0; i < store::kStripeCount; ++i) {
    if (!ctx.Visit(i)) return;
    for (size_t db = 0; db < ctx.keyspace().databases(); ++db) {
      auto index = static_cast<store::DbIndex>(db);
      if (const store::Shard* shard = ctx.keyspace().stripe(i).FindShard(index)) RebuildShard(ctx, index, *shard);
    }
    ctx.Leave(i);
  }
  ctx.reply().Ok();
}

}  // namespace tusk::families
