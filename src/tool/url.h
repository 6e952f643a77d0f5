// Url: where a server listens, as users write it: redis://[[user]:password@]host[:port][/database] or unix:///path.
// User and password may hold %XX. Threads: a value. Owns: its texts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace tusk::tool {

struct Url {
  static constexpr uint16_t kPort = 6379;
  static constexpr int kDatabaseMax = 65535;

  std::string host;  // Empty: unix_path counts.
  uint16_t port = kPort;
  std::string unix_path;
  std::string user;
  std::string password;  // Empty: none.
  std::optional<int> database;

  static bool LooksLikeOne(std::string_view text) noexcept;
  // The message says what is wrong with `text`.
  static base::Result<Url> Parse(std::string_view text);
  // Without the password, for messages.
  std::string Name() const;
};

}  // namespace tusk::tool
