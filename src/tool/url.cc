#include "tool/url.h"

#include <fmt/format.h>

#include "base/numbers.h"

namespace tusk::tool {
namespace {

using base::Result;
using base::Status;

constexpr std::string_view kTcp = "redis://";
constexpr std::string_view kUnix = "unix://";

int HexDigit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 32);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::optional<std::string> Decode(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    if (i + 2 >= text.size() || HexDigit(text[i + 1]) < 0 || HexDigit(text[i + 2]) < 0) return {};
    plain += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
    i += 2;
  }
  return plain;
}

Status Wrong(std::string_view text, std::string_view why) {
  return Status::Invalid(fmt::format("'{}' is no server address: {}. Write redis://[[user]:password@]host[:port][/database]", text, why));
}

}  // namespace

bool Url::LooksLikeOne(std::string_view text) noexcept { return text.find("://") != std::string_view::npos; }

Result<Url> Url::Parse(std::string_view text) {
  Url url;
  if (text.starts_with(kUnix)) {
    url.unix_path = text.substr(kUnix.size());
    if (url.unix_path.empty()) return base::Error(Wrong(text, "the path of the socket is missing"));
    return url;
  }
  if (text.starts_with("rediss://")) return base::Error(Wrong(text, "TLS is not supported here yet"));
  if (!text.starts_with(kTcp)) return base::Error(Wrong(text, "it begins neither with redis:// nor with unix://"));
  std::string_view rest = text.substr(kTcp.size());
  if (const size_t at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view who = rest.substr(0, at);
    rest.remove_prefix(at + 1);
    const size_t colon = who.find(':');
    if (colon == std::string_view::npos) return base::Error(Wrong("redis://...@...", "there is no ':' before the password"));
    auto user = Decode(who.substr(0, colon));
    auto password = Decode(who.substr(colon + 1));
    if (!user || !password) return base::Error(Wrong("redis://...@...", "a '%' is not followed by two hexadecimal digits"));
    url.user = *std::move(user);
    url.password = *std::move(password);
  }
  if (const size_t slash = rest.find('/'); slash != std::string_view::npos) {
    const std::string_view database = rest.substr(slash + 1);
    rest = rest.substr(0, slash);
    if (!database.empty()) {
      const auto number = base::ParseInt64(database);
      if (!number || *number < 0 || *number > kDatabaseMax) return base::Error(Wrong(text, "the database is no number"));
      url.database = static_cast<int>(*number);
    }
  }
  // An IPv6 address has colons of its own, and brackets.
  const size_t colon = rest.find(':', rest.starts_with('[') ? rest.find(']') : 0);
  if (colon != std::string_view::npos && colon < rest.size()) {
    const auto port = base::ParseInt64(rest.substr(colon + 1));
    if (!port || *port < 1 || *port > UINT16_MAX) return base::Error(Wrong(text, "the port is no number from 1 to 65535"));
    url.port = static_cast<uint16_t>(*port);
    rest = rest.substr(0, colon);
  }
  if (rest.starts_with('[') && rest.ends_with(']')) rest = rest.substr(1, rest.size() - 2);
  if (rest.empty()) return base::Error(Wrong(text, "the host is missing"));
  url.host = rest;
  return url;
}

std::string Url::Name() const { return host.empty() ? unix_path : fmt::format("{}:{}", host, port); }

}  // namespace tusk::tool
