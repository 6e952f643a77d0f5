#include "engine/whole_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "io/replacement.h"

namespace tusk::engine {

using base::Status;

base::Result<std::string> ReadWholeFile(const std::string& path, size_t bytes_max) {
  std::FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "re");
  if (file == nullptr) return base::Error(Status::Invalid(std::strerror(errno)));
  std::string text;
  char piece[16 * 1024];
  size_t got = 0;
  while ((got = std::fread(piece, 1, sizeof piece, file)) > 0 && text.size() <= bytes_max) text.append(piece, got);
  const int error = std::ferror(file) ? errno : 0;
  if (file != stdin) std::fclose(file);
  if (error != 0) return base::Error(Status::Invalid(std::strerror(error)));
  if (text.size() > bytes_max) return base::Error(Status::Exhausted("File too large"));
  return text;
}

Status ReplaceWholeFile(const std::string& path, std::string_view text, std::string_view context) {
  Status status = io::ReplaceFile(io::RealFileSystem(), path, text);
  return status.ok() ? status : io::Explain(context, status);
}

}  // namespace tusk::engine
