// LuaHost: what the C functions of one interpreter share: its memory account, the run in progress and scratch space.
//
// Lua reports errors with longjmp, which skips destructors. Rule for every function that Lua calls, here and in the
// libraries: no local with a destructor is alive across a call that may raise; growing buffers live in the host and
// are reused.
// Threads: worker-owned, as its interpreter; `bytes` may be read by any thread.
// Owns: the scratch buffers. Borrows the caller for the length of a run.
#pragma once

#include <atomic>
#include <cstdint>
#include <lua.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "script/command_caller.h"
#include "script/sha1.h"

namespace tusk::script {

inline constexpr char kScriptKilledText[] = "ERR Script killed by user with SCRIPT KILL.";

struct Registration;

struct LuaHost {
  // What went wrong in the run in progress; written by the error handler at the place of the error.
  struct Failure {
    bool set = false;
    bool counted = false;  // The error is a command's reply, which error statistics have counted already.
    std::string text;
    std::string source;
    int line = -1;
  };

  // Lua's bytes of this interpreter: its own thread adds, INFO's reader needs no more than some recent value.
  std::atomic<size_t> bytes{0};
  size_t bytes_max = 0;

  lua_State* main = nullptr;        // The thread that coroutines are made from.
  CommandCaller* caller = nullptr;  // Null outside a run: no command may be called then.
  Registration* registration = nullptr;  // While a library is being loaded: where its functions go.
  uint64_t load_deadline_ticks = 0;      // ... and when it has taken too long. Zero: never.
  int protocol = 2;                 // redis.setresp().
  bool json_settings_touched = false;
  Failure failure;

  unsigned short random_state[3] = {};  // nrand48()'s.
  std::vector<std::string_view> argv;
  std::vector<char> number_texts;
  std::string scratch;
  Sha1 sha1;
};

// The host is the allocator's argument, the one pointer that every thread of an interpreter reaches without a lookup.
inline LuaHost& HostOf(lua_State* lua) noexcept {
  void* host = nullptr;
  lua_getallocf(lua, &host);
  return *static_cast<LuaHost*>(host);
}

// Raises {err = `text`}; unlike lua_error's strings these carry no position. `text` must not need a destructor.
int RaiseError(lua_State* lua, const char* text);
// Pushes {err = `text`} as redis.pcall() and redis.error_reply() return it.
void PushErrorTable(lua_State* lua, std::string_view text, bool counted);

}  // namespace tusk::script
