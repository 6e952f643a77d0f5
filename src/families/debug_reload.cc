// DEBUG RELOAD and LOADAOF: through the RDB file and the append log, where there are any. Without, every value is written as RDB
// bytes and read it back instead, so that its encoding is the one that suits the present limits; data and deadlines stay,
// and are never half there: one stripe at a time, one value at a time.
#include <string>
#include <utility>
#include <vector>

#include "codec/payload.h"
#include "command/context.h"
#include "families/debug.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Entry;
using store::Key;

// False: a value of ours cannot be read back, which is our mistake and is told as such.
bool RebuildShard(Context& ctx, store::DbIndex db, const store::Shard& shard) {
  const codec::EncodingLimits limits(ctx.settings());
  std::vector<std::string> names;
  shard.table().ForEach([&names](const Entry* entry) { names.emplace_back(entry->key()); });
  for (const std::string& name : names) {
    Key key = Key::Of(name);
    Entry* entry = ctx.transaction().Find(db, key, store::Access::kPeek);
    if (!entry) continue;
    base::Result<store::Value> value = codec::RestoreValue(codec::DumpValue(*entry, limits, false), limits);
    if (!value) return false;
    ctx.transaction().Put(db, key, entry, *std::move(value));
  }
  return true;
}

void Rebuild(Context& ctx) {
  for (size_t i = 0; i < store::kStripeCount; ++i) {
    if (!ctx.Visit(i)) return;
    bool done = true;
    for (size_t db = 0; db < ctx.keyspace().databases() && done; ++db) {
      auto index = static_cast<store::DbIndex>(db);
      if (const store::Shard* shard = ctx.keyspace().stripe(i).FindShard(index)) done = RebuildShard(ctx, index, *shard);
    }
    ctx.Leave(i);
    if (!done) return ctx.reply().Error("ERR Error trying to load the RDB dump, check server logs.");
  }
  ctx.reply().Ok();
}

}  // namespace

void DebugLoadAof(Context& ctx) {
  command::AppendFile* file = ctx.services().append_file;
  if (!ctx.in_exec() && !ctx.in_script() && file && ctx.services().persistence && file->HasLog()) {
    base::Status status = file->LoadAgain();
    return status.ok() ? ctx.reply().Ok() : ctx.reply().Error(status);
  }
  Rebuild(ctx);
}

void DebugReload(Context& ctx) {
  command::Persistence::ReloadOptions options;
  for (size_t i = 2; i < ctx.argc(); ++i) {
    if (ctx.ArgIs(i, "merge")) {
      options.merge = true;
    } else if (ctx.ArgIs(i, "noflush")) {
      options.flush = false;
    } else if (ctx.ArgIs(i, "nosave")) {
      options.save = false;
    } else {
      return ctx.reply().Error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.");
    }
  }
  command::Persistence* persistence = ctx.services().persistence;
  if (!persistence) return Rebuild(ctx);
  base::Status status = persistence->Reload(ctx.transaction(), options);
  status.ok() ? ctx.reply().Ok() : ctx.reply().Error(status);
}

}  // namespace tusk::families
