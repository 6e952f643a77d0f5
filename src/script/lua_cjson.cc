// `cjson` from the distribution, made safe to share: settings that a script changes hold for that run only, and
// results beyond a bound are refused, since the library counts bytes in an int and ends the process beyond.
#include <lua.hpp>

#include "script/lua_host.h"
#include "script/lua_libs.h"

extern "C" {
int luaopen_cjson(lua_State* lua);
}

namespace tusk::script {
namespace {

// The longest text that encode() may have to write: below what an int holds, with room for the buffer's doubling.
constexpr double kEncodedBytesMax = 512.0 * 1024 * 1024;
constexpr double kEscapedByteBytes = 6;  // \u00XX
constexpr double kNumberBytes = 32;

// In the registry: the library's own table, whose functions the wrappers call.
const char kOriginalKey = 0;

constexpr const char* kSettings[] = {"encode_sparse_array",     "encode_max_depth",   "decode_max_depth",
                                     "encode_number_precision", "encode_keep_buffer", "encode_invalid_numbers",
                                     "decode_invalid_numbers"};

double StringBytes(lua_State* lua, int index) {
  return lua_type(lua, index) == LUA_TSTRING
             ? static_cast<double>(lua_objlen(lua, index)) * kEscapedByteBytes + 2
             : kNumberBytes;
}

// An upper bound of the bytes that the top value takes, or anything above the bound. Too deep a nesting is left to
// the library, which refuses it.
double EstimateBytes(lua_State* lua, double bytes) {
  if (!lua_istable(lua, -1)) return bytes + StringBytes(lua, -1);
  if (!lua_checkstack(lua, 3)) return bytes;
  bytes += 2;
  lua_pushnil(lua);
  while (lua_next(lua, -2)) {
    bytes = EstimateBytes(lua, bytes + StringBytes(lua, -2) + 2);
    lua_pop(lua, 1);
    if (bytes > kEncodedBytesMax) {
      lua_pop(lua, 1);
      break;
    }
  }
  return bytes;
}

// A wrapper is a closure over the settings, as the library's functions are, and over the wrapped function. So that can
// be called in the wrapper's own frame, and its errors carry the script's position.
int CallWrapped(lua_State* lua) { return lua_tocfunction(lua, lua_upvalueindex(2))(lua); }

int Encode(lua_State* lua) {
  if (lua_gettop(lua) == 1 && EstimateBytes(lua, 0) > kEncodedBytesMax) {
    return luaL_error(lua, "Cannot serialise, result is too large");
  }
  return CallWrapped(lua);
}

int Setting(lua_State* lua) {
  if (lua_gettop(lua) > 0) HostOf(lua).json_settings_touched = true;
  return CallWrapped(lua);
}

// Replaces field `name` of the table on top by `wrapper` around it.
void Wrap(lua_State* lua, const char* name, lua_CFunction wrapper) {
  lua_getfield(lua, -1, name);
  lua_getupvalue(lua, -1, 1);
  lua_insert(lua, -2);
  lua_pushcclosure(lua, wrapper, 2);
  lua_setfield(lua, -2, name);
}

// cjson.new(): an instance with settings of its own, which die with it.
int New(lua_State* lua) {
  luaopen_cjson(lua);
  Wrap(lua, "encode", Encode);
  return 1;
}

void CallSetting(lua_State* lua, int original, const char* name, int argument_count) {
  lua_getfield(lua, original, name);
  lua_insert(lua, -1 - argument_count);
  lua_call(lua, argument_count, 0);
}

}  // namespace

int OpenCjson(lua_State* lua) {
  luaopen_cjson(lua);
  const int original = lua_gettop(lua);
  lua_pushlightuserdata(lua, const_cast<char*>(&kOriginalKey));
  lua_newtable(lua);
  for (const char* name : kSettings) {
    lua_getfield(lua, original, name);
    lua_setfield(lua, -2, name);
  }
  lua_rawset(lua, LUA_REGISTRYINDEX);

  lua_settop(lua, original);
  for (const char* name : kSettings) Wrap(lua, name, Setting);
  Wrap(lua, "encode", Encode);
  lua_pushcfunction(lua, New);
  lua_setfield(lua, -2, "new");
  return 1;
}

void ResetCjsonSettings(lua_State* lua) {
  lua_pushlightuserdata(lua, const_cast<char*>(&kOriginalKey));
  lua_rawget(lua, LUA_REGISTRYINDEX);
  const int original = lua_gettop(lua);
  lua_pushboolean(lua, false);
  lua_pushinteger(lua, 2);
  lua_pushinteger(lua, 10);
  CallSetting(lua, original, "encode_sparse_array", 3);
  for (const char* name : {"encode_max_depth", "decode_max_depth"}) {
    lua_pushinteger(lua, 1000);
    CallSetting(lua, original, name, 1);
  }
  lua_pushinteger(lua, 14);
  CallSetting(lua, original, "encode_number_precision", 1);
  lua_pushboolean(lua, true);
  CallSetting(lua, original, "encode_keep_buffer", 1);
  lua_pushboolean(lua, false);
  CallSetting(lua, original, "encode_invalid_numbers", 1);
  lua_pushboolean(lua, true);
  CallSetting(lua, original, "decode_invalid_numbers", 1);
  lua_settop(lua, original - 1);
}

}  // namespace tusk::script
