// KEYS, SCAN, RANDOMKEY: commands that visit one stripe after the other and never hold two.
//
// A SCAN cursor is  | stripe (10 bits) | position in the stripe's table (48 bits) |,  that is, a place in the order of
// the keys' hashes, which neither growth nor shrinking moves. 0 means both "from the start" and "complete".
#include <string>
#include <vector>

#include "base/random.h"
#include "base/text.h"
#include "command/context.h"
#include "families/element_scan.h"
#include "families/keys.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Entry;
using store::Key;
using store::Shard;

constexpr unsigned kPositionBits = Shard::Table::kPositionBits;
constexpr uint64_t kPositionMask = (uint64_t{1} << kPositionBits) - 1;
static_assert(kPositionBits + store::kStripeBits < 63, "clients keep cursors in signed 64-bit integers");

// The stripe's part of the selected database, without its lock: null also when it looks empty just now.
Shard* NonEmptyShard(Context& ctx, size_t stripe) noexcept {
  Shard* shard = ctx.keyspace().stripe(stripe).FindShard(ctx.db());
  return shard && shard->size() != 0 ? shard : nullptr;
}

struct KeyScanOptions {
  uint64_t cursor = 0;
  int64_t count = 10;
  bool has_pattern = false;
  std::string_view pattern;
  bool has_type = false;
  std::string_view type;
};

bool ParseScan(Context& ctx, KeyScanOptions& options) {
  if (!ParseCursor(ctx, 1, &options.cursor)) return false;
  for (size_t i = 2; i < ctx.argc(); i += 2) {
    bool has_value = i + 1 < ctx.argc();
    if (has_value && ctx.ArgIs(i, "count")) {
      std::optional<int64_t> count = ctx.Integer(i + 1);
      if (!count) return false;
      options.count = *count;
    } else if (has_value && ctx.ArgIs(i, "match")) {
      options.pattern = ctx.arg(i + 1);
      options.has_pattern = options.pattern != "*";
    } else if (has_value && ctx.ArgIs(i, "type")) {
      options.type = ctx.arg(i + 1);
      options.has_type = true;
    } else {
      options.count = 0;
    }
    if (options.count < 1) {
      ctx.reply().Error(command::kSyntaxError);
      return false;
    }
  }
  return true;
}

// Walks from the cursor until enough keys were looked at.
class Scanner {
 public:
  Scanner(Context& ctx, const KeyScanOptions& options) : ctx_(ctx), options_(options) {
    // As many almost empty buckets may be passed before the call returns with less than it was asked for.
    constexpr int64_t kBucketsPerKey = 10;
    keys_left_ = options.count;
    buckets_left_ = options.count > INT64_MAX / kBucketsPerKey ? INT64_MAX : options.count * kBucketsPerKey;
  }

  // False: a stripe was busy, the executor repeats the command.
  bool Run() {
    size_t stripe = options_.cursor >> kPositionBits;
    position_ = options_.cursor & kPositionMask;
    for (; stripe < store::kStripeCount; ++stripe, position_ = 0) {
      if (!NonEmptyShard(ctx_, stripe)) continue;
      if (exhausted()) break;
      if (!ctx_.Visit(stripe)) return false;
      ScanStripe(*ctx_.keyspace().stripe(stripe).FindShard(ctx_.db()));
      ctx_.Leave(stripe);
      if (position_ != 0) break;
    }
    next_ = stripe < store::kStripeCount ? uint64_t{stripe} << kPositionBits | position_ : 0;
    return true;
  }

  uint64_t next() const noexcept { return next_; }
  const std::vector<std::string>& keys() const noexcept { return keys_; }

 private:
  bool exhausted() const noexcept { return keys_left_ <= 0 || buckets_left_ <= 0; }

  // Leaves position_ where to go on in the stripe, 0 at its end.
  void ScanStripe(Shard& shard) {
    do {
      --buckets_left_;
      position_ = shard.table().Scan(position_, [this](Entry* entry) { Look(*entry); });
      DropExpired(shard);
    } while (position_ != 0 && !exhausted());
  }

