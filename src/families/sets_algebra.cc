// Intersection, union and difference of sets, replied or stored.
#include <algorithm>
#include <limits>
#include <memory>
#include <vector>

#include "command/context.h"
#include "families/limits.h"
#include "families/replies.h"
#include "families/sets.h"
#include "types/hyperloglog.h"
#include "types/set.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Key;
using types::Set;

// The named sets in the order of the arguments; null for a missing key. False when an error was replied.
using Sources = std::vector<const Set*>;

bool LoadSources(Context& ctx, size_t first, size_t count, Sources* sources) {
  sources->reserve(count);
  for (size_t i = first; i < first + count; ++i) {
    auto found = ctx.Read<Set>(ctx.key(i));
    if (found.wrong_type) return false;
    sources->push_back(found ? &*found : nullptr);
  }
  return true;
}

// A set that picks its encoding by the first member that arrives.
class Collector {
 public:
  explicit Collector(const types::SetLimits& limits) noexcept : limits_(limits) {}
  void Add(Set::Member member) {
    std::string_view text = member.ToText(buffer_);
    if (!set_) set_ = std::make_unique<Set>(Set::For(text, 1, limits_));
    set_->Add(text, limits_);
  }
  size_t size() const noexcept { return set_ ? set_->size() : 0; }
  const Set* get() const noexcept { return set_.get(); }
  std::unique_ptr<Set> Take() noexcept { return std::move(set_); }

 private:
  types::SetLimits limits_;
  std::unique_ptr<Set> set_;
  char buffer_[base::kInt64TextMax];
};

// Calls out(member) for members of all sources until it returns false. The smallest source leads, the others are asked
// in ascending order of size.
template <typename Out>
void Intersect(Sources sources, Out&& out) {
  if (std::find(sources.begin(), sources.end(), nullptr) != sources.end()) return;
  std::stable_sort(sources.begin(), sources.end(), [](const Set* a, const Set* b) { return a->size() < b->size(); });
  bool go_on = true;
  sources[0]->ForEach([&](Set::Member member) {
    if (!go_on) return;
    for (size_t i = 1; i < sources.size(); ++i) {
      if (sources[i] != sources[0] && !sources[i]->Contains(member)) return;
    }
    go_on = out(member);
  });
}

void Unite(const Sources& sources, Collector& result) {
  for (const Set* source : sources) {
    if (source) source->ForEach([&](Set::Member member) { result.Add(member); });
  }
}

// Calls out(member) for members of the first source that no other has, until it returns false.
template <typename Out>
void Subtract(const Sources& sources, Out&& out) {
  if (!sources[0]) return;
  bool go_on = true;
  sources[0]->ForEach([&](Set::Member member) {
    if (!go_on) return;
    for (size_t i = 1; i < sources.size(); ++i) {
      if (sources[i] && sources[i]->Contains(member)) return;
    }
    go_on = out(member);
  });
}

// numkeys key ... [LIMIT limit] [APPROX]
struct CountRequest {
  Sources sources{};
  size_t limit = 0;  // 0: none.
  bool approximate = false;
};

std::optional<CountRequest> ParseCount(Context& ctx, bool may_approximate) {
  constexpr std::string_view kBadCount = "ERR numkeys should be greater than 0";
  std::optional<int64_t> keys = ctx.IntegerInRange(1, 1, std::numeric_limits<int64_t>::max(), kBadCount);
  if (!keys) return std::nullopt;
  if (static_cast<size_t>(*keys) > ctx.argc() - 2) {
    ctx.reply().Error("ERR Number of keys can't be greater than number of args");
    return std::nullopt;
  }
  CountRequest request;
  size_t key_count = static_cast<size_t>(*keys);
  for (size_t i = 2 + key_count; i < ctx.argc(); ++i) {
    if (may_approximate && ctx.ArgIs(i, "approx")) {
      request.approximate = true;
    } else if (ctx.ArgIs(i, "limit") && i + 1 < ctx.argc()) {
      constexpr std::string_view kBadLimit = "ERR LIMIT can't be negative";
      std::optional<int64_t> limit = ctx.IntegerInRange(++i, 0, std::numeric_limits<int64_t>::max(), kBadLimit);
      if (!limit) return std::nullopt;
      request.limit = static_cast<size_t>(*limit);
    } else {
      ctx.reply().Error(command::kSyntaxError);
      return std::nullopt;
    }
  }
  if (!LoadSources(ctx, 2, key_count, &request.sources)) return std::nullopt;
  return request;
}

