// INCREX of Redis 8.8: a counter with bounds and expiry in one step, as rate limiters need it.
#include <cmath>
#include <limits>
#include <string>

#include "base/numbers.h"
#include "command/context.h"
#include "families/strings.h"
#include "families/strings_expiry.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Entry;
using store::Key;

struct IncrexRequest {
  bool is_float = false;
  size_t by = 0, low = 0, high = 0;  // Arguments; 0: not given.
  bool saturate = false;
  bool persist = false;
  bool only_new_expiry = false;  // ENX.
  ExpiryArg expiry;
};

bool ParseIncrex(Context& ctx, IncrexRequest& request) {
  for (size_t i = 2; i < ctx.argc(); ++i) {
    bool has_value = i + 1 < ctx.argc();
    if (has_value && request.by == 0 && (ctx.ArgIs(i, "BYINT") || ctx.ArgIs(i, "BYFLOAT"))) {
      request.is_float = ctx.ArgIs(i, "BYFLOAT");
      request.by = ++i;
    } else if (has_value && request.low == 0 && ctx.ArgIs(i, "LBOUND")) {
      request.low = ++i;
    } else if (has_value && request.high == 0 && ctx.ArgIs(i, "UBOUND")) {
      request.high = ++i;
    } else if (ctx.ArgIs(i, "SATURATE")) {
      request.saturate = true;
    } else if (ctx.ArgIs(i, "ENX")) {
      request.only_new_expiry = true;
    } else if (ctx.ArgIs(i, "PERSIST") && request.expiry.at == 0) {
      request.persist = true;
    } else if (!request.persist && request.expiry.at == 0 && TakeExpiryArg(ctx, i, &request.expiry)) {
      ++i;
    } else {
      return ctx.reply().Error(command::kSyntaxError), false;
    }
  }
  if (request.only_new_expiry && request.expiry.at == 0) {
    return ctx.reply().Error("ERR ENX requires one of EX, PX, EXAT or PXAT"), false;
  }
  return true;
}

// One kind of number: how it is read, written and added.
struct Integers {
  using Number = int64_t;
  static constexpr Number kLowest = std::numeric_limits<int64_t>::min();
  static constexpr Number kHighest = std::numeric_limits<int64_t>::max();
  static constexpr std::string_view kNotOne = command::kNotInteger;
  static constexpr std::string_view kEvent = "incrby";
  static std::optional<Number> Parse(std::string_view text) { return base::ParseInt64(text); }
  static std::string Text(Number value) { return base::Int64ToString(value); }
  static bool Add(Number a, Number b, Number* sum) { return !__builtin_add_overflow(a, b, sum); }
  static bool Subtract(Number a, Number b, Number* difference) { return !__builtin_sub_overflow(a, b, difference); }
  static void Reply(Context& ctx, Number value) { ctx.reply().Integer(value); }
};

struct Floats {
  using Number = long double;
  static constexpr Number kLowest = std::numeric_limits<long double>::lowest();
  static constexpr Number kHighest = std::numeric_limits<long double>::max();
  static constexpr std::string_view kNotOne = command::kNotFloat;
  static constexpr std::string_view kEvent = "incrbyfloat";
  static std::optional<Number> Parse(std::string_view text) {
    std::optional<long double> value = base::ParseLongDouble(text);
    return value && std::isfinite(*value) ? value : std::nullopt;
  }
  static std::string Text(Number value) { return base::LongDoubleToHumanString(value); }
  static bool Add(Number a, Number b, Number* sum) { return std::isfinite(*sum = a + b); }
  static bool Subtract(Number a, Number b, Number* difference) { return std::isfinite(*difference = a - b); }
  static void Reply(Context& ctx, Number value) {
    std::string text = Text(value);
    ctx.reply().resp3() ? ctx.reply().Raw("," + text + "\r\n") : ctx.reply().Bulk(text);
  }
};

