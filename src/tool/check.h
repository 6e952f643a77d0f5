// Checker: reads the files of a server as the server would, says what they hold and what is wrong with them, and at which byte.
//
// It takes an RDB file, an append file, the directory of an append log, or a server's directory with any of these.
// A repair cuts an append file where its whole commands end; the file as it was stays beside it as NAME.damaged. RDB files
// cannot be repaired: nobody can tell what was in them.
// Threads: caller-synchronised; blocks. Owns: its report.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "io/file_system.h"
#include "tool/summary.h"

namespace tusk::tool {

class Checker {
 public:
  struct Options {
    bool fix = false;
  };
  Checker(io::FileSystem& files, Options options) noexcept : files_(files), options_(options) {}

  // Is all of it whole, possibly after repair? The report grows by what was found.
  bool Check(const std::string& path);
  const std::string& report() const noexcept { return report_; }

 private:
  bool CheckDirectory(const std::string& path);
  bool CheckLog(const std::string& path);
  // `is_last`: no file follows that builds on this one.
  bool CheckFile(const std::string& path, bool is_last = true);
  bool CheckRdb(const std::string& path, io::File& file);
  bool CheckAppendFile(const std::string& path, io::File& file, bool is_last);
  bool Repair(const std::string& path, uint64_t good_end, uint64_t size);

  void Say(const std::string& path, std::string_view text);

  io::FileSystem& files_;
  const Options options_;
  std::string report_;
};

}  // namespace tusk::tool