// At least min(members, limit).
size_t CountUnion(Context& ctx, const CountRequest& request) {
  size_t largest = 0, all = 0;
  for (const Set* source : request.sources) {
    size_t size = source ? source->size() : 0;
    largest = std::max(largest, size);
    all += size;
  }
  // One source that has them all, or enough.
  if (largest == all || (request.limit != 0 && largest >= request.limit)) return largest;
  Collector result(SetLimitsOf(ctx.settings()));
  for (const Set* source : request.sources) {
    if (!source) continue;
    source->ForEach([&](Set::Member member) {
      if (request.limit == 0 || result.size() < request.limit) result.Add(member);
    });
  }
  return result.size();
}

size_t EstimateUnion(const Sources& sources) {
  auto registers = std::make_unique<types::HllRegisters>();
  char buffer[base::kInt64TextMax];
  for (const Set* source : sources) {
    if (!source) continue;
    source->ForEach([&](Set::Member member) {
      types::HllRank rank = types::HllRankOf(member.ToText(buffer));
      uint8_t& value = (*registers)[rank.index];
      value = std::max(value, rank.value);
    });
  }
  return types::HllEstimate(*registers);
}

void StoreResult(Context& ctx, Collector& result, std::string_view event) {
  Key key = ctx.key(1);
  store::Entry* entry = ctx.Lookup(key, store::Access::kWrite);
  size_t size = result.size();
  if (size != 0) {
    ctx.Replace(key, entry, store::Value::Object(result.Take()));
    ctx.Modified(key, store::kEventSet, event);
  } else if (entry) {
    ctx.Delete(key, *entry);
    ctx.Modified(key, store::kEventGeneric, "del");
  }
  ctx.reply().Integer(static_cast<int64_t>(size));
}

}  // namespace

void CmdSinter(Context& ctx) {
  Sources sources;
  if (!LoadSources(ctx, 1, ctx.argc() - 1, &sources)) return;
  auto mark = ctx.reply().BeginDeferred();
  size_t count = 0;
  Intersect(std::move(sources), [&](Set::Member member) {
    ReplyElement(ctx.reply(), member);
    ++count;
    return true;
  });
  ctx.reply().EndSet(mark, count);
}

void CmdSinterstore(Context& ctx) {
  Sources sources;
  if (!LoadSources(ctx, 2, ctx.argc() - 2, &sources)) return;
  Collector result(SetLimitsOf(ctx.settings()));
  Intersect(std::move(sources), [&](Set::Member member) {
    result.Add(member);
    return true;
  });
  StoreResult(ctx, result, "sinterstore");
}

void CmdSintercard(Context& ctx) {
  std::optional<CountRequest> request = ParseCount(ctx, false);
  if (!request) return;
  size_t count = 0;
  Intersect(std::move(request->sources), [&](Set::Member) { return ++count != request->limit; });
  ctx.reply().Integer(static_cast<int64_t>(count));
}

void CmdSdiffcard(Context& ctx) {
  std::optional<CountRequest> request = ParseCount(ctx, false);
  if (!request) return;
  size_t count = 0;
  Subtract(request->sources, [&](Set::Member) { return ++count != request->limit; });
  ctx.reply().Integer(static_cast<int64_t>(count));
}

void CmdSunioncard(Context& ctx) {
  std::optional<CountRequest> request = ParseCount(ctx, true);
  if (!request) return;
  size_t count = request->approximate ? EstimateUnion(request->sources) : CountUnion(ctx, *request);
  if (request->limit != 0) count = std::min(count, request->limit);
  ctx.reply().Integer(static_cast<int64_t>(count));
}

void CmdSunion(Context& ctx) {
  Sources sources;
  if (!LoadSources(ctx, 1, ctx.argc() - 1, &sources)) return;
  Collector result(SetLimitsOf(ctx.settings()));
  Unite(sources, result);
  ctx.reply().SetHeader(result.size());
  if (result.get()) result.get()->ForEach([&](Set::Member member) { ReplyElement(ctx.reply(), member); });
}

void CmdSunionstore(Context& ctx) {
  Sources sources;
  if (!LoadSources(ctx, 2, ctx.argc() - 2, &sources)) return;
  Collector result(SetLimitsOf(ctx.settings()));
  Unite(sources, result);
  StoreResult(ctx, result, "sunionstore");
}

void CmdSdiff(Context& ctx) {
  Sources sources;
  if (!LoadSources(ctx, 1, ctx.argc() - 1, &sources)) return;
  auto mark = ctx.reply().BeginDeferred();
  size_t count = 0;
  Subtract(sources, [&](Set::Member member) {
    ReplyElement(ctx.reply(), member);
    ++count;
    return true;
  });
  ctx.reply().EndSet(mark, count);
}

void CmdSdiffstore(Context& ctx) {
  Sources sources;
  if (!LoadSources(ctx, 2, ctx.argc() - 2, &sources)) return;
  Collector result(SetLimitsOf(ctx.settings()));
  Subtract(sources, [&](Set::Member member) {
    result.Add(member);
    return true;
  });
  StoreResult(ctx, result, "sdiffstore");
}

}  // namespace tusk::families
