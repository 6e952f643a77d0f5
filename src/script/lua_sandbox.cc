#include "script/lua_sandbox.h"

#include <cstring>

#include "script/lua_host.h"
#include "script/lua_libs.h"

extern "C" {
int luaopen_bit(lua_State* lua);
}

namespace tusk::script {
namespace {

// Keys by address, which no script can spell. In a proxy's metatable: the real table, and what getmetatable() shows.
const char kTargetKey = 0;
const char kShownKey = 0;
// In the registry: the real globals, and what getmetatable("") shows.
const char kGlobalsKey = 0;
const char kStringShownKey = 0;

constexpr char kReadonlyText[] = "Attempt to modify a readonly table";

constexpr const char* kAllowedFunctions[] = {
    "assert", "collectgarbage", "error",  "gcinfo",   "ipairs", "rawequal",
    "select", "tonumber",       "tostring", "type",   "unpack", "xpcall"};

void* KeyOf(const char& key) { return const_cast<char*>(&key); }

void RawGetKey(lua_State* lua, int index, const char& key) {
  if (index < 0 && index > LUA_REGISTRYINDEX) --index;  // The key goes on top.
  lua_pushlightuserdata(lua, KeyOf(key));
  lua_rawget(lua, index);
}

// Table at `table` (absolute) [key] = top value, which is popped.
void RawSetKey(lua_State* lua, int table, const char& key) {
  lua_pushlightuserdata(lua, KeyOf(key));
  lua_insert(lua, -2);
  lua_rawset(lua, table);
}

// Is the value at `index` (absolute) a proxy? Pushes its metatable's entry for `key` if so. Cheap for plain tables.
bool PushOfProxy(lua_State* lua, int index, const char& key) {
  if (lua_type(lua, index) != LUA_TTABLE || !lua_getmetatable(lua, index)) return false;
  RawGetKey(lua, -1, kTargetKey);
  if (!lua_istable(lua, -1)) {
    lua_pop(lua, 2);
    return false;
  }
  if (&key != &kTargetKey) {
    lua_pop(lua, 1);
    RawGetKey(lua, -1, key);
  }
  lua_remove(lua, -2);
  return true;
}

bool IsProxy(lua_State* lua, int index) {
  if (!PushOfProxy(lua, index, kTargetKey)) return false;
  lua_pop(lua, 1);
  return true;
}

// An assignment: raised with the script's position.
int RefuseAssignment(lua_State* lua) { return luaL_error(lua, kReadonlyText); }

// A function that was given a protected table: raised without.
int RefuseModification(lua_State* lua) {
  lua_pushstring(lua, kReadonlyText);
  return lua_error(lua);
}

int RefuseUnknownGlobal(lua_State* lua) {
  const char* name = lua_isstring(lua, 2) ? lua_tostring(lua, 2) : luaL_typename(lua, 2);
  return luaL_error(lua, "Script attempted to access nonexistent global variable '%s'", name);
}

// Replaces the table on top by a proxy for it.
void WrapInProxy(lua_State* lua) {
  const int target = lua_gettop(lua);
  lua_newtable(lua);
  lua_createtable(lua, 0, 4);
  const int metatable = lua_gettop(lua);
  lua_pushvalue(lua, target);
  lua_setfield(lua, metatable, "__index");
  lua_pushcfunction(lua, RefuseAssignment);
  lua_setfield(lua, metatable, "__newindex");
  lua_pushvalue(lua, target);
  RawSetKey(lua, metatable, kTargetKey);
  lua_setmetatable(lua, -2);
  lua_replace(lua, target);
}

// --- Replacements of functions that bypass metatables. -------------------------------------------------------------

int Next(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  lua_settop(lua, 2);
  if (PushOfProxy(lua, 1, kTargetKey)) lua_replace(lua, 1);
  if (lua_next(lua, 1)) return 2;
  lua_pushnil(lua);
  return 1;
}

int Pairs(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  lua_pushvalue(lua, lua_upvalueindex(1));
  lua_pushvalue(lua, 1);
  lua_pushnil(lua);
  return 3;
}

int RawGet(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  luaL_checkany(lua, 2);
  lua_settop(lua, 2);
  if (PushOfProxy(lua, 1, kTargetKey)) lua_replace(lua, 1);
  lua_rawget(lua, 1);
  return 1;
}

int RawSet(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  luaL_checkany(lua, 2);
  luaL_checkany(lua, 3);
  lua_settop(lua, 3);
  if (IsProxy(lua, 1)) return RefuseModification(lua);
  lua_rawset(lua, 1);
  return 1;
}

int GetMetatable(lua_State* lua) {
  luaL_checkany(lua, 1);
  if (lua_type(lua, 1) == LUA_TSTRING) {
    RawGetKey(lua, LUA_REGISTRYINDEX, kStringShownKey);
    return 1;
  }
  if (PushOfProxy(lua, 1, kShownKey)) return 1;
  if (!lua_getmetatable(lua, 1)) {
    lua_pushnil(lua);
    return 1;
  }
  luaL_getmetafield(lua, 1, "__metatable");
  return 1;  // That field if there is one, else the metatable.
}

int SetMetatable(lua_State* lua) {
  const int type = lua_type(lua, 2);
  luaL_checktype(lua, 1, LUA_TTABLE);
  luaL_argcheck(lua, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table expected");
  if (IsProxy(lua, 1)) return RefuseModification(lua);
  if (luaL_getmetafield(lua, 1, "__metatable")) return luaL_error(lua, "cannot change a protected metatable");
  // A protected table as metatable would let its fields act as metamethods only; it can't be modified by that.
  lua_settop(lua, 2);
  lua_setmetatable(lua, 1);
  return 1;
}

// table.insert; the original is the upvalue. table.sort and table.remove find nothing to modify in a proxy.
int TableInsert(lua_State* lua) {
  if (IsProxy(lua, 1)) return RefuseModification(lua);
  return lua_tocfunction(lua, lua_upvalueindex(1))(lua);
}

// As Lua's, but an error that is {err = text} arrives as the text, so that scripts can print what they caught.
int ProtectedCall(lua_State* lua) {
  luaL_checkany(lua, 1);
  const int status = lua_pcall(lua, lua_gettop(lua) - 1, LUA_MULTRET, 0);
  if (status != 0 && lua_istable(lua, -1)) {
    lua_pushliteral(lua, "err");
    lua_rawget(lua, -2);
    if (lua_type(lua, -1) == LUA_TSTRING) {
      lua_replace(lua, -2);
    } else {
      lua_pop(lua, 1);
    }
  }
  if (!lua_checkstack(lua, 1)) {
    lua_settop(lua, 0);
    lua_pushboolean(lua, false);
    lua_pushliteral(lua, "stack overflow");
    return 2;
  }
  lua_pushboolean(lua, status == 0);
  lua_insert(lua, 1);
  return lua_gettop(lua);
}

// --- Compilation: text only. ---------------------------------------------------------------------------------------

struct TextPiece {
  const char* text;
  size_t size;
  bool blank_first;
};

// Lua takes a chunk that starts with ESC for bytecode. A blank in front makes it text, and a syntax error.
bool LooksLikeBytecode(const char* text, size_t size) { return size > 0 && text[0] == LUA_SIGNATURE[0]; }

const char* ReadPiece(lua_State*, void* data, size_t* size) {
  auto* piece = static_cast<TextPiece*>(data);
  if (piece->blank_first) {
    piece->blank_first = false;
    *size = 1;
    return " ";
  }
  if (piece->size == 0) return nullptr;
  *size = piece->size;
  piece->size = 0;
  return piece->text;
}

int ResultOfLoad(lua_State* lua, int status) {
  if (status == 0) return 1;
  lua_pushnil(lua);
  lua_insert(lua, -2);
  return 2;
}

int LoadString(lua_State* lua) {
  size_t size = 0;
  const char* text = luaL_checklstring(lua, 1, &size);
  const char* chunk_name = luaL_optstring(lua, 2, text);
  return ResultOfLoad(lua, LoadText(lua, text, size, chunk_name));
}

struct PieceSource {
  bool started;
  const char* held;  // The first piece, while the blank in front of it is being read.
  size_t held_size;
};

constexpr int kPieceSlot = 3;  // Keeps the string alive that the parser is reading.

// Calls the script's reader function.
const char* ReadFromFunction(lua_State* lua, void* data, size_t* size) {
  auto* source = static_cast<PieceSource*>(data);
  if (source->held != nullptr) {
    const char* held = source->held;
    *size = source->held_size;
    source->held = nullptr;
    return held;
  }
  luaL_checkstack(lua, 2, "too many nested functions");
  lua_pushvalue(lua, 1);
  lua_call(lua, 0, 1);
  if (lua_isnil(lua, -1)) {
    *size = 0;
    return nullptr;
  }
  if (!lua_isstring(lua, -1)) luaL_error(lua, "reader function must return a string");
  lua_replace(lua, kPieceSlot);
  const char* text = lua_tolstring(lua, kPieceSlot, size);
  if (source->started || *size == 0) return text;
  source->started = true;
  if (!LooksLikeBytecode(text, *size)) return text;
  source->held = text;
  source->held_size = *size;
  *size = 1;
  return " ";
}

int Load(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TFUNCTION);
  const char* chunk_name = luaL_optstring(lua, 2, "=(load)");
  lua_settop(lua, kPieceSlot);
  PieceSource source{false, nullptr, 0};
  return ResultOfLoad(lua, lua_load(lua, ReadFromFunction, &source, chunk_name));
}

// --- Assembly. ------------------------------------------------------------------------------------------------------

void OpenLua(lua_State* lua, lua_CFunction opener, const char* name) {
  lua_pushcfunction(lua, opener);
  lua_pushstring(lua, name);
  lua_call(lua, 1, 0);
}

// globals[name] = proxy of the table on top, which is popped.
void AddLibrary(lua_State* lua, int globals, const char* name) {
  WrapInProxy(lua);
  lua_setfield(lua, globals, name);
}

void AddFunction(lua_State* lua, int globals, const char* name, lua_CFunction function) {
  lua_pushcfunction(lua, function);
  lua_setfield(lua, globals, name);
}

void AddBaseFunctions(lua_State* lua, int globals) {
  for (const char* name : kAllowedFunctions) {
    lua_getglobal(lua, name);
    lua_setfield(lua, globals, name);
  }
  lua_getglobal(lua, "_VERSION");
  lua_setfield(lua, globals, "_VERSION");
  AddFunction(lua, globals, "next", Next);
  lua_getfield(lua, globals, "next");
  lua_pushcclosure(lua, Pairs, 1);
  lua_setfield(lua, globals, "pairs");
  AddFunction(lua, globals, "rawget", RawGet);
  AddFunction(lua, globals, "rawset", RawSet);
  AddFunction(lua, globals, "getmetatable", GetMetatable);
  AddFunction(lua, globals, "setmetatable", SetMetatable);
  AddFunction(lua, globals, "pcall", ProtectedCall);
  AddFunction(lua, globals, "load", Load);
  AddFunction(lua, globals, "loadstring", LoadString);
}

void AddLuaLibraries(lua_State* lua, int globals) {
  lua_getglobal(lua, LUA_TABLIBNAME);
  lua_getfield(lua, -1, "insert");
  lua_pushcclosure(lua, TableInsert, 1);
  lua_setfield(lua, -2, "insert");
  AddLibrary(lua, globals, LUA_TABLIBNAME);

  lua_getglobal(lua, LUA_STRLIBNAME);
  AddLibrary(lua, globals, LUA_STRLIBNAME);
  lua_getglobal(lua, LUA_COLIBNAME);
  AddLibrary(lua, globals, LUA_COLIBNAME);

  lua_getglobal(lua, LUA_MATHLIBNAME);
  OpenRandom(lua);
  for (const char* name : {"random", "randomseed"}) {
    lua_getfield(lua, -1, name);
    lua_setfield(lua, -3, name);
  }
  lua_pop(lua, 1);
  AddLibrary(lua, globals, LUA_MATHLIBNAME);

  // Of os only what tells how much time the script has used.
  lua_newtable(lua);
  lua_getglobal(lua, LUA_OSLIBNAME);
  lua_getfield(lua, -1, "clock");
  lua_setfield(lua, -3, "clock");
  lua_pop(lua, 1);
  AddLibrary(lua, globals, LUA_OSLIBNAME);
}

void AddExtraLibrary(lua_State* lua, int globals, const char* name, lua_CFunction opener) {
  lua_pushcfunction(lua, opener);
  lua_call(lua, 0, 1);
  AddLibrary(lua, globals, name);
}

// What getmetatable("") shows: a protected copy that names the protected string library.
void ProtectStringMetatable(lua_State* lua, int globals) {
  lua_createtable(lua, 0, 1);
  lua_getfield(lua, globals, LUA_STRLIBNAME);
  lua_setfield(lua, -2, "__index");
  WrapInProxy(lua);
  RawSetKey(lua, LUA_REGISTRYINDEX, kStringShownKey);
}

// The proxy through which scripts see the real globals, as the state's global table.
void InstallGlobals(lua_State* lua, int globals) {
  lua_createtable(lua, 0, 1);
  lua_pushcfunction(lua, RefuseUnknownGlobal);
  lua_setfield(lua, -2, "__index");
  lua_pushvalue(lua, -1);
  lua_setmetatable(lua, globals);  // Leaves the metatable, to be shown.

  lua_pushvalue(lua, globals);
  WrapInProxy(lua);
  lua_getmetatable(lua, -1);
  lua_pushvalue(lua, -3);
  WrapInProxy(lua);
  RawSetKey(lua, lua_gettop(lua) - 1, kShownKey);
  lua_pop(lua, 1);

  lua_pushliteral(lua, "_G");
  lua_pushvalue(lua, -2);
  lua_rawset(lua, globals);
  lua_replace(lua, LUA_GLOBALSINDEX);

  lua_pushvalue(lua, globals);
  RawSetKey(lua, LUA_REGISTRYINDEX, kGlobalsKey);
}

}  // namespace

int OpenSandbox(lua_State* lua) {
  OpenLua(lua, luaopen_base, "");
  OpenLua(lua, luaopen_table, LUA_TABLIBNAME);
  OpenLua(lua, luaopen_string, LUA_STRLIBNAME);
  OpenLua(lua, luaopen_math, LUA_MATHLIBNAME);
  OpenLua(lua, luaopen_os, LUA_OSLIBNAME);
  BoundStockFunctions(lua);

  lua_settop(lua, 0);
  lua_newtable(lua);
  constexpr int kGlobals = 1;
  AddBaseFunctions(lua, kGlobals);
  AddLuaLibraries(lua, kGlobals);
  AddExtraLibrary(lua, kGlobals, "bit", luaopen_bit);
  AddExtraLibrary(lua, kGlobals, "cjson", OpenCjson);
  AddExtraLibrary(lua, kGlobals, "cmsgpack", OpenCmsgpack);
  AddExtraLibrary(lua, kGlobals, "struct", OpenStruct);
  AddExtraLibrary(lua, kGlobals, "redis", OpenRedis);
  ProtectStringMetatable(lua, kGlobals);
  InstallGlobals(lua, kGlobals);
  lua_settop(lua, 0);
  return 0;
}

void SetProtectedGlobal(lua_State* lua, const char* name) {
  RawGetKey(lua, LUA_REGISTRYINDEX, kGlobalsKey);
  lua_insert(lua, -2);
  lua_pushstring(lua, name);
  lua_insert(lua, -2);
  lua_rawset(lua, -3);
  lua_pop(lua, 1);
}

void ProtectTable(lua_State* lua) { WrapInProxy(lua); }

void RefuseUnknownFields(lua_State* lua) {
  lua_createtable(lua, 0, 1);
  lua_pushcfunction(lua, RefuseUnknownGlobal);
  lua_setfield(lua, -2, "__index");
  lua_setmetatable(lua, -2);
}

int LoadText(lua_State* lua, const char* text, size_t size, const char* chunk_name) {
  TextPiece piece{text, size, LooksLikeBytecode(text, size)};
  return lua_load(lua, ReadPiece, &piece, chunk_name);
}

}  // namespace tusk::script
