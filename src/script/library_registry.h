// LibraryRegistry: the libraries that FUNCTION LOAD made known, and which function belongs to which.
// Threads: thread-safe. Owns: the libraries, together with the runs in progress.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "script/library.h"

namespace tusk::script {

class LibraryRegistry {
 public:
  struct Found {
    LibraryPtr library;  // Null: there is no such function.
    const Function* function = nullptr;
  };
  struct Counts {
    size_t libraries = 0;
    size_t functions = 0;
    size_t bytes = 0;
  };

  LibraryRegistry() = default;
  LibraryRegistry(const LibraryRegistry&) = delete;
  LibraryRegistry& operator=(const LibraryRegistry&) = delete;

  // The function of that name, letters in any case.
  Found Find(std::string_view function) const;
  bool Knows(std::string_view library) const;
  uint64_t NextId();
  // What happens to libraries that are there when others are brought in together.
  enum class RestorePolicy : uint8_t { kFlush, kAppend, kReplace };
  // All of them or, when a library or a function of one is in the way, none.
  base::Status AddAll(const std::vector<LibraryPtr>& libraries, RestorePolicy policy);
  // Refused when the library is there (unless it is to be replaced), or a function of another library has the name of
  // one of its functions. Then nothing has changed.
  base::Status Add(LibraryPtr library, bool replace);
  // False: there is no such library.
  bool Delete(std::string_view library);
  void Flush();

  // Sorted by name.
  std::vector<LibraryPtr> List() const;
  Counts counts() const;

 private:
  void Erase(const Library& library) REQUIRES(mutex_);

  mutable base::Mutex mutex_;
  std::map<std::string, LibraryPtr, std::less<>> libraries_ GUARDED_BY(mutex_);
  std::unordered_map<std::string, Found> functions_ GUARDED_BY(mutex_);  // By name in lower case.
  uint64_t next_id_ GUARDED_BY(mutex_) = 1;
};

}  // namespace tusk::script
