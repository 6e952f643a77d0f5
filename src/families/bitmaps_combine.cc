// BITOP: strings combined bit by bit.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/text.h"
#include "command/context.h"
#include "families/bitmaps.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Entry;
using store::Key;

enum class Operation { kAnd, kOr, kXor, kNot, kDiff, kDiff1, kAndOr, kOne };

std::optional<Operation> ParseOperation(Context& ctx, size_t i) {
  if (ctx.ArgIs(i, "and")) return Operation::kAnd;
  if (ctx.ArgIs(i, "or")) return Operation::kOr;
  if (ctx.ArgIs(i, "xor")) return Operation::kXor;
  if (ctx.ArgIs(i, "not")) return Operation::kNot;
  if (ctx.ArgIs(i, "diff")) return Operation::kDiff;
  if (ctx.ArgIs(i, "diff1")) return Operation::kDiff1;
  if (ctx.ArgIs(i, "andor")) return Operation::kAndOr;
  if (ctx.ArgIs(i, "one")) return Operation::kOne;
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
      break;
    default: DCHECK(false);
  }
}

// The operations of Redis 8.2, which tell the first source (X) from the others (Y) or count them.
void CombineWithFirst(std::string& target, std::span<const std::string_view> sources, Operation operation) {
  DCHECK(!sources.empty());
  std::string any(target.size(), '\0');     // In some Y.
  std::string several(target.size(), '\0');  // In more than one source.
  for (std::string_view source : sources.subspan(1)) {
    for (size_t i = 0; i < source.size(); ++i) {
      several[i] |= static_cast<char>((any[i] | target[i]) & source[i]);
      any[i] |= source[i];
    }
  }
  for (size_t i = 0; i < target.size(); ++i) {
    char x = target[i], y = any[i];
    if (operation == Operation::kDiff) target[i] = static_cast<char>(x & ~y);
    if (operation == Operation::kDiff1) target[i] = static_cast<char>(y & ~x);
    if (operation == Operation::kAndOr) target[i] = static_cast<char>(x & y);
    if (operation == Operation::kOne) target[i] = static_cast<char>((x | y) & ~several[i]);
  }
}

}  // namespace

void CmdBitop(Context& ctx) {
  std::optional<Operation> operation = ParseOperation(ctx, 1);
  if (!operation) return ctx.reply().Error(command::kSyntaxError);
  if (*operation == Operation::kNot && ctx.argc() != 4) {
    return ctx.reply().Error("ERR BITOP NOT must be called with a single source key.");
  }
  bool with_first = *operation == Operation::kDiff || *operation == Operation::kDiff1 || *operation == Operation::kAndOr;
  if (with_first && ctx.argc() < 5) {
    return ctx.reply().Error(
        fmt::format("ERR BITOP {} must be called with at least two source keys.", base::ToUpper(ctx.arg(1))));
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
  if (with_first || *operation == Operation::kOne) {
    CombineWithFirst(result, sources, *operation);
  } else {
    for (size_t i = 1; i < sources.size(); ++i) Combine(result, sources[i], *operation);
  }

  Key key = ctx.key(2);
  Entry* entry = ctx.Lookup(key, store::Access::kWrite);
  if (size != 0) {
    ctx.Replace(key, entry, store::Value::InPlaceString(result));
    ctx.Modified(key, store::kEventString, "set");
  } else if (entry) {
    ctx.Delete(key, *entry);
    ctx.Modified(key, store::kEventGeneric, "del");
  }
  ctx.reply().Integer(static_cast<int64_t>(size));
}

}  // namespace tusk::families
