// tusk: the command-line tool. See tool/commands.h.
#include <string_view>
#include <vector>

#include "tool/commands.h"

int main(int argc, char** argv) {
  std::vector<std::string_view> words(argv + 1, argv + argc);
  return tusk::tool::Run(words);
}
