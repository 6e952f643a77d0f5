#include "main/process.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace tusk::main {

base::Status Daemonize() {
  std::fflush(nullptr);
  pid_t child = fork();
  if (child < 0) return base::Status::Errno("fork", errno);
  if (child > 0) _exit(0);
  setsid();
  int null = open("/dev/null", O_RDWR);
  if (null < 0) return base::Status::Errno("/dev/null", errno);
  for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null, stream);
  if (null > STDERR_FILENO) close(null);
  return base::Status::Ok();
}

base::Status PidFile::Write(std::string path) {
  if (path.empty()) return base::Status::Ok();
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (!file) return base::Status::Errno("can't write the PID file " + path, errno);
  std::fprintf(file, "%d\n", static_cast<int>(getpid()));
  std::fclose(file);
  path_ = std::move(path);
  return base::Status::Ok();
}

PidFile::~PidFile() {
  if (!path_.empty()) unlink(path_.c_str());
}

bool NotifySystemd(std::string_view state) {
  const char* name = std::getenv("NOTIFY_SOCKET");
  if (!name || (name[0] != '/' && name[0] != '@') || name[1] == '\0') return false;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  size_t length = std::strlen(name);
  if (length >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, name, length);
  if (name[0] == '@') address.sun_path[0] = '\0';  // An abstract socket.
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  ssize_t sent = sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&address), size);
  close(fd);
  return sent == static_cast<ssize_t>(state.size());
}

size_t RaiseOpenFileLimit(size_t clients) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return clients;
  rlim_t wanted = clients + kReservedFiles;
  if (limit.rlim_cur < wanted) {
    rlimit raised = limit;
    raised.rlim_cur = wanted;
    if (raised.rlim_max < wanted) raised.rlim_max = wanted;
    if (setrlimit(RLIMIT_NOFILE, &raised) != 0) {
      raised.rlim_cur = raised.rlim_max = limit.rlim_max;
      setrlimit(RLIMIT_NOFILE, &raised);
    }
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur >= wanted) return clients;
  return limit.rlim_cur > kReservedFiles ? static_cast<size_t>(limit.rlim_cur) - kReservedFiles : 1;
}

}  // namespace tusk::main
