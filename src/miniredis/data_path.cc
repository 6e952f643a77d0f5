#include "miniredis/data_path.h"

#include <climits>
#include <cstdlib>

#include "io/file_system.h"
#include "miniredis/errors.h"

namespace tusk::miniredis {
namespace {

// Without links and dots; empty: there is no such thing.
std::string Resolved(const std::string& path) {
  char buffer[PATH_MAX];
  const char* resolved = ::realpath(path.c_str(), buffer);
  return resolved ? std::string(resolved) : std::string();
}

bool IsWithin(std::string_view path, std::string_view directory) noexcept {
  if (directory == "/") return path.starts_with('/');
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

// The append log names its files in one that ends so; no other file belongs among them.
bool HoldsAppendLog(const std::string& directory) {
  base::Result<std::vector<std::string>> names = io::RealFileSystem().List(directory);
  if (!names) return false;
  for (const std::string& name : *names) {
    if (name.ends_with(".manifest")) return true;
  }
  return false;
}

}  // namespace

base::Result<std::string> PathInDataDirectory(std::string_view path) {
  const auto refused = [] { return base::Error(base::Status::Invalid(kWrongPath)); };
  if (path.empty() || path.size() >= PATH_MAX || path.find('\0') != std::string_view::npos) return refused();
  const std::string root = Resolved(".");
  const size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  if (root.empty() || name.empty() || name == "." || name == "..") return refused();
  // A relative path counts from the current directory, which is the data directory.
  const std::string directory = Resolved(slash == std::string_view::npos ? "." : std::string(path.substr(0, slash + 1)));
  if (directory.empty() || !IsWithin(directory, root) || HoldsAppendLog(directory)) return refused();
  std::string file = directory == "/" ? "/" : directory + "/";
  file += name;
  // A file that is there may be a link to elsewhere.
  const std::string target = Resolved(file);
  if (!target.empty() && target != file) return refused();
  return file;
}

bool IsFreeOrSaved(const std::string& path) {
  constexpr std::string_view kMagic = "REDIS";
  base::Result<std::unique_ptr<io::File>> file = io::RealFileSystem().OpenRead(path);
  if (!file) return file.error().code() == base::Code::kNotFound;
  char head[kMagic.size()];
  base::Result<size_t> count = (*file)->Read(0, head, sizeof(head));
  return count && std::string_view(head, *count) == kMagic;
}

}  // namespace tusk::miniredis
