// PFADD, PFCOUNT, PFMERGE and their two test commands.
#include "families/hyperloglogs.h"

#include <fmt/format.h>

#include <cstring>
#include <memory>

#include "base/text.h"
#include "command/command_table.h"
#include "command/context.h"
#include "types/hyperloglog.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Entry;
using store::Key;
using types::HllRank;
using types::HllRegisters;
using types::HyperLogLog;

constexpr std::string_view kNotHll = "WRONGTYPE Key is not a valid HyperLogLog string value.";
constexpr std::string_view kCorrupt = "INVALIDOBJ Corrupted HLL object detected";

// A key's HyperLogLog, nothing, or something else, for which the error is written.
struct FoundHll {
  Entry* entry = nullptr;
  std::string_view bytes{};
  bool refused = false;
  explicit operator bool() const noexcept { return entry != nullptr; }
};

FoundHll Find(Context& ctx, const Key& key, store::Access access) {
  Entry* entry = ctx.Lookup(key, access);
  if (!entry) return {};
  if (entry->type() != store::Type::kString) {
    ctx.reply().Error(command::kWrongType);
    return {.refused = true};
  }
  if (entry->is_integer()) {
    ctx.reply().Error(kNotHll);
    return {.refused = true};
  }
  Entry::TextBuffer unused;
  std::string_view bytes = entry->text(unused);
  if (types::HllIsValid(bytes)) return {entry, bytes};
  ctx.reply().Error(kNotHll);
  return {.refused = true};
}

// Puts changed bytes under the key; its deadline stays. Strings written by a command are "raw" to OBJECT ENCODING.
Entry& Store(Context& ctx, const Key& key, Entry* entry, const HyperLogLog& hll) {
  Entry* stored = &ctx.transaction().PutText(ctx.db(), key, entry, hll.bytes());
  ctx.transaction().MutableString(ctx.db(), key, stored, hll.bytes().size());
  DCHECK(stored->text_size() == hll.bytes().size());
  return *stored;
}

// The bytes for writing in place; the length stays.
char* Writable(Context& ctx, const Key& key, FoundHll& found) {
  return ctx.transaction().MutableString(ctx.db(), key, found.entry, found.bytes.size());
}

// PFADD, PFDEBUG and PFCOUNT of one key make a short string their own before they look at it, whether or not they then
// change it: what was "embstr" is "raw" from there on.
void MakeRaw(Context& ctx, const Key& key, FoundHll& found) {
  if (!found || found.entry->EncodingName() != "embstr") return;
  found.bytes = {Writable(ctx, key, found), found.bytes.size()};
}

// Dense registers are raised where they lie. Returns how many grew.
uint64_t AddDense(Context& ctx, const Key& key, FoundHll& found, size_t first_arg) {
  const char* bytes = found.bytes.data();
  char* writable = nullptr;
  uint64_t raised = 0;
  for (size_t i = first_arg; i < ctx.argc(); ++i) {
    HllRank rank = types::HllRankOf(ctx.arg(i));
    if (types::HllDenseGet(bytes, rank.index) >= rank.value) continue;
    if (!writable) bytes = writable = Writable(ctx, key, found);
    raised += types::HllDenseRaise(writable, rank);
  }
  if (raised != 0) types::HllForget(writable);
  return raised;
}

// The same for a sparse or new value, by way of a copy. Nothing: corrupt.
std::optional<uint64_t> AddByCopy(Context& ctx, const Key& key, const FoundHll& found) {
  HyperLogLog hll = found ? HyperLogLog(found.bytes) : HyperLogLog();
  uint64_t raised = found ? 0 : 1;  // A key that comes to be is a change by itself.
  size_t sparse_max = ctx.settings().hll_sparse_max_bytes;
  for (size_t i = 2; i < ctx.argc(); ++i) {
    HyperLogLog::Change change = hll.Raise(types::HllRankOf(ctx.arg(i)), sparse_max);
    if (change == HyperLogLog::Change::kCorrupt) return std::nullopt;
    raised += change == HyperLogLog::Change::kRaised;
  }
  if (raised == 0) return raised;
  types::HllForget(hll.header());
  Store(ctx, key, found.entry, hll);
  return raised;
}

// The registers of all the keys from argument `first` on, each at its highest. Null after an error reply.
struct Merged {
  HllRegisters registers{};
  bool any_dense = false;
};
std::unique_ptr<Merged> MergeKeys(Context& ctx, size_t first) {
  auto merged = std::make_unique<Merged>();
  for (size_t i = first; i < ctx.argc(); ++i) {
    FoundHll found = Find(ctx, ctx.key(i), store::Access::kRead);
    if (found.refused) return nullptr;
    if (!found) continue;
    merged->any_dense |= types::HllIsDense(found.bytes);
    if (types::HllMergeInto(found.bytes, merged->registers)) continue;
    ctx.reply().Error(kCorrupt);
    return nullptr;
  }
  return merged;
}

// PFDEBUG's commands that want it dense: true when it is now; replies the error otherwise.
bool MakeDense(Context& ctx, const Key& key, FoundHll& found) {
  if (types::HllIsDense(found.bytes)) return true;
  HyperLogLog hll(found.bytes);
  if (!hll.ToDense()) {
    ctx.reply().Error(kCorrupt);
    return false;
  }
  found.entry = &Store(ctx, key, found.entry, hll);
  Entry::TextBuffer unused;
  found.bytes = found.entry->text(unused);
  DCHECK(types::HllIsDense(found.bytes));
  ctx.transaction().AddDirty(1);
  return true;
}

