#include "script/interpreter.h"

#include "base/check.h"
#include "base/cycles.h"
#include "base/memory.h"
#include "base/random.h"
#include "script/lua_convert.h"
#include "script/lua_library.h"
#include "script/lua_libs.h"
#include "script/lua_sandbox.h"

namespace tusk::script {
namespace {

// Lua collects as it allocates; many short scripts each leave less than would start it.
constexpr unsigned kRunsPerCollection = 50;
constexpr int kCollectionStepKilobytes = 50;
// Scratch that one large script needed is given back.
constexpr size_t kScratchKeptBytesMax = 1024 * 1024;
// A chunk that loadstring compiled is named by its whole text.
constexpr size_t kSourceShownBytesMax = 256;

void* AllocateForLua(void* context, void* block, size_t old_bytes, size_t new_bytes) {
  auto& host = *static_cast<LuaHost*>(context);
  const size_t bytes = host.bytes.load(std::memory_order_relaxed) - (block == nullptr ? 0 : old_bytes);
  if (new_bytes == 0) {
    base::Free(block);
    host.bytes.store(bytes, std::memory_order_relaxed);
    return nullptr;
  }
  // Shrinking must not fail.
  if (new_bytes > old_bytes && (new_bytes > host.bytes_max || bytes > host.bytes_max - new_bytes)) return nullptr;
  host.bytes.store(bytes + new_bytes, std::memory_order_relaxed);
  return base::Reallocate(block, new_bytes);
}

// An error outside protected mode is our mistake.
int Panic(lua_State*) {
  CHECK(!"Lua error outside protected mode");
  return 0;
}

void CheckForKill(lua_State* lua, lua_Debug*) {
  LuaHost& host = HostOf(lua);
  if (host.load_deadline_ticks != 0) {
    if (base::CycleClock::Now() >= host.load_deadline_ticks) RaiseError(lua, "ERR FUNCTION LOAD timeout");
    return;
  }
  if (host.caller == nullptr || !host.caller->ShouldStop()) return;
  // Also for the main thread: it may be what resumes one coroutine after the other.
  lua_sethook(lua, CheckForKill, LUA_MASKLINE, 0);
  lua_sethook(host.main, CheckForKill, LUA_MASKLINE, 0);
  RaiseError(lua, kScriptKilledText);
}

// --- Errors. --------------------------------------------------------------------------------------------------------

// The place of the error: the innermost function, or its caller when that one is written in C.
void NoteSource(lua_State* lua, LuaHost::Failure& failure) {
  lua_Debug info;
  for (int level = 1; level <= 2 && lua_getstack(lua, level, &info); ++level) {
    lua_getinfo(lua, "nSl", &info);
    failure.source.assign(std::string_view(info.source).substr(0, kSourceShownBytesMax));
    failure.line = info.currentline;
    if (info.what[0] != 'C') return;
  }
}

// The text of the error value at `index` (absolute).
void NoteText(lua_State* lua, int index, LuaHost::Failure& failure) {
  if (lua_istable(lua, index)) {
    lua_pushliteral(lua, "ignore_error_stats_update");
    lua_rawget(lua, index);
    failure.counted = lua_toboolean(lua, -1) != 0;
    lua_pushliteral(lua, "err");
    lua_rawget(lua, index);
    const char* text = lua_tostring(lua, -1);
    failure.text.assign(text != nullptr ? text : "ERR unknown error");
    lua_pop(lua, 2);
    return;
  }
  failure.text.assign("ERR ");
  if (lua_isstring(lua, index)) {
    lua_pushvalue(lua, index);  // lua_tostring changes numbers in place.
    failure.text.append(lua_tostring(lua, -1));
    lua_pop(lua, 1);
  } else if (lua_isboolean(lua, index)) {
    failure.text.append(lua_toboolean(lua, index) ? "true" : "false");
  } else {
    failure.text.append(luaL_typename(lua, index));
  }
}

// lua_pcall's handler: runs where the error happened, with the stack still there.
int HandleError(lua_State* lua) {
  LuaHost::Failure& failure = HostOf(lua).failure;
  failure.set = true;
  NoteSource(lua, failure);
  NoteText(lua, 1, failure);
  return 1;
}

// --- Bodies that run in protected mode; their argument comes as light userdata. -------------------------------------

struct CompileLibraryCall {
  const Library& library;
  int reference;
};

struct CompileCall {
  const Script& script;
  int reference;
};

int CompileProtected(lua_State* lua) {
  auto& call = *static_cast<CompileCall*>(lua_touserdata(lua, 1));
  const std::string_view code = call.script.code();
  if (LoadText(lua, code.data(), code.size(), "@user_script") != 0) return lua_error(lua);
  call.reference = luaL_ref(lua, LUA_REGISTRYINDEX);
  return 0;
}

// Leaves nothing: the chunk stays referenced until it has run.
int CompileLibraryProtected(lua_State* lua) {
  auto& call = *static_cast<CompileLibraryCall*>(lua_touserdata(lua, 1));
  const std::string_view code = call.library.lua();
  if (LoadText(lua, code.data(), code.size(), "@user_function") != 0) return lua_error(lua);
  UseLibraryGlobals(lua);
  ShowLoadingWorld(lua, true);
  call.reference = luaL_ref(lua, LUA_REGISTRYINDEX);
  return 0;
}

int LoadProtected(lua_State* lua) {
  const int chunk = *static_cast<int*>(lua_touserdata(lua, 1));
  lua_settop(lua, 0);
  lua_pushcfunction(lua, HandleError);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, chunk);
  LuaHost& host = HostOf(lua);
  if (lua_pcall(lua, 0, 0, 1) == 0) {
    host.failure.set = false;
  } else if (!host.failure.set) {
    NoteText(lua, lua_gettop(lua), host.failure);
    host.failure.set = true;
  }
  return 0;
}

int LeaveLoadingProtected(lua_State* lua) {
  ShowLoadingWorld(lua, false);
  return 0;
}

// One run, of a script or of a function.
struct RunCall {
  int function;
  bool as_function;  // Keys and arguments are passed as parameters, not as globals.
  std::span<const std::string_view> keys;
  std::span<const std::string_view> args;
  resp::Reply& reply;
  RunResult result;
  bool out_of_memory = false;
};

void PushStrings(lua_State* lua, std::span<const std::string_view> values) {
  lua_createtable(lua, static_cast<int>(values.size()), 0);
  for (size_t i = 0; i < values.size(); ++i) {
    lua_pushlstring(lua, values[i].data(), values[i].size());
    lua_rawseti(lua, -2, static_cast<int>(i + 1));
  }
}

// Is the script's result an error that a command gave, and its statistics with it?
void NoteErrorResult(lua_State* lua, RunResult& result) {
  if (!lua_istable(lua, -1)) return;
  lua_pushliteral(lua, "err");
  lua_rawget(lua, -2);
  result.failed = lua_type(lua, -1) == LUA_TSTRING;
  lua_pushliteral(lua, "ignore_error_stats_update");
  lua_rawget(lua, -3);
  result.error_counted = result.failed && lua_toboolean(lua, -1) != 0;
  lua_pop(lua, 2);
}

int RunProtected(lua_State* lua) {
  auto& call = *static_cast<RunCall*>(lua_touserdata(lua, 1));
  lua_settop(lua, 0);
  lua_pushcfunction(lua, HandleError);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, call.function);
  PushStrings(lua, call.keys);
  if (!call.as_function) SetProtectedGlobal(lua, "KEYS");
  PushStrings(lua, call.args);
  if (!call.as_function) SetProtectedGlobal(lua, "ARGV");
  LuaHost& host = HostOf(lua);
  if (const int status = lua_pcall(lua, call.as_function ? 2 : 0, 1, 1); status != 0) {
    call.out_of_memory = status == LUA_ERRMEM;
    // Out of memory, and errors in the handler, come without it.
    if (!host.failure.set) NoteText(lua, lua_gettop(lua), host.failure);
    host.failure.set = true;
    call.result = {true, host.failure.counted};
    return 0;
  }
  host.failure.set = false;  // The handler may have seen an error that an outer call survived.
  NoteErrorResult(lua, call.result);
  WriteLuaValue(lua, host.protocol, call.reply);
  return 0;
}

