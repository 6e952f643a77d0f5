// redis.register_function() and the globals of libraries.
#include "script/lua_library.h"

#include "base/text.h"
#include "script/lua_host.h"
#include "script/lua_libs.h"
#include "script/lua_sandbox.h"

namespace tusk::script {
namespace {

// In Lua's registry, by address: {globals, metatable of globals, loading world}.
const char kGlobalsKey = 0;
const char kMetatableKey = 0;
const char kLoadingKey = 0;

constexpr char kWrongCount[] = "ERR wrong number of arguments to redis.register_function";

void Keep(lua_State* lua, const char& key) {
  lua_pushlightuserdata(lua, const_cast<char*>(&key));
  lua_insert(lua, -2);
  lua_rawset(lua, LUA_REGISTRYINDEX);
}

void Recall(lua_State* lua, const char& key) {
  lua_pushlightuserdata(lua, const_cast<char*>(&key));
  lua_rawget(lua, LUA_REGISTRYINDEX);
}

// Where the arguments are on the stack; 0: not given.
struct Places {
  int name = 0;
  int callback = 0;
  int description = 0;
  int flags = 0;
};

// The fields of the table at 1 are pushed one after the other. Null, or the error.
const char* ReadNamedArguments(lua_State* lua, Places& places) {
  constexpr int kTable = 1;
  lua_settop(lua, 1);
  luaL_checkstack(lua, 8, "too many arguments");
  lua_pushnil(lua);
  while (lua_next(lua, kTable) != 0) {
    if (lua_type(lua, -2) != LUA_TSTRING) {
      return "ERR named argument key given to redis.register_function is not a string";
    }
    const std::string_view key = lua_tostring(lua, -2);
    const int value = lua_gettop(lua);
    if (key == "function_name") {
      if (!lua_isstring(lua, value)) {
        return "ERR function_name argument given to redis.register_function must be a string";
      }
      places.name = value;
    } else if (key == "description") {
      if (!lua_isstring(lua, value)) {
        return "ERR description argument given to redis.register_function must be a string";
      }
      places.description = value;
    } else if (key == "callback") {
      if (!lua_isfunction(lua, value)) {
        return "ERR callback argument given to redis.register_function must be a function";
      }
      places.callback = value;
    } else if (key == "flags") {
      if (!lua_istable(lua, value)) {
        return "ERR flags argument to redis.register_function must be a table representing function flags";
      }
      places.flags = value;
    } else {
      return "ERR unknown argument given to redis.register_function";
    }
    lua_pushvalue(lua, -2);  // The value stays below; the key goes on.
  }
  if (places.name == 0) return "ERR redis.register_function must get a function name argument";
  if (places.callback == 0) return "ERR redis.register_function must get a callback argument";
  return nullptr;
}

const char* ReadArguments(lua_State* lua, Places& places) {
  const int count = lua_gettop(lua);
  if (count < 1 || count > 2) return kWrongCount;
  if (count == 1) {
    if (!lua_istable(lua, 1)) {
      return "ERR calling redis.register_function with a single argument is only applicable to Lua table (representing "
             "named arguments).";
    }
    return ReadNamedArguments(lua, places);
  }
  if (!lua_isstring(lua, 1)) return "ERR first argument to redis.register_function must be a string";
  if (!lua_isfunction(lua, 2)) return "ERR second argument to redis.register_function must be a function";
  places = {.name = 1, .callback = 2};
  return nullptr;
}

// False: there is no such flag.
bool ReadFlags(lua_State* lua, int table, uint32_t& flags) {
  for (int i = 1;; ++i) {
    lua_rawgeti(lua, table, i);
    if (lua_isnil(lua, -1)) break;
    const uint32_t flag = lua_type(lua, -1) == LUA_TSTRING ? FlagOfName(lua_tostring(lua, -1)) : 0;
    if (flag == 0) return false;
    flags |= flag;
    lua_pop(lua, 1);
  }
  lua_pop(lua, 1);
  return true;
}

std::string_view TextAt(lua_State* lua, int index) {
  size_t size = 0;
  const char* bytes = lua_tolstring(lua, index, &size);
  return {bytes, size};
}

// Null, or the error. Raises nothing, so that it may have locals with destructors.
const char* AddFunction(Registration& registration, std::string_view name, std::string_view description,
                        bool described, uint32_t flags, int reference) {
  if (!CheckLibraryName(name).ok()) {
    return "ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one character "
           "long";
  }
  for (const FunctionSpec& known : registration.functions) {
    if (base::EqualsIgnoreCase(known.name, name)) return "ERR Function already exists in the library";
  }
  FunctionSpec spec{std::string(name), {}, flags};
  if (described) spec.description = std::string(description);
  registration.functions.push_back(std::move(spec));
  registration.references.push_back(reference);
  return nullptr;
}

int RegisterFunction(lua_State* lua) {
  Registration* registration = HostOf(lua).registration;
  if (registration == nullptr) {
    return RaiseError(lua, "ERR redis.register_function can only be called on FUNCTION LOAD command");
  }
  Places places;
  if (const char* error = ReadArguments(lua, places)) return RaiseError(lua, error);
  uint32_t flags = 0;
  if (places.flags != 0 && !ReadFlags(lua, places.flags, flags)) return RaiseError(lua, "ERR unknown flag given");
  const std::string_view name = TextAt(lua, places.name);
  const std::string_view description = places.description == 0 ? "" : TextAt(lua, places.description);
  lua_pushvalue(lua, places.callback);
  const int reference = luaL_ref(lua, LUA_REGISTRYINDEX);
  const char* error = AddFunction(*registration, name, description, places.description != 0, flags, reference);
  if (error == nullptr) return 0;
  luaL_unref(lua, LUA_REGISTRYINDEX, reference);
  return RaiseError(lua, error);
}

// Pushes the table `redis` that code being loaded sees.
void PushLoadingApi(lua_State* lua) {
  lua_newtable(lua);
  lua_pushcfunction(lua, OpenRedis);
  lua_call(lua, 0, 1);
  for (const char* name : {"log", "LOG_DEBUG", "LOG_VERBOSE", "LOG_NOTICE", "LOG_WARNING", "REDIS_VERSION",
                           "REDIS_VERSION_NUM"}) {
    lua_getfield(lua, -1, name);
    lua_setfield(lua, -3, name);
  }
  lua_pop(lua, 1);
  lua_pushcfunction(lua, RegisterFunction);
  lua_setfield(lua, -2, "register_function");
  RefuseUnknownFields(lua);
  ProtectTable(lua);
}

void OpenLibraryWorld(lua_State* lua) {
  lua_newtable(lua);
  PushLoadingApi(lua);
  lua_setfield(lua, -2, "redis");
  RefuseUnknownFields(lua);
  Keep(lua, kLoadingKey);

  lua_newtable(lua);
  ProtectTable(lua);
  lua_getmetatable(lua, -1);
  Keep(lua, kMetatableKey);
  Keep(lua, kGlobalsKey);
}

}  // namespace

void UseLibraryGlobals(lua_State* lua) {
  Recall(lua, kGlobalsKey);
  if (lua_isnil(lua, -1)) {
    lua_pop(lua, 1);
    OpenLibraryWorld(lua);
    Recall(lua, kGlobalsKey);
  }
  lua_setfenv(lua, -2);
}

void ShowLoadingWorld(lua_State* lua, bool loading) {
  Recall(lua, kMetatableKey);
  if (loading) {
    Recall(lua, kLoadingKey);
  } else {
    lua_pushvalue(lua, LUA_GLOBALSINDEX);
  }
  lua_setfield(lua, -2, "__index");
  lua_pop(lua, 1);
}

}  // namespace tusk::script
