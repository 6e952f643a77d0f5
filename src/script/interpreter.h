// Interpreter: one Lua state with the sandbox, and the functions that it has compiled.
//
// A run can be ended from outside: the caller's ShouldStop() is asked before each command and by a hook every
// kHookInstructions instructions; from then on the hook fires on every line, so that a script can't outlive its kill
// by catching the error.
//
// Functions of libraries run in interpreters of their own (Scripts has a pool for each kind), since libraries are loaded
// into a state for good and may see neither KEYS and ARGV nor what scripts left behind.
// Threads: worker-owned while leased from the pool; memory_bytes() from any thread. Owns: the Lua state.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "resp/reply.h"
#include "script/command_caller.h"
#include "script/library.h"
#include "script/lua_host.h"
#include "script/script.h"

namespace tusk::script {

inline constexpr int kHookInstructions = 100'000;
// FUNCTION LOAD gives up on code that runs for longer.
inline constexpr uint64_t kLoadMsMax = 500;
// All of one interpreter's Lua memory; beyond it the script gets "not enough memory".
inline constexpr size_t kLuaBytesMaxDefault = size_t{4} << 30;
// Compiled functions kept; at the bound all are dropped and compiled anew when used.
inline constexpr size_t kCompiledMax = 8192;

struct RunRequest {
  const Script& script;
  std::span<const std::string_view> keys;
  std::span<const std::string_view> args;
};

struct FunctionRequest {
  const Library& library;
  const Function& function;
  std::span<const std::string_view> keys;
  std::span<const std::string_view> args;
};

struct RunResult {
  bool failed = false;         // The reply is an error.
  bool error_counted = false;  // ... and one of a command that failed, which statistics know already.
};

class Interpreter {
 public:
  explicit Interpreter(size_t bytes_max = kLuaBytesMaxDefault);
  ~Interpreter();
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  // Ok when the script is compiled, now or already. The error is the whole reply.
  base::Status Compile(const Script& script);
  // Compiles if need be, runs, and writes exactly one reply. Blocks for as long as the script runs.
  RunResult Run(const RunRequest& request, CommandCaller& caller, resp::Reply& reply);

  // Runs the library's code for the first time and tells what it registered. The error is the whole reply.
  base::Result<std::vector<FunctionSpec>> Load(const Library& library);
  // As Run(); loads the library if this interpreter has not met it yet.
  RunResult RunFunction(const FunctionRequest& request, CommandCaller& caller, resp::Reply& reply);

  Sha1& sha1() noexcept { return host_.sha1; }
  // Relaxed: a statistic.
  size_t memory_bytes() const noexcept { return host_.bytes.load(std::memory_order_relaxed); }

 private:
  struct CloseState {
    void operator()(lua_State* lua) const noexcept { lua_close(lua); }
  };

  // One library as this interpreter holds it.
  struct Loaded {
    uint64_t id = 0;
    std::vector<int> callbacks;  // In the order of registration, as references in Lua's registry.
  };
  struct Invocation;

  base::Status FindFunction(const Script& script, int& function);
  base::Status FindCallback(const Library& library, const Function& function, int& callback);
  // Milliseconds; 0: as long as it takes.
  base::Result<std::vector<FunctionSpec>> LoadWithin(const Library& library, uint64_t ms_max);
  void Forget(const std::vector<int>& references);
  RunResult Invoke(const Invocation& invocation, CommandCaller& caller, resp::Reply& reply);
  void WriteFailure(const Callable& callable, resp::Reply& reply) const;
  void CollectNowAndThen();

  LuaHost host_;  // Outlives the state, which allocates through it.
  std::unique_ptr<lua_State, CloseState> lua_;
  std::unordered_map<uint64_t, int> functions_;  // Script id -> reference in Lua's registry.
  // By name, so that a new version takes the place of the old one.
  std::unordered_map<std::string, Loaded> libraries_;
  unsigned runs_since_collection_ = 0;
};

}  // namespace tusk::script