int ResetProtected(lua_State* lua) {
  ResetCjsonSettings(lua);
  return 0;
}

}  // namespace

Interpreter::Interpreter(size_t bytes_max) {
  host_.bytes_max = bytes_max;
  const uint64_t seed = base::SecureRandom64();
  for (int i = 0; i < 3; ++i) host_.random_state[i] = static_cast<unsigned short>(seed >> (16 * i));
  lua_.reset(lua_newstate(AllocateForLua, &host_));
  CHECK(lua_ != nullptr);
  host_.main = lua_.get();
  lua_atpanic(lua_.get(), Panic);
  CHECK(lua_cpcall(lua_.get(), OpenSandbox, nullptr) == 0);
}

Interpreter::~Interpreter() = default;

base::Status Interpreter::FindFunction(const Script& script, int& function) {
  if (const auto it = functions_.find(script.id()); it != functions_.end()) {
    function = it->second;
    return base::Status::Ok();
  }
  lua_State* lua = lua_.get();
  if (functions_.size() >= kCompiledMax) {
    for (const auto& [id, reference] : functions_) luaL_unref(lua, LUA_REGISTRYINDEX, reference);
    functions_.clear();
  }
  CompileCall call{script, LUA_NOREF};
  if (lua_cpcall(lua, CompileProtected, &call) != 0) {
    size_t size = 0;
    const char* message = lua_tolstring(lua, -1, &size);
    base::Status status = base::Status::Invalid("ERR Error compiling script (new function): " +
                                                std::string(message == nullptr ? "" : message, size));
    lua_settop(lua, 0);
    return status;
  }
  functions_.emplace(script.id(), call.reference);
  function = call.reference;
  return base::Status::Ok();
}

