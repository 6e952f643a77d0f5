#include "main/process_title.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace tusk::main {
namespace {

char* EndOf(char* text) noexcept { return text + std::strlen(text) + 1; }

}  // namespace

ProcessTitle::ProcessTitle(int argc, char** argv) {
  if (argc == 0) return;
  begin_ = argv[0];
  char* end = begin_;
  // Only what lies in one piece is ours to overwrite.
  for (int i = 0; i < argc && argv[i] == end; ++i) end = EndOf(argv[i]);
  for (char** entry = environ; entry && *entry; ++entry) {
    if (*entry == end) end = EndOf(*entry);
    environment_.emplace_back(*entry);
  }
  for (std::string& entry : environment_) pointers_.push_back(entry.data());
  pointers_.push_back(nullptr);
  environ = pointers_.data();
  room_ = static_cast<size_t>(end - begin_);
}

ProcessTitle::~ProcessTitle() {
  // Nobody reads it so late, and nobody could once it is gone.
  if (environ == pointers_.data()) environ = nullptr;
}

void ProcessTitle::Set(std::string_view title) noexcept {
  if (title.empty() || room_ == 0) return;
  const size_t size = std::min(title.size(), room());
  std::memcpy(begin_, title.data(), size);
  // The rest is zeros: the kernel shows the text up to the first.
  std::memset(begin_ + size, 0, room_ - size);
}

std::string ExpandTitle(std::string_view title_template, const TitleFacts& facts) {
  const std::pair<std::string_view, const std::string&> variables[] = {
      {"{title}", facts.executable},       {"{listen-addr}", facts.listen_address}, {"{port}", facts.port},
      {"{tls-port}", facts.tls_port},      {"{unixsocket}", facts.unix_socket},     {"{config-file}", facts.config_file},
      {"{server-mode}", facts.server_mode}};
  std::string title;
  while (!title_template.empty()) {
    const auto* found = std::ranges::find_if(variables, [&](const auto& it) { return title_template.starts_with(it.first); });
    if (found == std::end(variables)) {
      title += title_template.front();
      title_template.remove_prefix(1);
    } else {
      title += found->second;
      title_template.remove_prefix(found->first.size());
    }
  }
  while (!title.empty() && title.back() == ' ') title.pop_back();
  return title;
}

}  // namespace tusk::main
