#include "script/lua_host.h"

namespace tusk::script {

void PushErrorTable(lua_State* lua, std::string_view text, bool counted) {
  lua_createtable(lua, 0, 2);
  lua_pushliteral(lua, "err");
  lua_pushlstring(lua, text.data(), text.size());
  lua_rawset(lua, -3);
  if (!counted) return;
  lua_pushliteral(lua, "ignore_error_stats_update");
  lua_pushboolean(lua, true);
  lua_rawset(lua, -3);
}

int RaiseError(lua_State* lua, const char* text) {
  PushErrorTable(lua, text, false);
  return lua_error(lua);
}

}  // namespace tusk::script