base::Status Interpreter::Compile(const Script& script) {
  int function = LUA_NOREF;
  return FindFunction(script, function);
}

// --- Libraries. -----------------------------------------------------------------------------------------------------

void Interpreter::Forget(const std::vector<int>& references) {
  for (const int reference : references) luaL_unref(lua_.get(), LUA_REGISTRYINDEX, reference);
}

base::Result<std::vector<FunctionSpec>> Interpreter::Load(const Library& library) {
  return LoadWithin(library, kLoadMsMax);
}

base::Result<std::vector<FunctionSpec>> Interpreter::LoadWithin(const Library& library, uint64_t ms_max) {
  lua_State* lua = lua_.get();
  CompileLibraryCall compile{library, LUA_NOREF};
  if (lua_cpcall(lua, CompileLibraryProtected, &compile) != 0) {
    size_t size = 0;
    const char* message = lua_tolstring(lua, -1, &size);
    base::Status status = base::Status::Invalid("ERR Error compiling function: " +
                                                std::string(message == nullptr ? "" : message, size));
    lua_settop(lua, 0);
    return base::Error(std::move(status));
  }
  Registration registration;
  host_.registration = &registration;
  host_.failure.set = false;
  if (ms_max != 0) {
    host_.load_deadline_ticks =
        base::CycleClock::Now() + static_cast<uint64_t>(base::CycleClock::TicksPerMicro() * 1000) * ms_max;
  }
  lua_sethook(lua, CheckForKill, LUA_MASKCOUNT, kHookInstructions);
  const bool ran = lua_cpcall(lua, LoadProtected, &compile.reference) == 0;
  host_.registration = nullptr;
  host_.load_deadline_ticks = 0;
  lua_settop(lua, 0);
  luaL_unref(lua, LUA_REGISTRYINDEX, compile.reference);
  const bool left = lua_cpcall(lua, LeaveLoadingProtected, nullptr) == 0;
  lua_settop(lua, 0);
  if (!ran || !left || host_.failure.set) {
    Forget(registration.references);
    const std::string reason = ran && left ? host_.failure.text : "ERR not enough memory";
    return base::Error(base::Status::Invalid("ERR Error registering functions: " + reason));
  }
  if (registration.functions.empty()) return base::Error(base::Status::Invalid("ERR No functions registered"));
  Loaded& loaded = libraries_[library.name()];
  Forget(loaded.callbacks);
  loaded = {library.id(), std::move(registration.references)};
  return std::move(registration.functions);
}

