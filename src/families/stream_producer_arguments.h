// IDMP and IDMPAUTO of XADD: who sends an entry, and under which idempotent id.
// Threads: any. Owns: the id that it makes.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "families/stream_arguments.h"

namespace tusk::families {

struct ProducerArguments {
  bool given = false;
  std::string_view producer;
  std::string_view id;  // Empty until Complete() where it is to be made of the entry.

  // Reads the option at argument i, if it is one of the two, and steps over it. kError after an error reply.
  TrimArguments::Step Take(command::Context& ctx, size_t& i);
  // IDMPAUTO: equal entries get equal ids, in every process. 128 bits of them are compared, not their bytes.
  void Complete(std::span<const std::string_view> fields);
  // Takes the option out of a copy of the command's arguments.
  static void EraseFrom(std::vector<std::string>& argv);

 private:
  std::string made_;
};

// True, after a reply, if the producer's entry is in the stream already.
bool ReplyDuplicate(command::Context& ctx, types::Stream& stream, const ProducerArguments& producer);

}  // namespace tusk::families
