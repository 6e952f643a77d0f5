// Functions of stock Lua 5.1 that a script could use to crash or stall the process, with the missing bound added.
#include <cstring>
#include <initializer_list>

#include "script/lua_libs.h"

namespace tusk::script {
namespace {

// string.rep's result; Lua's own appends piece by piece, for seconds, and can't be stopped meanwhile.
constexpr size_t kRepeatedBytesMax = size_t{512} << 20;
// The matcher recurses once per pattern item; stock Lua has no bound on that.
constexpr size_t kPatternBytesMax = 32 * 1024;

// Stock unpack() computes the count in an int that can overflow.
int Unpack(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  const int first = luaL_optint(lua, 2, 1);
  const int last = lua_isnoneornil(lua, 3) ? luaL_getn(lua, 1) : luaL_checkint(lua, 3);
  if (first > last) return 0;
  const long long count = static_cast<long long>(last) - first + 1;
  if (count > LUAI_MAXCSTACK || !lua_checkstack(lua, static_cast<int>(count))) {
    return luaL_error(lua, "too many results to unpack");
  }
  for (long long i = 0; i < count; ++i) lua_rawgeti(lua, 1, static_cast<int>(first + i));
  return static_cast<int>(count);
}

int Repeat(lua_State* lua) {
  size_t size = 0;
  const char* text = luaL_checklstring(lua, 1, &size);
  const int times = luaL_checkint(lua, 2);
  if (times <= 0 || size == 0) {
    lua_pushliteral(lua, "");
    return 1;
  }
  if (size > kRepeatedBytesMax / static_cast<size_t>(times)) {
    return luaL_error(lua, "resulting string too large");
  }
  const size_t total = size * static_cast<size_t>(times);
  auto* out = static_cast<char*>(lua_newuserdata(lua, total));
  std::memcpy(out, text, size);
  for (size_t done = size; done < total;) {
    const size_t piece = done < total - done ? done : total - done;
    std::memcpy(out + done, out, piece);
    done += piece;
  }
  lua_pushlstring(lua, out, total);
  return 1;
}

// Upvalue 1: the stock function.
int CheckPattern(lua_State* lua) {
  if (lua_type(lua, 2) == LUA_TSTRING && lua_objlen(lua, 2) > kPatternBytesMax) {
    return luaL_error(lua, "pattern too complex");
  }
  return lua_tocfunction(lua, lua_upvalueindex(1))(lua);
}

// The collector can be asked and driven, not stopped or slowed, since the interpreter outlives the script.
int CollectGarbage(lua_State* lua) {
  const char* option = luaL_optstring(lua, 1, "collect");
  for (const char* refused : {"stop", "setpause", "setstepmul"}) {
    if (std::strcmp(option, refused) != 0) continue;
    lua_pushinteger(lua, 0);
    return 1;
  }
  return lua_tocfunction(lua, lua_upvalueindex(1))(lua);
}

// field = closure of `wrapper` over the field's function, in the table at `table` (absolute).
void Wrap(lua_State* lua, int table, const char* field, lua_CFunction wrapper) {
  lua_getfield(lua, table, field);
  lua_pushcclosure(lua, wrapper, 1);
  lua_setfield(lua, table, field);
}

}  // namespace

int BoundStockFunctions(lua_State* lua) {
  lua_pushcfunction(lua, Unpack);
  lua_setglobal(lua, "unpack");
  Wrap(lua, LUA_GLOBALSINDEX, "collectgarbage", CollectGarbage);
  lua_getglobal(lua, LUA_STRLIBNAME);
  const int strings = lua_gettop(lua);
  for (const char* name : {"find", "match", "gmatch", "gfind", "gsub"}) Wrap(lua, strings, name, CheckPattern);
  lua_pushcfunction(lua, Repeat);
  lua_setfield(lua, strings, "rep");
  return 0;
}

}  // namespace tusk::script
