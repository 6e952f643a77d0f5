#include "script/library_registry.h"

#include "base/text.h"

namespace tusk::script {

LibraryRegistry::Found LibraryRegistry::Find(std::string_view function) const {
  const std::string name = base::ToLower(function);
  base::MutexLock lock(mutex_);
  const auto it = functions_.find(name);
  return it == functions_.end() ? Found{} : it->second;
}

bool LibraryRegistry::Knows(std::string_view library) const {
  base::MutexLock lock(mutex_);
  return libraries_.find(library) != libraries_.end();
}

uint64_t LibraryRegistry::NextId() {
  base::MutexLock lock(mutex_);
  return next_id_++;
}

base::Status LibraryRegistry::Add(LibraryPtr library, bool replace) {
  base::MutexLock lock(mutex_);
  const auto old = libraries_.find(library->name());
  if (old != libraries_.end() && !replace) {
    return base::Status::Invalid("ERR Library '" + library->name() + "' already exists");
  }
  for (const auto& function : library->functions()) {
    const auto it = functions_.find(base::ToLower(function->name()));
    if (it != functions_.end() && (old == libraries_.end() || it->second.library != old->second)) {
      return base::Status::Invalid("ERR Function " + std::string(function->name()) + " already exists");
    }
  }
  if (old != libraries_.end()) Erase(*old->second);
  for (const auto& function : library->functions()) {
    functions_.emplace(base::ToLower(function->name()), Found{library, function.get()});
  }
  libraries_.insert_or_assign(library->name(), library);
  return base::Status::Ok();
}

base::Status LibraryRegistry::AddAll(const std::vector<LibraryPtr>& libraries, RestorePolicy policy) {
  auto in_the_way = [](std::string_view what, std::string_view name) {
    return base::Status::Invalid("ERR " + std::string(what) + " " + std::string(name) + " already exists");
  };
  base::MutexLock lock(mutex_);
  std::map<std::string, LibraryPtr, std::less<>> result;
  if (policy != RestorePolicy::kFlush) result = libraries_;
  for (const LibraryPtr& library : libraries) {
    if (policy != RestorePolicy::kReplace && result.contains(library->name())) return in_the_way("Library", library->name());
    result.insert_or_assign(library->name(), library);
  }
  std::unordered_map<std::string, Found> functions;
  for (const auto& [name, library] : result) {
    for (const auto& function : library->functions()) {
      const bool is_new = functions.emplace(base::ToLower(function->name()), Found{library, function.get()}).second;
      if (!is_new) return in_the_way("Function", function->name());
    }
  }
  libraries_ = std::move(result);
  functions_ = std::move(functions);
  return base::Status::Ok();
}

void LibraryRegistry::Erase(const Library& library) {
  for (const auto& function : library.functions()) functions_.erase(base::ToLower(function->name()));
}

bool LibraryRegistry::Delete(std::string_view library) {
  base::MutexLock lock(mutex_);
  const auto it = libraries_.find(library);
  if (it == libraries_.end()) return false;
  Erase(*it->second);
  libraries_.erase(it);
  return true;
}

void LibraryRegistry::Flush() {
  base::MutexLock lock(mutex_);
  functions_.clear();
  libraries_.clear();
}

std::vector<LibraryPtr> LibraryRegistry::List() const {
  base::MutexLock lock(mutex_);
  std::vector<LibraryPtr> all;
  all.reserve(libraries_.size());
  for (const auto& [name, library] : libraries_) all.push_back(library);
  return all;
}

LibraryRegistry::Counts LibraryRegistry::counts() const {
  base::MutexLock lock(mutex_);
  Counts counts{libraries_.size(), functions_.size(), 0};
  for (const auto& [name, library] : libraries_) counts.bytes += library->memory_bytes();
  return counts;
}

}  // namespace tusk::script
