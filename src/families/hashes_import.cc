// HIMPORT: many hashes with the same fields, whose names the connection tells once. After the documentation of Redis 8.10.
//
// What it makes are hashes like others. Redis stores the names of their fields once for all of them, Tusk with each.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "command/context.h"
#include "families/hashes.h"
#include "families/limits.h"
#include "types/hash.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Key;
using types::Hash;

using Fieldset = std::vector<std::string>;

size_t BytesOf(std::string_view name, const Fieldset& fields) noexcept {
  size_t bytes = sizeof(std::pair<std::string, Fieldset>) + name.size();
  for (const std::string& field : fields) bytes += sizeof(std::string) + field.size();
  return bytes;
}

bool Forget(command::Session& session, std::string_view name) {
  auto found = session.fieldsets.find(name);
  if (found == session.fieldsets.end()) return false;
  const size_t bytes = BytesOf(found->first, found->second);
  DCHECK(session.fieldset_bytes >= bytes);
  session.fieldset_bytes -= bytes;
  session.fieldsets.erase(found);
  return true;
}

}  // namespace

void CmdHimportPrepare(Context& ctx) {
  constexpr size_t kFirstField = 3;
  const std::string_view name = ctx.arg(2);
  Fieldset fields(ctx.args().begin() + kFirstField, ctx.args().end());
  std::vector<std::string_view> sorted(fields.begin(), fields.end());
  std::ranges::sort(sorted);
  if (std::ranges::adjacent_find(sorted) != sorted.end()) {
    return ctx.reply().Error("ERR duplicate field name in fieldset");
  }
  command::Session& session = ctx.session();
  Forget(session, name);
  session.fieldset_bytes += BytesOf(name, fields);
  session.fieldsets.emplace(name, std::move(fields));
  ctx.reply().Ok();
}

void CmdHimportSet(Context& ctx) {
  constexpr size_t kFirstValue = 4;
  auto fieldset = ctx.session().fieldsets.find(ctx.arg(3));
  if (fieldset == ctx.session().fieldsets.end()) return ctx.reply().Error("ERR no such fieldset");
  const Fieldset& fields = fieldset->second;
  if (ctx.argc() - kFirstValue != fields.size()) {
    return ctx.reply().Error("ERR value count does not match the number of fields in the fieldset");
  }
  const Key key = ctx.key(2);
  command::Found<Hash> found = ctx.Write<Hash>(key);
  if (found.wrong_type) return;
  const types::HashLimits limits = HashLimitsOf(ctx.settings());
  Hash hash;
  hash.Expect(fields.size(), limits);
  // Followers have no fieldset: they hear of a hash that is set anew.
  std::vector<std::string_view> record = {"HSET", key.text};
  for (size_t i = 0; i < fields.size(); ++i) {
    hash.Put(fields[i], ctx.arg(kFirstValue + i), limits);
    record.insert(record.end(), {fields[i], ctx.arg(kFirstValue + i)});
  }
  DCHECK(hash.size() == fields.size());
  store::Entry* entry = found ? ctx.Lookup(key, store::Access::kPeek) : nullptr;
  if (entry) ctx.RecordAs({"DEL", key.text});
  ctx.Replace(key, entry, store::Value::Object(std::make_unique<Hash>(std::move(hash))));
  ctx.Modified(key, store::kEventHash, "hset");
  ctx.transaction().AddDirty(fields.size() - 1);
  ctx.RecordAs(record);
  ctx.reply().Ok();
}

void CmdHimportDiscard(Context& ctx) { ctx.reply().Integer(Forget(ctx.session(), ctx.arg(2)) ? 1 : 0); }

void CmdHimportDiscardall(Context& ctx) {
  ctx.reply().Integer(static_cast<int64_t>(ctx.session().fieldsets.size()));
  ctx.session().fieldsets.clear();
  ctx.session().fieldset_bytes = 0;
}

}  // namespace tusk::families