  void Look(const Entry& entry) {
    --keys_left_;
    if (entry.ExpiredAt(ctx_.now_ms())) {
      expired_.emplace_back(entry.key());
      return;
    }
    if (options_.has_type && !base::EqualsIgnoreCase(options_.type, store::TypeName(entry.type()))) return;
    if (options_.has_pattern && !base::GlobMatch(options_.pattern, entry.key())) return;
    keys_.emplace_back(entry.key());
  }

  // Afterwards, because the table must not change while it is scanned.
  void DropExpired(Shard& shard) {
    for (const std::string& name : expired_) {
      Key key = Key::Of(name);
      if (Entry* entry = shard.Find(key)) ctx_.transaction().Expire(ctx_.db(), key, *entry);
    }
    expired_.clear();
  }

  Context& ctx_;
  const KeyScanOptions& options_;
  int64_t keys_left_;
  int64_t buckets_left_;
  uint64_t position_ = 0;
  uint64_t next_ = 0;
  std::vector<std::string> keys_;
  std::vector<std::string> expired_;
};

// A key drawn uniformly from those in the database, expired ones included; empty when there is none, or when the
// stripe that held it was emptied meanwhile. `busy`: the executor repeats the command.
enum class Draw : uint8_t { kKey, kNothing, kAgain, kBusy };

Draw DrawKey(Context& ctx, std::string& name) {
  uint64_t total = ctx.keyspace().Size(ctx.db());
  if (total == 0) return Draw::kNothing;
  uint64_t rank = base::ThreadRandom().Below(total);
  size_t stripe = 0;
  for (; stripe < store::kStripeCount; ++stripe) {
    Shard* shard = ctx.keyspace().stripe(stripe).FindShard(ctx.db());
    uint64_t size = shard ? shard->size() : 0;
    if (rank < size) break;
    rank -= size;
  }
  if (stripe == store::kStripeCount) return Draw::kAgain;
  if (!ctx.Visit(stripe)) return Draw::kBusy;
  Shard& shard = *ctx.keyspace().stripe(stripe).FindShard(ctx.db());
  Draw result = Draw::kAgain;
  if (!shard.empty()) {
    Entry* entry = shard.table().RandomItem(base::ThreadRandom());
    name.assign(entry->key());
    if (entry->ExpiredAt(ctx.now_ms())) {
      ctx.transaction().Expire(ctx.db(), Key::Of(name), *entry);
    } else {
      result = Draw::kKey;
    }
  }
  ctx.Leave(stripe);
  return result;
}

}  // namespace

void CmdKeys(Context& ctx) {
  std::string_view pattern = ctx.arg(1);
  bool all = pattern == "*";
  size_t count = 0;
  resp::Reply::Mark mark = ctx.reply().BeginDeferred();
  for (size_t stripe = 0; stripe < store::kStripeCount; ++stripe) {
    if (!NonEmptyShard(ctx, stripe)) continue;
    if (!ctx.Visit(stripe)) return ctx.reply().CancelDeferred(mark);
    ctx.keyspace().stripe(stripe).FindShard(ctx.db())->table().ForEach([&](const Entry* entry) {
      if (entry->ExpiredAt(ctx.now_ms())) return;
      if (!all && !base::GlobMatch(pattern, entry->key())) return;
      ctx.reply().Bulk(entry->key());
      ++count;
    });
    ctx.Leave(stripe);
  }
  ctx.reply().EndArray(mark, count);
}

void CmdScan(Context& ctx) {
  KeyScanOptions options;
  if (!ParseScan(ctx, options)) return;
  Scanner scanner(ctx, options);
  if (!scanner.Run()) return;
  char text[base::kInt64TextMax];
  ctx.reply().ArrayHeader(2);
  ctx.reply().Bulk({text, base::FormatUint64(scanner.next(), text)});
  ctx.reply().ArrayHeader(scanner.keys().size());
  for (const std::string& key : scanner.keys()) ctx.reply().Bulk(key);
}

void CmdRandomkey(Context& ctx) {
  std::string name;
  for (;;) {
    switch (DrawKey(ctx, name)) {
      case Draw::kKey: return ctx.reply().Bulk(name);
      case Draw::kNothing: return ctx.reply().Null();
      case Draw::kBusy: return;
      case Draw::kAgain: break;
    }
  }
}

}  // namespace tusk::families
