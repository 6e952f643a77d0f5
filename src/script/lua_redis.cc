// The `redis` table: how scripts call commands, build replies and talk to the server.
#include <cmath>
#include <cstring>

#include "base/numbers.h"
#include "script/argument_number.h"
#include "script/lua_convert.h"
#include "script/lua_host.h"
#include "script/lua_libs.h"

namespace tusk::script {
namespace {

// The version of Redis whose scripting interface this is.
constexpr char kInterfaceVersion[] = "7.2.0";
constexpr int kInterfaceVersionNumber = 0x070200;

enum ReplicationFlag : int { kToAppendFile = 1, kToReplicas = 2 };

constexpr char kOutsideRunText[] = "ERR redis.call/pcall can only be called inside a script invocation";

// Scratch larger than this is given back after the call that needed it.
constexpr size_t kArgumentsKeptMax = 4096;

// Collects the stack as command arguments into host.argv: strings where they are, numbers spelled beside. Returns the
// error text, or null.
const char* CollectArguments(lua_State* lua, LuaHost& host) {
  const int count = lua_gettop(lua);
  if (count == 0) return "ERR Please specify at least one argument for this redis lib call";
  if (host.argv.capacity() > kArgumentsKeptMax && static_cast<size_t>(count) < kArgumentsKeptMax) {
    host.argv = {};
    host.number_texts = {};
  }
  host.argv.clear();
  if (host.number_texts.size() < static_cast<size_t>(count) * kArgumentNumberBytesMax) {
    host.number_texts.resize(static_cast<size_t>(count) * kArgumentNumberBytesMax);
  }
  char* text = host.number_texts.data();
  for (int i = 1; i <= count; ++i) {
    switch (lua_type(lua, i)) {
      case LUA_TSTRING: {
        size_t size = 0;
        const char* bytes = lua_tolstring(lua, i, &size);
        host.argv.emplace_back(bytes, size);
        break;
      }
      case LUA_TNUMBER: {
        const size_t size = FormatArgumentNumber(lua_tonumber(lua, i), text);
        host.argv.emplace_back(text, size);
        text += size;
        break;
      }
      default: return "ERR Lua redis lib command arguments must be strings or integers";
    }
  }
  return nullptr;
}

// An error of redis.call() is raised, one of redis.pcall() returned.
int Report(lua_State* lua, bool raise) { return raise ? lua_error(lua) : 1; }

int RunCommand(lua_State* lua, bool raise) {
  LuaHost& host = HostOf(lua);
  if (host.caller == nullptr) return RaiseError(lua, kOutsideRunText);
  if (host.caller->ShouldStop()) return RaiseError(lua, kScriptKilledText);
  if (const char* error = CollectArguments(lua, host)) {
    PushErrorTable(lua, error, false);
    return Report(lua, raise);
  }
  const std::string_view reply = host.caller->Call(host.argv, host.protocol);
  lua_settop(lua, 0);
  PushReply(lua, reply, /*error_counted=*/true);
  return Report(lua, raise && reply.front() == '-');
}

int Call(lua_State* lua) { return RunCommand(lua, true); }
int ProtectedCall(lua_State* lua) { return RunCommand(lua, false); }

int AclCheckCommand(lua_State* lua) {
  LuaHost& host = HostOf(lua);
  if (host.caller == nullptr) return RaiseError(lua, kOutsideRunText);
  if (const char* error = CollectArguments(lua, host)) return RaiseError(lua, error);
  const AclVerdict verdict = host.caller->CheckAcl(host.argv);
  if (verdict == AclVerdict::kUnknownCommand) {
    return RaiseError(lua, "ERR Invalid command passed to redis.acl_check_cmd()");
  }
  lua_pushboolean(lua, verdict == AclVerdict::kAllowed);
  return 1;
}

int ErrorReply(lua_State* lua) {
  if (lua_gettop(lua) != 1 || lua_type(lua, 1) != LUA_TSTRING) {
    PushErrorTable(lua, "ERR wrong number or type of arguments", false);
    return 1;
  }
  size_t size = 0;
  const char* given = lua_tolstring(lua, 1, &size);
  std::string_view text(given, size);
  if (text.starts_with('-')) {
    PushErrorTable(lua, text.substr(1), false);
  } else if (text.find(' ') != text.npos) {
    PushErrorTable(lua, text, false);
  } else {
    // One word is a message without a code.
    std::string& scratch = HostOf(lua).scratch;
    scratch.assign("ERR ").append(text);
    PushErrorTable(lua, scratch, false);
  }
  return 1;
}

int StatusReply(lua_State* lua) {
  if (lua_gettop(lua) != 1 || lua_type(lua, 1) != LUA_TSTRING) {
    PushErrorTable(lua, "ERR wrong number or type of arguments", false);
    return 1;
  }
  lua_createtable(lua, 0, 1);
  lua_pushliteral(lua, "ok");
  lua_pushvalue(lua, 1);
  lua_rawset(lua, -3);
  return 1;
}

int Sha1Hexadecimal(lua_State* lua) {
  if (lua_gettop(lua) != 1) return RaiseError(lua, "ERR wrong number of arguments");
  size_t size = 0;
  const char* bytes = lua_tolstring(lua, 1, &size);
  const Sha1Hex hex = HostOf(lua).sha1.Hex({bytes, bytes == nullptr ? 0 : size});
  lua_pushlstring(lua, hex.data(), hex.size());
  return 1;
}

int Log(lua_State* lua) {
  const int count = lua_gettop(lua);
  if (count < 2) return RaiseError(lua, "ERR redis.log() requires two arguments or more.");
  if (!lua_isnumber(lua, 1)) return RaiseError(lua, "ERR First argument must be a number (log level).");
  const lua_Number level = lua_tonumber(lua, 1);
  if (!(level >= 0 && level <= static_cast<int>(LogLevel::kWarning))) {
    return RaiseError(lua, "ERR Invalid debug level.");
  }
  LuaHost& host = HostOf(lua);
  host.scratch.clear();
  for (int i = 2; i <= count; ++i) {
    size_t size = 0;
    const char* text = lua_tolstring(lua, i, &size);
    if (text == nullptr) continue;  // Only strings and numbers are logged.
    if (i > 2) host.scratch.push_back(' ');
    host.scratch.append(text, size);
  }
  if (host.caller != nullptr) host.caller->Log(static_cast<LogLevel>(static_cast<int>(level)), host.scratch);
  return 0;
}

int SetResp(lua_State* lua) {
  if (lua_gettop(lua) != 1) return RaiseError(lua, "ERR redis.setresp() requires one argument.");
  const lua_Number protocol = lua_tonumber(lua, 1);
  if (protocol != 2 && protocol != 3) return RaiseError(lua, "ERR RESP version must be 2 or 3.");
  HostOf(lua).protocol = static_cast<int>(protocol);
  return 0;
}

int SetReplication(lua_State* lua) {
  if (lua_gettop(lua) != 1) return RaiseError(lua, "ERR redis.set_repl() requires two arguments.");
  const lua_Number given = lua_tonumber(lua, 1);
  if (!(given >= 0 && given <= (kToAppendFile | kToReplicas))) {
    return RaiseError(lua,
                      "ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.");
  }
  const int flags = static_cast<int>(given);
  LuaHost& host = HostOf(lua);
  if (host.caller != nullptr) {
    host.caller->SetReplication((flags & kToAppendFile) != 0, (flags & kToReplicas) != 0);
  }
  return 0;
}

// Scripts are always replicated by their effects, so there is nothing to switch on.
int ReplicateCommands(lua_State* lua) {
  lua_pushboolean(lua, true);
  return 1;
}

// There is no debugger attached.
int Breakpoint(lua_State* lua) {
  lua_pushboolean(lua, false);
  return 1;
}
int Debug(lua_State*) { return 0; }

constexpr luaL_Reg kFunctions[] = {{"call", Call},
                                   {"pcall", ProtectedCall},
                                   {"acl_check_cmd", AclCheckCommand},
                                   {"error_reply", ErrorReply},
                                   {"status_reply", StatusReply},
                                   {"sha1hex", Sha1Hexadecimal},
                                   {"log", Log},
                                   {"setresp", SetResp},
                                   {"set_repl", SetReplication},
                                   {"replicate_commands", ReplicateCommands},
                                   {"breakpoint", Breakpoint},
                                   {"debug", Debug},
                                   {nullptr, nullptr}};

void SetInteger(lua_State* lua, const char* name, int value) {
  lua_pushinteger(lua, value);
  lua_setfield(lua, -2, name);
}

}  // namespace

int OpenRedis(lua_State* lua) {
  lua_newtable(lua);
  luaL_register(lua, nullptr, kFunctions);
  SetInteger(lua, "LOG_DEBUG", static_cast<int>(LogLevel::kDebug));
  SetInteger(lua, "LOG_VERBOSE", static_cast<int>(LogLevel::kVerbose));
  SetInteger(lua, "LOG_NOTICE", static_cast<int>(LogLevel::kNotice));
  SetInteger(lua, "LOG_WARNING", static_cast<int>(LogLevel::kWarning));
  SetInteger(lua, "REPL_NONE", 0);
  SetInteger(lua, "REPL_AOF", kToAppendFile);
  SetInteger(lua, "REPL_SLAVE", kToReplicas);
  SetInteger(lua, "REPL_REPLICA", kToReplicas);
  SetInteger(lua, "REPL_ALL", kToAppendFile | kToReplicas);
  lua_pushstring(lua, kInterfaceVersion);
  lua_setfield(lua, -2, "REDIS_VERSION");
  SetInteger(lua, "REDIS_VERSION_NUM", kInterfaceVersionNumber);
  return 1;
}

}  // namespace tusk::script
