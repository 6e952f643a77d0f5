// BITFIELD: integers of any width at any bit of a string.
#include <algorithm>
#include <span>
#include <vector>

#include "base/numbers.h"
#include "command/context.h"
#include "families/bitmaps.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Entry;
using store::Key;
using Wide = __int128;

enum class Overflow { kWrap, kSaturate, kFail };
enum class Action { kGet, kSet, kIncrement };

struct FieldType {
  bool is_signed;
  uint32_t bits;

  Wide min() const noexcept { return is_signed ? -(Wide{1} << (bits - 1)) : 0; }
  Wide max() const noexcept { return (Wide{1} << (is_signed ? bits - 1 : bits)) - 1; }
};

struct Operation {
  Action action;
  FieldType type;
  uint64_t offset;
  int64_t operand = 0;
  Overflow overflow = Overflow::kWrap;
};

// "i16", "u8"; replies the error.
std::optional<FieldType> ParseType(Context& ctx, size_t i) {
  std::string_view text = ctx.arg(i);
  bool is_signed = text.starts_with('i');
  if (is_signed || text.starts_with('u')) {
    std::optional<int64_t> bits = base::ParseInt64(text.substr(1));
    if (bits && *bits >= 1 && *bits <= (is_signed ? 64 : 63)) return FieldType{is_signed, static_cast<uint32_t>(*bits)};
  }
  ctx.reply().Error(
      "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.");
  return std::nullopt;
}

bool ParseOverflow(Context& ctx, size_t i, Overflow* overflow) {
  if (ctx.ArgIs(i, "wrap")) {
    *overflow = Overflow::kWrap;
  } else if (ctx.ArgIs(i, "sat")) {
    *overflow = Overflow::kSaturate;
  } else if (ctx.ArgIs(i, "fail")) {
    *overflow = Overflow::kFail;
  } else {
    ctx.reply().Error("ERR Invalid OVERFLOW type specified");
    return false;
  }
  return true;
}

// All arguments from 2 on; replies the error.
bool ParseOperations(Context& ctx, std::vector<Operation>* operations) {
  Overflow overflow = Overflow::kWrap;
  for (size_t i = 2; i < ctx.argc();) {
    size_t left = ctx.argc() - i - 1;
    if (ctx.ArgIs(i, "overflow") && left >= 1) {
      if (!ParseOverflow(ctx, i + 1, &overflow)) return false;
      i += 2;
      continue;
    }
    Action action;
    if (ctx.ArgIs(i, "get") && left >= 2) {
      action = Action::kGet;
    } else if (ctx.ArgIs(i, "set") && left >= 3) {
      action = Action::kSet;
    } else if (ctx.ArgIs(i, "incrby") && left >= 3) {
      action = Action::kIncrement;
    } else {
      ctx.reply().Error(command::kSyntaxError);
      return false;
    }
    std::optional<FieldType> type = ParseType(ctx, i + 1);
    if (!type) return false;
    std::optional<uint64_t> offset = BitOffset(ctx, i + 2, type->bits);
    if (!offset) return false;
    Operation operation{action, *type, *offset, 0, overflow};
    if (action != Action::kGet) {
      std::optional<int64_t> operand = ctx.Integer(i + 3);
      if (!operand) return false;
      operation.operand = *operand;
    }
    operations->push_back(operation);
    i += action == Action::kGet ? 3 : 4;
  }
  return true;
}

// Bits behind the end read as zero.
Wide ReadField(std::string_view bytes, const Operation& operation) noexcept {
  uint64_t value = 0;
  for (uint64_t at = operation.offset; at < operation.offset + operation.type.bits; ++at) {
    bool bit = (at >> 3) < bytes.size() && (static_cast<uint8_t>(bytes[at >> 3]) >> (7 - (at & 7)) & 1);
    value = value << 1 | bit;
  }
  if (!operation.type.is_signed) return value;
  uint32_t unused = 64 - operation.type.bits;
  return static_cast<int64_t>(value << unused) >> unused;
}

void WriteField(char* bytes, const Operation& operation, Wide value) noexcept {
  auto bits = static_cast<uint64_t>(value);
  for (uint32_t i = 0; i < operation.type.bits; ++i) {
    uint64_t at = operation.offset + i;
    auto mask = static_cast<uint8_t>(0x80 >> (at & 7));
    bool bit = (bits >> (operation.type.bits - 1 - i)) & 1;
    auto byte = static_cast<uint8_t>(bytes[at >> 3]);
    bytes[at >> 3] = static_cast<char>(bit ? byte | mask : byte & ~mask);
  }
}