template <typename Numbers>
std::optional<typename Numbers::Number> NumberArg(Context& ctx, size_t i, typename Numbers::Number otherwise) {
  if (i == 0) return otherwise;
  std::optional<typename Numbers::Number> value = Numbers::Parse(ctx.arg(i));
  if (!value) ctx.reply().Error(Numbers::kNotOne);
  return value;
}

// Stores the new value and settles the deadline (Unix milliseconds or Entry::kNoDeadline), with events and record.
template <typename Numbers>
void StoreNumber(Context& ctx, const IncrexRequest& request, Entry* entry, typename Numbers::Number value,
                 int64_t deadline) {
  Key key = ctx.key(1);
  std::string text = Numbers::Text(value);
  Entry* stored = &ctx.transaction().PutText(ctx.db(), key, entry, text);
  if constexpr (std::is_same_v<Numbers, Integers>) stored = &ctx.PutInteger(key, stored, value);
  bool expires = deadline != Entry::kNoDeadline && !(request.only_new_expiry && stored->has_deadline());
  ctx.Modified(key, store::kEventString, Numbers::kEvent);
  if (expires && ctx.IsPast(deadline)) {
    ctx.Delete(key, *stored);
    ctx.Event(key, store::kEventGeneric, "del");
    ctx.RecordAs({"DEL", key.text});
  } else if (expires) {
    ctx.transaction().SetDeadline(ctx.db(), key, *stored, deadline);
    ctx.Event(key, store::kEventGeneric, "expire");
    ctx.RecordAs({"SET", key.text, text, "PXAT", base::Int64ToString(deadline)});
  } else if (request.persist && stored->has_deadline()) {
    ctx.transaction().ClearDeadline(ctx.db(), key, *stored);
    ctx.Event(key, store::kEventGeneric, "persist");
    ctx.RecordAs({"SET", key.text, text});
  } else {
    ctx.RecordAs({"SET", key.text, text, "KEEPTTL"});
  }
}

template <typename Numbers>
void Increx(Context& ctx, const IncrexRequest& request) {
  using Number = typename Numbers::Number;
  std::optional<Number> by = NumberArg<Numbers>(ctx, request.by, 1);
  if (!by) return;
  std::optional<Number> low = NumberArg<Numbers>(ctx, request.low, Numbers::kLowest);
  if (!low) return;
  std::optional<Number> high = NumberArg<Numbers>(ctx, request.high, Numbers::kHighest);
  if (!high) return;
  if (*low > *high) return ctx.reply().Error("ERR LBOUND can't be greater than UBOUND");
  std::optional<int64_t> deadline = Entry::kNoDeadline;
  if (request.expiry.at != 0) deadline = DeadlineOf(ctx, request.expiry);
  if (!deadline) return;
  auto found = ctx.WriteString(ctx.key(1));
  if (found.wrong_type) return;
  Number value = 0;
  if (found) {
    Entry::TextBuffer buffer;
    std::optional<Number> old = Numbers::Parse(found->text(buffer));
    if (!old) return ctx.reply().Error(Numbers::kNotOne);
    value = *old;
  }
  Number sum = 0;
  bool fits = Numbers::Add(value, *by, &sum);
  // What does not fit the type went beyond it in the direction of the step.
  if (!fits) sum = *by < 0 ? Numbers::kLowest : Numbers::kHighest;
  Number result = std::min(std::max(sum, *low), *high);
  Number step = *by;
  if (!fits || result != sum) {
    if (!request.saturate) result = value;
    if (!Numbers::Subtract(result, value, &step)) {
      return ctx.reply().Error("ERR increment or decrement would overflow");
    }
  }
  ctx.reply().ArrayHeader(2);
  Numbers::Reply(ctx, result);
  Numbers::Reply(ctx, step);
  bool refused = (!fits || result != sum) && !request.saturate;
  if (!refused) StoreNumber<Numbers>(ctx, request, found.entry, result, *deadline);
}

}  // namespace

void CmdIncrex(Context& ctx) {
  IncrexRequest request;
  if (!ParseIncrex(ctx, request)) return;
  request.is_float ? Increx<Floats>(ctx, request) : Increx<Integers>(ctx, request);
}

}  // namespace tusk::families
