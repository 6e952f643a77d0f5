// ProcessTitle: what `ps` and /proc/PID/cmdline show of this process. The text lies where the kernel put arguments and
// environment, so the environment moves away first.
//
// Threads: built and destroyed by the main thread while it is alone; Set() one caller at a time. Owns: the environment.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tusk::main {

class ProcessTitle {
 public:
  // After this `argv` is only good until Set().
  ProcessTitle(int argc, char** argv);
  ~ProcessTitle();
  ProcessTitle(const ProcessTitle&) = delete;
  ProcessTitle& operator=(const ProcessTitle&) = delete;

  // A title that is too long is cut. Empty: as it is.
  void Set(std::string_view title) noexcept;
  // Bytes that a title may take.
  size_t room() const noexcept { return room_ == 0 ? 0 : room_ - 1; }

 private:
  char* begin_ = nullptr;
  size_t room_ = 0;
  std::vector<std::string> environment_;
  std::vector<char*> pointers_;
};

// What stands in the template's {braces}.
struct TitleFacts {
  std::string executable;
  std::string listen_address;
  std::string port;
  std::string tls_port;
  std::string unix_socket;
  std::string config_file;
  std::string server_mode;
};

// The template filled in; braces that name nothing stay.
std::string ExpandTitle(std::string_view title_template, const TitleFacts& facts);

}  // namespace tusk::main
