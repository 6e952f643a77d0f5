// What `tusk` says about itself.
// Threads: any. Owns: nothing.
#pragma once

#include <string_view>

namespace tusk::tool {

std::string_view Help() noexcept;
std::string_view CheckHelp() noexcept;
std::string_view ImportHelp() noexcept;
std::string_view ExportHelp() noexcept;
std::string_view VersionLine() noexcept;

}  // namespace tusk::tool
