// BITOP: strings combined bit by bit.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "command/context.h"
#include "families/bitmaps.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Entry;
using store::Key;

enum class Operation { kAnd, kOr, kXor, kNot };

std::optional<Operation> ParseOperation(Context& ctx, size_t i) {
  if (ctx.ArgIs(i, "and")) return Operation::kAnd;
  if (ctx.ArgIs(i, "or")) return Operation::kOr;
  if (ctx.ArgIs(i, "xor")) return Operation::kXor;
  if (ctx.ArgIs(i, "not")) return Operation::kNot;
  return std::nullopt;
}

// Combines `source`, continued by zeros, into `target`.
void Combine(std::string& target, std::string_view source, Operation operation) {
  size_t common = source.size();
  switch (operation) {
    case Operation::kAnd:
      for (size_t i = 0; i < common; ++i) target[i] &= source[i];
      std::memset(target.data() + common, 0, target.size() - common);
      break;
    case Operation::kOr:
      for (size_t i = 0; i < common; ++i) target[i] |= source[i];
      break;
    case Operation::kXor:
      for (size_t i = 0; i < common; ++i) target[i] ^= source[i];
      break;
    case Operation::kNot:
      for (char& byte : target) byte = static_cast<char>(~byte);
  }
}

}  // namespace

void CmdBitop(Context& ctx) {
  std::optional<Operation> operation = ParseOperation(ctx, 1);
  if (!operation) return ctx.reply().Error(command::kSyntaxError);
  if (*operation == Operation::kNot && ctx.argc() != 4) {
    return ctx.reply().Error("ERR BITOP NOT must be called with a single source key.");
  }
  std::vector<std::string_view> sources;
  std::vector<Entry::TextBuffer> buffers(ctx.argc());  // Integers are spelled here.
  size_t size = 0;
  for (size_t i = 3; i < ctx.argc(); ++i) {
    auto found = ctx.ReadString(ctx.key(i));
    if (found.wrong_type) return;
    sources.push_back(found ? found->text(buffers[i]) : std::string_view());
    size = std::max(size, sources.back().size());
  }
  std::string result(sources[0]);
  result.resize(size);
  if (*operation == Operation::kNot) Combine(result, {}, *operation);
  for (size_t i = 1; i < sources.size(); ++i) Combine(result, sources[i], *operation);

  Key key = ctx.key(2);
  Entry* entry = ctx.Lookup(key, store::Access::kWrite);
  if (size != 0) {
    Entry& stored = ctx.PutString(key, entry, result);
    if (stored.has_deadline()) ctx.transaction().ClearDeadline(ctx.db(), key, stored);
    ctx.Modified(key, store::kEventString, "set");
  } else if (entry) {
    ctx.Delete(key, *entry);
    ctx.Modified(key, store::kEventGeneric, "del");
  }
  ctx.reply().Integer(static_cast<int64_t>(size));
}

}  // namespace tusk::families
