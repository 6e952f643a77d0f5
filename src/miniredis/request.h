// RequestTranslator: a request of the mini-Redis port as a command of the table.
//
//   *3 $5 LPUSH ^1 q :7      ->   MINI LPUSH t q ":7\r\n"
//   SET k v                  ->   MINI SET b k "$1\r\nv\r\n"
//   *2 $4 MSET %1 ^1 k :7    ->   MINI MSET t k ":7\r\n"
//
// The third word tells how keys came, as text or as bytes (miniredis/plain.h); values stay spelled as they came. So all that passes
// commands on (the change record, MONITOR, ACL rules) needs to know of nothing new. What cannot be a command becomes MINI REFUSE,
// which answers the error, in its turn.
//
// Threads: caller-synchronised. Owns: what it had to spell anew; everything handed out lives until Reset(), as long as the
// requests' bytes do.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "command/command_table.h"
#include "miniredis/plain.h"
#include "miniredis/verbs.h"

namespace tusk::miniredis {

class RequestTranslator {
 public:
  void Reset() noexcept;
  // `request` is one whole request as resp::RequestParser hands it out.
  command::Argv Translate(std::string_view request);

 private:
  using Words = std::vector<std::string_view>;

  Words& NewWords();
  std::string_view Keep(std::string text);
  command::Argv Refuse(std::string error, bool close = false);
  command::Argv Malformed(std::string_view what);

  // The values of a request that is no array: a line, or a text that is taken as one.
  command::Argv TranslateLine(std::string_view line, bool is_text);
  command::Argv TranslateJson(std::string_view json);
  // `name` is upper case already; `frames` are the values behind it.
  command::Argv Arrange(std::string_view name, std::string_view frames, size_t count);
  // Takes a key off the front of `in` and adds it. False: `error_` says why not.
  bool TakeKey(std::string_view& in, Words& words, KeyKind& kind);
  bool TakeDict(std::string_view& in, Words& words, KeyKind& kind);
  void TakeFrame(std::string_view& in, Words& words);

  std::deque<Words> words_;  // The first used_ are handed out.
  size_t used_ = 0;
  std::deque<std::string> kept_;
  struct {
    std::string_view text;
    bool is_malformed = false;
  } error_;
};

}  // namespace tusk::miniredis