void ReplyRegisters(Context& ctx, std::string_view bytes) {
  ctx.reply().ArrayHeader(types::kHllRegisters);
  for (uint32_t i = 0; i < types::kHllRegisters; ++i) ctx.reply().Integer(types::HllDenseGet(bytes.data(), i));
}

}  // namespace

void CmdPfadd(Context& ctx) {
  Key key = ctx.key(1);
  FoundHll found = Find(ctx, key, store::Access::kWrite);
  if (found.refused) return;
  MakeRaw(ctx, key, found);
  bool in_place = found && types::HllIsDense(found.bytes);
  std::optional<uint64_t> raised = in_place ? AddDense(ctx, key, found, 2) : AddByCopy(ctx, key, found);
  if (!raised) return ctx.reply().Error(kCorrupt);
  if (*raised != 0) {
    ctx.Modified(key, store::kEventString, "pfadd");
    ctx.transaction().AddDirty(*raised - 1);
  }
  ctx.reply().Integer(*raised != 0);
}

void CmdPfcount(Context& ctx) {
  if (ctx.argc() > 2) {
    std::unique_ptr<Merged> merged = MergeKeys(ctx, 1);
    if (merged) ctx.reply().Integer(static_cast<int64_t>(types::HllEstimate(merged->registers)));
    return;
  }
  Key key = ctx.key(1);
  FoundHll found = Find(ctx, key, store::Access::kRead);
  if (found.refused) return;
  if (!found) return ctx.reply().Integer(0);
  MakeRaw(ctx, key, found);
  if (std::optional<uint64_t> count = types::HllCachedCount(found.bytes)) {
    return ctx.reply().Integer(static_cast<int64_t>(*count));
  }
  HllRegisters registers{};
  if (!types::HllMergeInto(found.bytes, registers)) return ctx.reply().Error(kCorrupt);
  uint64_t count = types::HllEstimate(registers);
  // Remembered in the value, which thereby changes, for replicas as well; nobody's event.
  types::HllRemember(Writable(ctx, key, found), count);
  ctx.transaction().Touch(ctx.db(), key);
  ctx.reply().Integer(static_cast<int64_t>(count));
}

void CmdPfmerge(Context& ctx) {
  std::unique_ptr<Merged> merged = MergeKeys(ctx, 1);  // The destination is one of the sources.
  if (!merged) return;
  Key key = ctx.key(1);
  FoundHll found = Find(ctx, key, store::Access::kWrite);
  HyperLogLog result = found ? HyperLogLog(found.bytes) : HyperLogLog();
  if (merged->any_dense && !result.ToDense()) return ctx.reply().Error(kCorrupt);
  size_t sparse_max = ctx.settings().hll_sparse_max_bytes;
  for (uint32_t i = 0; i < types::kHllRegisters; ++i) {
    if (merged->registers[i] != 0) result.Raise({i, merged->registers[i]}, sparse_max);
  }
  types::HllForget(result.header());
  Store(ctx, key, found.entry, result);
  ctx.Modified(key, store::kEventString, "pfadd");
  ctx.reply().Ok();
}

void CmdPfdebug(Context& ctx) {
  Key key = ctx.key(2);
  FoundHll found = Find(ctx, key, store::Access::kWrite);
  if (found.refused) return;
  if (!found) return ctx.reply().Error("ERR The specified key does not exist");
  MakeRaw(ctx, key, found);
  if (ctx.ArgIs(1, "getreg")) {
    if (MakeDense(ctx, key, found)) ReplyRegisters(ctx, found.bytes);
  } else if (ctx.ArgIs(1, "decode")) {
    if (types::HllIsDense(found.bytes)) return ctx.reply().Error("ERR HLL encoding is not sparse");
    ctx.reply().Bulk(types::HllRunsText(found.bytes));
  } else if (ctx.ArgIs(1, "encoding")) {
    ctx.reply().Simple(types::HllIsDense(found.bytes) ? "dense" : "sparse");
  } else if (ctx.ArgIs(1, "todense")) {
    bool converts = !types::HllIsDense(found.bytes);
    if (MakeDense(ctx, key, found)) ctx.reply().Integer(converts);
  } else {
    ctx.reply().Error(fmt::format("ERR Unknown PFDEBUG subcommand '{}'", command::UpToZeroByte(ctx.arg(1))));
  }
}

// Redis' command checks its own register code; here unit tests do that. What it says to those who ask is kept true by
// a short walk over the same ground: dense and sparse values that saw the same elements estimate the same, and well.
void CmdPfselftest(Context& ctx) {
  constexpr int64_t kElements = 10'000;
  HyperLogLog dense, sparse;
  dense.ToDense();
  for (int64_t i = 0; i < kElements; ++i) {
    HllRank rank = types::HllRankOf(fmt::format("ele:{}", i));
    dense.Raise(rank, 0);
    sparse.Raise(rank, ctx.settings().hll_sparse_max_bytes);
  }
  HllRegisters from_dense{}, from_sparse{};
  types::HllMergeInto(dense.bytes(), from_dense);
  types::HllMergeInto(sparse.bytes(), from_sparse);
  if (from_dense != from_sparse) return ctx.reply().Error("ERR TESTFAILED dense/sparse disagree");
  auto error = static_cast<int64_t>(types::HllEstimate(from_dense)) - kElements;
  constexpr int64_t kErrorMax = kElements * 4 / 100;  // Five standard errors.
  if (error < -kErrorMax || error > kErrorMax) {
    return ctx.reply().Error(fmt::format("ERR TESTFAILED Too big error. card:{} abserr:{}", kElements, error));
  }
  ctx.reply().Ok();
}

}  // namespace tusk::families