// The value as the field can hold it; nothing when it can't and that shall fail.
std::optional<Wide> Fit(Wide value, const Operation& operation) noexcept {
  const FieldType& type = operation.type;
  if (value >= type.min() && value <= type.max()) return value;
  switch (operation.overflow) {
    case Overflow::kFail: return std::nullopt;
    case Overflow::kSaturate: return value < type.min() ? type.min() : type.max();
    case Overflow::kWrap: break;
  }
  uint32_t unused = 64 - type.bits;
  uint64_t low = static_cast<uint64_t>(value) << unused;
  if (type.is_signed) return static_cast<int64_t>(low) >> unused;
  return low >> unused;
}

// Replies the operation's result; true when the field was written and either changed or is in a string that `grown`.
bool Change(Context& ctx, std::span<char> bytes, bool grown, const Operation& operation) {
  Wide old_value = ReadField({bytes.data(), bytes.size()}, operation);
  Wide wanted = old_value + operation.operand;
  if (operation.action == Action::kSet) {
    wanted = operation.type.is_signed ? Wide{operation.operand} : Wide{static_cast<uint64_t>(operation.operand)};
    // Redis subtracts the value from the maximum in 64 bits: so far below the minimum that this overflows, a value counts
    // as above the maximum.
    bool wraps = wanted < operation.type.min() && operation.type.max() - wanted > INT64_MAX;
    if (wraps && operation.overflow == Overflow::kSaturate) wanted = operation.type.max();
  }
  std::optional<Wide> new_value = Fit(wanted, operation);
  if (!new_value) {
    ctx.reply().Null();
    return false;
  }
  WriteField(bytes.data(), operation, *new_value);
  ctx.reply().Integer(static_cast<int64_t>(operation.action == Action::kSet ? old_value : *new_value));
  return grown || *new_value != old_value;
}

void ReplyFields(Context& ctx, const std::vector<Operation>& operations) {
  auto found = ctx.ReadString(ctx.key(1));
  if (found.wrong_type) return;
  Entry::TextBuffer buffer;
  std::string_view bytes = found ? found->text(buffer) : std::string_view();
  ctx.reply().ArrayHeader(operations.size());
  for (const Operation& operation : operations) {
    ctx.reply().Integer(static_cast<int64_t>(ReadField(bytes, operation)));
  }
}

void ChangeFields(Context& ctx, const std::vector<Operation>& operations) {
  Key key = ctx.key(1);
  auto found = ctx.WriteString(key);
  if (found.wrong_type) return;
  size_t size = 0;
  for (const Operation& operation : operations) {
    if (operation.action == Action::kGet) continue;
    size = std::max(size, static_cast<size_t>((operation.offset + operation.type.bits - 1) >> 3) + 1);
  }
  size_t old_size = found ? found->text_size() : 0;
  Entry* entry = found ? found.entry : &ctx.PutString(key, nullptr, {});
  char* bytes = ctx.transaction().MutableString(ctx.db(), key, entry, size);
  size = std::max(size, old_size);

  bool grown = size > old_size;
  uint64_t changes = 0;
  ctx.reply().ArrayHeader(operations.size());
  for (const Operation& operation : operations) {
    if (operation.action == Action::kGet) {
      ctx.reply().Integer(static_cast<int64_t>(ReadField({bytes, size}, operation)));
    } else {
      changes += Change(ctx, {bytes, size}, grown, operation);
    }
  }
  if (changes == 0) return;
  ctx.Modified(key, store::kEventString, "setbit");
  ctx.transaction().AddDirty(changes - 1);
}

}  // namespace

void CmdBitfield(Context& ctx) {
  std::vector<Operation> operations;
  if (!ParseOperations(ctx, &operations)) return;
  bool reads_only = std::all_of(operations.begin(), operations.end(),
                                [](const Operation& operation) { return operation.action == Action::kGet; });
  reads_only ? ReplyFields(ctx, operations) : ChangeFields(ctx, operations);
}

void CmdBitfieldRo(Context& ctx) {
  std::vector<Operation> operations;
  if (!ParseOperations(ctx, &operations)) return;
  for (const Operation& operation : operations) {
    if (operation.action != Action::kGet) {
      return ctx.reply().Error("ERR BITFIELD_RO only supports the GET subcommand");
    }
  }
  ReplyFields(ctx, operations);
}

}  // namespace tusk::families