base::Status Interpreter::FindCallback(const Library& library, const Function& function, int& callback) {
  auto it = libraries_.find(library.name());
  if (it == libraries_.end() || it->second.id != library.id()) {
    // It ended once, and nothing that it can see has changed since.
    const auto functions = LoadWithin(library, 0);
    if (!functions) return functions.error();
    it = libraries_.find(library.name());
    CHECK(functions->size() == library.functions().size());
  }
  callback = it->second.callbacks[function.index()];
  return base::Status::Ok();
}

// --- Runs. ----------------------------------------------------------------------------------------------------------

struct Interpreter::Invocation {
  const Callable& callable;
  int function;
  std::span<const std::string_view> keys;
  std::span<const std::string_view> args;
};

RunResult Interpreter::Run(const RunRequest& request, CommandCaller& caller, resp::Reply& reply) {
  int function = LUA_NOREF;
  if (const base::Status status = FindFunction(request.script, function); !status.ok()) {
    reply.Error(status);
    return {.failed = true};
  }
  return Invoke({request.script, function, request.keys, request.args}, caller, reply);
}

RunResult Interpreter::RunFunction(const FunctionRequest& request, CommandCaller& caller, resp::Reply& reply) {
  int callback = LUA_NOREF;
  if (const base::Status status = FindCallback(request.library, request.function, callback); !status.ok()) {
    reply.Error(status);
    return {.failed = true};
  }
  return Invoke({request.function, callback, request.keys, request.args}, caller, reply);
}

RunResult Interpreter::Invoke(const Invocation& invocation, CommandCaller& caller, resp::Reply& reply) {
  lua_State* lua = lua_.get();
  host_.caller = &caller;
  host_.protocol = 2;
  host_.failure.set = false;
  host_.failure.counted = false;
  host_.failure.line = -1;
  lua_sethook(lua, CheckForKill, LUA_MASKCOUNT, kHookInstructions);

  RunCall call{.function = invocation.function,
               .as_function = invocation.callable.is_function(),
               .keys = invocation.keys,
               .args = invocation.args,
               .reply = reply,
               .result = {}};
  const resp::Reply::Mark mark = reply.BeginDeferred();
  if (lua_cpcall(lua, RunProtected, &call) != 0) {  // While arguments or result were converted.
    NoteText(lua, lua_gettop(lua), host_.failure);
    host_.failure.set = true;
    call.out_of_memory = true;
    call.result = {.failed = true};
  }
  if (host_.failure.set) {
    reply.CancelDeferred(mark);
    WriteFailure(invocation.callable, reply);
  } else {
    reply.KeepDeferred(mark);
  }
  host_.caller = nullptr;
  lua_settop(lua, 0);
  if (call.out_of_memory) lua_gc(lua, LUA_GCCOLLECT, 0);
  CollectNowAndThen();
  return call.result;
}

void Interpreter::WriteFailure(const Callable& callable, resp::Reply& reply) const {
  const LuaHost::Failure& failure = host_.failure;
  std::string text = failure.text;
  text.append(" script: ").append(callable.name());
  if (failure.line >= 0) {
    text.append(", on ").append(failure.source).append(":").append(std::to_string(failure.line)).append(".");
  }
  reply.Error(text);
}

void Interpreter::CollectNowAndThen() {
  lua_State* lua = lua_.get();
  if (host_.json_settings_touched) {
    host_.json_settings_touched = false;
    if (lua_cpcall(lua, ResetProtected, nullptr) != 0) lua_settop(lua, 0);
  }
  if (host_.scratch.capacity() > kScratchKeptBytesMax) std::string().swap(host_.scratch);
  // A script may have stopped the collector.
  if (++runs_since_collection_ < kRunsPerCollection) return;
  runs_since_collection_ = 0;
  lua_gc(lua, LUA_GCSTEP, kCollectionStepKilobytes);
}

}  // namespace tusk::script
