// The world of function libraries: what their code sees while it is loaded, and while its functions run.
//
//   library's globals --__index--> while loading: {redis = {register_function, log, LOG_*, REDIS_VERSION*}}, no more
//                                  while running: the globals that scripts see
// Threads: each interpreter has its own. Owns: nothing.
#pragma once

#include <lua.hpp>
#include <string>
#include <vector>

#include "script/library.h"

namespace tusk::script {

// What one load has registered so far.
struct Registration {
  std::vector<FunctionSpec> functions;
  std::vector<int> references;  // The callbacks, in Lua's registry.
};

// The chunk on top of the stack gets the library's globals. May raise (memory).
void UseLibraryGlobals(lua_State* lua);
// Which of the two worlds libraries see from now on. After the first UseLibraryGlobals().
void ShowLoadingWorld(lua_State* lua, bool loading);

}  // namespace tusk::script
