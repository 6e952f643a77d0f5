// Library: the code that one FUNCTION LOAD brought, and the functions that it registered.
//
// Libraries are the server's, Lua states are many: the code runs once in each interpreter that is asked for one of its
// functions. What a library keeps in Lua variables is therefore each interpreter's own; data that calls share belongs
// into keys.
// Threads: immutable, but for a function's hint. Owns: the code, the functions.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "script/script.h"

namespace tusk::script {

// What redis.register_function() was told.
struct FunctionSpec {
  std::string name;
  std::optional<std::string> description;
  uint32_t flags = 0;
};

class Function final : public Callable {
 public:
  Function(FunctionSpec spec, size_t index) : Callable(spec.flags), spec_(std::move(spec)), index_(index) {}
  std::string_view name() const noexcept override { return spec_.name; }
  bool is_function() const noexcept override { return true; }
  const std::optional<std::string>& description() const noexcept { return spec_.description; }
  // Its place in the order of registration.
  size_t index() const noexcept { return index_; }

 private:
  FunctionSpec spec_;
  size_t index_;
};

// What the first line says.
struct LibraryHeader {
  std::string_view engine;  // In lower case or not; Lua is the only one.
  std::string name;
  size_t code_offset = 0;  // At the end of the first line, so that line numbers are those of the code as it was sent.
};

// "#!<engine> name=<library>"
base::Result<LibraryHeader> ParseLibraryHeader(std::string_view code);
// For libraries and functions alike; the error is the reply.
base::Status CheckLibraryName(std::string_view name);

class Library {
 public:
  // `id` is never used again: what interpreters know the library by.
  Library(uint64_t id, std::string name, std::string code, size_t code_offset)
      : id_(id), name_(std::move(name)), code_(std::move(code)), code_offset_(code_offset) {}
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  // Before it is shared.
  void SetFunctions(std::vector<FunctionSpec> specs);

  uint64_t id() const noexcept { return id_; }
  const std::string& name() const noexcept { return name_; }
  std::string_view code() const noexcept { return code_; }
  std::string_view lua() const noexcept { return code().substr(code_offset_); }
  const std::vector<std::unique_ptr<Function>>& functions() const noexcept { return functions_; }
  size_t memory_bytes() const noexcept;

 private:
  uint64_t id_;
  std::string name_;
  std::string code_;
  size_t code_offset_;
  std::vector<std::unique_ptr<Function>> functions_;
};

// The sharers are the registry and whoever runs a function while its library is replaced.
using LibraryPtr = std::shared_ptr<const Library>;

}  // namespace tusk::script
