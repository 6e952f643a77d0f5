// ACL: the users and what they may do. AUTH and HELLO are in connection_commands.cc.
#include "engine/acl_commands.h"

#include <algorithm>
#include <string>

#include "base/log.h"
#include "base/random.h"
#include "command/command_table.h"
#include "command/help.h"
#include "command/spec_names.h"
#include "command/worker.h"
#include "engine/acl_file.h"
#include "engine/engine_of.h"

namespace tusk::engine {
namespace {

using command::Context;

constexpr int64_t kPasswordBitsDefault = 256;
constexpr int64_t kPasswordBitsMax = 4096;
constexpr int kBitsPerDigit = 4;
constexpr int64_t kLogEntriesDefault = 10;

UserTable& UsersOf(Context& ctx) { return EngineOf(ctx).users(); }

void WrongSubcommand(Context& ctx) {
  ctx.reply().Error("ERR unknown subcommand or wrong number of arguments for '" + std::string(command::UpToZeroByte(ctx.arg(1))) +
                    "'. Try ACL HELP.");
}

template <typename Names>
void ReplyNames(Context& ctx, const Names& names) {
  ctx.reply().ArrayHeader(names.size());
  for (const auto& name : names) ctx.reply().Bulk(name);
}

// The path of the file of users; empty after the error reply.
std::string FileOf(Context& ctx) {
  std::string path = EngineOf(ctx).config().Text("aclfile");
  if (path.empty()) {
    ctx.reply().Error(
        "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER "
        "command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store "
        "users in the Redis configuration.");
  }
  return path;
}

std::string_view NameOf(AclReason reason) noexcept {
  switch (reason) {
    case AclReason::kAuth: return "auth";
    case AclReason::kCommand: return "command";
    case AclReason::kKey: return "key";
    case AclReason::kChannel: return "channel";
  }
  return {};
}

std::string_view NameOf(command::AccessContext context) noexcept {
  switch (context) {
    case command::AccessContext::kTopLevel: return "toplevel";
    case command::AccessContext::kMulti: return "multi";
    case command::AccessContext::kScript: return "lua";
    case command::AccessContext::kModule: return "module";
  }
  return {};
}

void ReplyLogEntry(resp::Reply& reply, const AclLogEntry& entry, int64_t now_ms) {
  reply.MapHeader(10);
  auto text = [&](std::string_view name, std::string_view value) {
    reply.Bulk(name);
    reply.Bulk(value);
  };
  auto number = [&](std::string_view name, int64_t value) {
    reply.Bulk(name);
    reply.Integer(value);
  };
  number("count", static_cast<int64_t>(entry.count));
  text("reason", NameOf(entry.reason));
  text("context", NameOf(entry.context));
  text("object", entry.object);
  text("username", entry.user);
  reply.Bulk("age-seconds");
  reply.Double(static_cast<double>(now_ms - entry.updated_ms) / 1000);
  text("client-info", std::string_view(entry.client).substr(0, entry.client.find('\n')));
  number("entry-id", static_cast<int64_t>(entry.id));
  number("timestamp-created", entry.created_ms);
  number("timestamp-last-updated", entry.updated_ms);
}

void ReplyPermissions(resp::Reply& reply, const command::Selector& selector) {
  reply.Bulk("commands");
  reply.Bulk(DescribeCommands(selector));
  reply.Bulk("keys");
  reply.Bulk(DescribeKeys(selector));
  reply.Bulk("channels");
  reply.Bulk(DescribeChannels(selector));
}

}  // namespace

void CmdAclCat(Context& ctx) {
  if (ctx.argc() > 3) return WrongSubcommand(ctx);
  std::vector<std::string_view> names;
  if (ctx.argc() == 2) {
    for (const command::BitName& category : command::CategoryNames()) names.push_back(category.name);
    return ReplyNames(ctx, names);
  }
  const uint32_t category = command::CategoryByName(ctx.arg(2));
  if (category == 0) return ctx.reply().Error("ERR Unknown category '" + std::string(command::UpToZeroByte(ctx.arg(2))) + "'");
  for (const command::Command& command : EngineOf(ctx).commands().all()) {
    if ((command.categories & category) && command.handler) names.push_back(command.full_name);
  }
  ReplyNames(ctx, names);
}

void CmdAclDeluser(Context& ctx) {
  int64_t deleted = 0;
  for (std::string_view name : ctx.args().subspan(2)) {
    if (name == UserTable::kDefault) return ctx.reply().Error("ERR The 'default' user cannot be removed");
    if (UsersOf(ctx).Delete(name, ctx.session().id)) ++deleted;
  }
  ctx.reply().Integer(deleted);
}

void CmdAclDryrun(Context& ctx) {
  const std::shared_ptr<const command::Rights> rights = UsersOf(ctx).RightsOf(ctx.arg(2));
  if (!rights) return ctx.reply().Error("ERR User '" + std::string(command::UpToZeroByte(ctx.arg(2))) + "' not found");
  const auto argv = ctx.args().subspan(3);
  const command::Command* command = EngineOf(ctx).commands().Resolve(argv);
  if (command == nullptr || command->LacksSubcommand(argv.size())) {
    return ctx.reply().Error("ERR Command '" + std::string(command::UpToZeroByte(argv[0])) + "' not found");
  }
  if (!command->AcceptsCount(argv.size())) return ctx.reply().Error(command::WrongArityError(*command));
  const command::Verdict verdict = rights->Judge(*command, argv, ctx.worker().key_refs);
  if (verdict.allowed()) return ctx.reply().Ok();
  ctx.reply().Bulk(command::DenialText(verdict, rights->user, *command, argv, true));
}

void CmdAclGenpass(Context& ctx) {
  if (ctx.argc() > 3) return WrongSubcommand(ctx);
  int64_t bits = kPasswordBitsDefault;
  if (ctx.argc() == 3) {
    auto wanted = ctx.Integer(2);
    if (!wanted) return;
    if (*wanted <= 0 || *wanted > kPasswordBitsMax) {
      return ctx.reply().Error(
          "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to " +
          std::to_string(kPasswordBitsMax));
    }
    bits = *wanted;
  }
  ctx.reply().Bulk(base::SecureRandomHex(static_cast<size_t>((bits + kBitsPerDigit - 1) / kBitsPerDigit)));
}

void CmdAclGetuser(Context& ctx) {
  const std::optional<UserRules> user = UsersOf(ctx).Find(ctx.arg(2));
  if (!user) return ctx.reply().Null();
  resp::Reply& reply = ctx.reply();
  reply.MapHeader(6);
  reply.Bulk("flags");
  const std::vector<std::string_view> flags = UserFlags(*user);
  reply.SetHeader(flags.size());
  for (std::string_view flag : flags) reply.Bulk(flag);
  reply.Bulk("passwords");
  ReplyNames(ctx, user->passwords);
  ReplyPermissions(reply, user->selectors.front());
  reply.Bulk("selectors");
  reply.ArrayHeader(user->selectors.size() - 1);
  for (size_t i = 1; i < user->selectors.size(); ++i) {
    reply.MapHeader(3);
    ReplyPermissions(reply, user->selectors[i]);
  }
}

void CmdAclHelp(Context& ctx) { command::ReplyHelp(ctx); }

void CmdAclList(Context& ctx) { ReplyNames(ctx, UsersOf(ctx).Lines()); }

void CmdAclLoad(Context& ctx) {
  const std::string path = FileOf(ctx);
  if (path.empty()) return;
  if (base::Status status = LoadAclFile(UsersOf(ctx), path, ctx.session().id); !status.ok()) {
    return ctx.reply().Error("ERR " + status.message());
  }
  ctx.reply().Ok();
}

void CmdAclLog(Context& ctx) {
  if (ctx.argc() > 3) return WrongSubcommand(ctx);
  int64_t count = kLogEntriesDefault;
  if (ctx.argc() == 3) {
    if (ctx.ArgIs(2, "reset")) {
      UsersOf(ctx).log().Clear();
      return ctx.reply().Ok();
    }
    auto wanted = ctx.Integer(2);
    if (!wanted) return;
    count = std::max<int64_t>(*wanted, 0);
  }
  const std::vector<AclLogEntry> entries = UsersOf(ctx).log().Latest(static_cast<size_t>(count));
  const int64_t now_ms = ctx.keyspace().clock().UnixMillis();
  ctx.reply().ArrayHeader(entries.size());
  for (const AclLogEntry& entry : entries) ReplyLogEntry(ctx.reply(), entry, now_ms);
}

void CmdAclSave(Context& ctx) {
  const std::string path = FileOf(ctx);
  if (path.empty()) return;
  if (base::Status status = SaveAclFile(UsersOf(ctx), path); !status.ok()) {
    if (base::Logger* log = EngineOf(ctx).scripts().log()) log->Warning("{}", status.message());
    return ctx.reply().Error(
        "ERR There was an error trying to save the ACLs. Please check the server logs for more information");
  }
  ctx.reply().Ok();
}

void CmdAclSetuser(Context& ctx) {
  base::Status status = UsersOf(ctx).Set(ctx.arg(2), ctx.args().subspan(3), ctx.session().id);
  if (!status.ok()) return ctx.reply().Error(status);
  ctx.reply().Ok();
}

void CmdAclUsers(Context& ctx) { ReplyNames(ctx, UsersOf(ctx).Names()); }

void CmdAclWhoami(Context& ctx) { ctx.reply().Bulk(ctx.session().user); }

}  // namespace tusk::engine
