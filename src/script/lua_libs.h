// The libraries that scripts find beside Lua's own. Each opener pushes its table, as luaopen_* do.
// `cjson` and `bit` come from the distribution; `struct` and `cmsgpack` have no package and are written here, to the
// behaviour that scripts know from Redis.
// Threads: each interpreter has its own tables. Owns: nothing.
#pragma once

#include <lua.hpp>

namespace tusk::script {

int OpenCjson(lua_State* lua);
int OpenCmsgpack(lua_State* lua);
int OpenStruct(lua_State* lua);
int OpenRandom(lua_State* lua);  // {random, randomseed}: replaces math's, whose state is the whole process'.
int OpenRedis(lua_State* lua);   // The `redis` table.

// Replaces functions of the stock libraries that lack a bound. Before the sandbox takes them over.
int BoundStockFunctions(lua_State* lua);

// Puts cjson's settings back to their defaults if a script changed them, so that what one script sets does not depend
// on which interpreter the next one gets.
void ResetCjsonSettings(lua_State* lua);

}  // namespace tusk::script
