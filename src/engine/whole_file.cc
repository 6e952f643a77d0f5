#include "engine/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

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
  const std::string temporary = path + ".new-" + std::to_string(::getpid());
  struct stat old {};
  const mode_t mode = ::stat(path.c_str(), &old) == 0 ? old.st_mode & 0777 : 0644;
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return Status::Errno(context, errno);
  size_t done = 0;
  bool ok = true;
  while (ok && done < text.size()) {
    const ssize_t wrote = ::write(fd, text.data() + done, text.size() - done);
    if (wrote > 0) done += static_cast<size_t>(wrote);
    ok = wrote > 0 || errno == EINTR;
  }
  ok = ok && ::fsync(fd) == 0;
  int error = errno;
  ::close(fd);
  if (ok && ::rename(temporary.c_str(), path.c_str()) == 0) return Status::Ok();
  if (ok) error = errno;
  ::unlink(temporary.c_str());
  return Status::Errno(context, error);
}

}  // namespace tusk::engine
