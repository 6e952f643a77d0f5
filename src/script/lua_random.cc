// math.random and math.randomseed with a state per interpreter (C's rand() has one for the whole process) and the
// 48-bit generator that Redis uses, so that a seeded script draws the same numbers here and there.
#include <cstdint>
#include <cstdlib>

#include "script/lua_host.h"
#include "script/lua_libs.h"

namespace tusk::script {
namespace {

constexpr long kDrawMax = 0x7fffffff;

int Random(lua_State* lua) {
  const long draw = nrand48(HostOf(lua).random_state) % kDrawMax;
  const lua_Number unit = static_cast<lua_Number>(draw) / static_cast<lua_Number>(kDrawMax);
  switch (lua_gettop(lua)) {
    case 0: lua_pushnumber(lua, unit); return 1;
    case 1: {
      const int upper = luaL_checkint(lua, 1);
      luaL_argcheck(lua, 1 <= upper, 1, "interval is empty");
      lua_pushnumber(lua, __builtin_floor(unit * upper) + 1);
      return 1;
    }
    case 2: {
      const int lower = luaL_checkint(lua, 1);
      const int upper = luaL_checkint(lua, 2);
      luaL_argcheck(lua, lower <= upper, 2, "interval is empty");
      lua_pushnumber(lua, __builtin_floor(unit * (static_cast<lua_Number>(upper) - lower + 1)) + lower);
      return 1;
    }
    default: return luaL_error(lua, "wrong number of arguments");
  }
}

int RandomSeed(lua_State* lua) {
  const auto seed = static_cast<uint32_t>(luaL_checkint(lua, 1));
  unsigned short* state = HostOf(lua).random_state;
  state[0] = 0x330E;  // srand48()'s constant.
  state[1] = static_cast<unsigned short>(seed);
  state[2] = static_cast<unsigned short>(seed >> 16);
  return 0;
}

constexpr luaL_Reg kFunctions[] = {{"random", Random}, {"randomseed", RandomSeed}, {nullptr, nullptr}};

}  // namespace

int OpenRandom(lua_State* lua) {
  lua_newtable(lua);
  luaL_register(lua, nullptr, kFunctions);
  return 1;
}

}  // namespace tusk::script
