// The world that scripts see: Lua's harmless functions, the libraries, and nothing that can be modified.
//
// Stock Lua has no read-only tables. Each protected table is therefore seen through a proxy: an empty table whose
// metatable reads from the real one and refuses writes. Functions that bypass metatables (rawget, next, ...) are
// replaced by ones that know proxies; the real tables are reachable by no other way, since the debug, package and
// environment functions are absent. KEYS and ARGV are ordinary tables, new for each run.
//
//   script's globals: proxy --__index--> real globals --__index--> error "nonexistent global variable"
//                                            redis: proxy --__index--> real table of functions
// Threads: each interpreter has its own. Owns: nothing.
#pragma once

#include <lua.hpp>

namespace tusk::script {

// Replaces the globals of a fresh state. May raise (memory), so it runs in protected mode.
int OpenSandbox(lua_State* lua);

// Takes the value on top of the stack as global `name`, past the protection.
void SetProtectedGlobal(lua_State* lua, const char* name);

// Replaces the table on top of the stack by a proxy that refuses writes. May raise (memory).
void ProtectTable(lua_State* lua);

// Fields that the table on top of the stack lacks are errors from now on. May raise (memory).
void RefuseUnknownFields(lua_State* lua);

// Compiles Lua text (never bytecode, which could break the interpreter) and pushes the function, or the message.
// Returns lua_load's status.
int LoadText(lua_State* lua, const char* text, size_t size, const char* chunk_name);

}  // namespace tusk::script
