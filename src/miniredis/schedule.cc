// ADD and READ: what is due when. One document, an array of [microseconds, data] in the order in which they are due; of equal
// times the smaller data first, as in the original's heap, where the two can be compared, else what came first.
#include "miniredis/schedule.h"

#include <chrono>
#include <compare>

#include "miniredis/call.h"
#include "miniredis/handlers.h"

namespace tusk::miniredis {
namespace {

using command::Context;
using store::Access;
using store::Entry;
using types::Document;
using types::DocumentKind;
using types::DocumentView;

// More than this many are refused.
constexpr size_t kScheduledMax = size_t{1} << 26;
// An entry, in the array, around the data.
constexpr size_t kLevels = 2;

constexpr std::string_view kBlanks = " \t\n\v\f\r";

// Takes `digits_min` to `digits_max` digits off the front; -1: they are not there.
int TakeDigits(std::string_view& text, size_t digits_min, size_t digits_max) noexcept {
  int value = 0;
  size_t count = 0;
  for (; count < digits_max && count < text.size() && text[count] >= '0' && text[count] <= '9'; ++count) {
    value = value * 10 + (text[count] - '0');
  }
  if (count < digits_min) return -1;
  text.remove_prefix(count);
  return value;
}

bool TakeChar(std::string_view& text, char wanted) noexcept {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<int64_t> TakeFraction(std::string_view& text) noexcept {
  constexpr size_t kFractionDigits = 6;
  const size_t before = text.size();
  int micros = TakeDigits(text, 1, kFractionDigits);
  if (micros < 0) return {};
  for (size_t digits = before - text.size(); digits < kFractionDigits; ++digits) micros *= 10;
  return micros;
}

// False: replied.
bool FindSchedule(Call& call, Access access, Document*& schedule) {
  Entry* entry = call.ctx.Lookup(call.key(), access);
  if (entry && (entry->type() != store::Type::kDocument || entry->object<Document>().kind() != DocumentKind::kArray)) {
    call.Fail(kWrongKeyType);
    return false;
  }
  schedule = entry ? &entry->object<Document>() : nullptr;
  return true;
}

// Argument i; replies the error.
std::optional<int64_t> TimestampAt(Call& call, size_t i) {
  if (i >= call.count()) return call.Fail(kWrongTimestamp), std::nullopt;
  std::optional<Document> value = call.Value(i);
  if (!value) return {};
  std::optional<std::string> text = PlainText(value->view());
  std::optional<int64_t> micros = text ? ParseTimestamp(*text) : std::nullopt;
  if (!micros) call.Fail(kWrongTimestamp);
  return micros;
}

// Something else than an entry of ours may be in there, if somebody wrote to the key: it is due at once.
int64_t TimeOf(const DocumentView& entry) noexcept {
  if (entry.kind() != DocumentKind::kArray || entry.size() != 2) return INT64_MIN;
  const DocumentView time = entry.At(0);
  return time.kind() == DocumentKind::kInteger ? time.integer() : INT64_MIN;
}

DocumentView DataOf(const DocumentView& entry) noexcept {
  return entry.kind() == DocumentKind::kArray && entry.size() == 2 ? entry.At(1) : entry;
}

std::partial_ordering CompareData(const DocumentView& a, const DocumentView& b) noexcept {
  auto rank = [](const DocumentView& value) {
    if (types::IsNumber(value.kind())) return 0;
    if (value.kind() == DocumentKind::kText) return 1;
    return value.kind() == DocumentKind::kBytes ? 2 : 3;
  };
  if (rank(a) != rank(b)) return rank(a) <=> rank(b);
  if (rank(a) == 0) return a.number() <=> b.number();
  if (rank(a) == 3) return std::partial_ordering::equivalent;
  return a.text() <=> b.text();
}

// Where an entry goes: behind all that are due before it or with it.
size_t PlaceFor(const DocumentView& schedule, int64_t micros, const DocumentView& data) noexcept {
  size_t low = 0, high = schedule.size();
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    const DocumentView entry = schedule.At(middle);
    const int64_t time = TimeOf(entry);
    const bool is_later = time > micros || (time == micros && CompareData(DataOf(entry), data) == std::partial_ordering::greater);
    if (is_later) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  DCHECK(low <= schedule.size());
  return low;
}

}  // namespace

std::optional<int64_t> ParseTimestamp(std::string_view text) noexcept {
  const int year = TakeDigits(text, 4, 4);
  if (year < 1 || !TakeChar(text, '-')) return {};
  const int month = TakeDigits(text, 1, 2);
  if (month < 1 || !TakeChar(text, '-')) return {};
  const int day = TakeDigits(text, 1, 2);
  const size_t blanks = std::min(text.find_first_not_of(kBlanks), text.size());
  if (day < 1 || blanks == 0) return {};
  text.remove_prefix(blanks);
  const int hour = TakeDigits(text, 1, 2);
  if (hour < 0 || hour > 23 || !TakeChar(text, ':')) return {};
  const int minute = TakeDigits(text, 1, 2);
  if (minute < 0 || minute > 59 || !TakeChar(text, ':')) return {};
  const int second = TakeDigits(text, 1, 2);
  if (second < 0 || second > 59) return {};
  const std::optional<int64_t> fraction = TakeChar(text, '.') ? TakeFraction(text) : std::optional<int64_t>(0);
  if (!fraction || !text.empty()) return {};
  const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return {};
  const auto time = std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
                    std::chrono::seconds(second) + std::chrono::microseconds(*fraction);
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

// The schedule's key is argument 0; what the client sent comes behind it.
void CmdAdd(Context& ctx) {
  Call call(ctx);
  std::optional<int64_t> micros = TimestampAt(call, 1);
  if (!micros) return;
  std::optional<Document> data = call.Value(2, kLevels);
  if (!data) return;
  Document* schedule = nullptr;
  if (!FindSchedule(call, Access::kWrite, schedule)) return;
  if (!schedule) {
    schedule = &ctx.Create<Document>(call.key());
    *schedule = Document::Array();
  }
  if (schedule->size() >= kScheduledMax) return call.Fail(kUnhandled);
  const size_t place = PlaceFor(schedule->view(), *micros, data->view());
  Document entry = Document::Array();
  entry.Append(Document::Integer(*micros));
  entry.Append(*std::move(data));
  entry.Settle();
  schedule->Insert(place, std::move(entry));
  schedule->Settle();
  ctx.Modified(call.key(), store::kEventList, "rpush");
  call.Integer64(1);
}

void CmdRead(Context& ctx) {
  Call call(ctx);
  std::optional<int64_t> until = TimestampAt(call, 1);
  if (!until) return;
  Document* schedule = nullptr;
  if (!FindSchedule(call, Access::kWrite, schedule)) return;
  size_t due = 0;
  if (schedule) {
    for (types::DocumentCursor at(schedule->view()); at.Next() && TimeOf(at.value()) <= *until;) ++due;
  }
  call.Array(due);
  if (due == 0) return;
  types::DocumentCursor at(schedule->view());
  for (size_t i = 0; i < due && at.Next(); ++i) call.Value(DataOf(at.value()));
  if (due == schedule->size()) {
    ctx.Delete(call.key(), *ctx.Lookup(call.key(), Access::kWrite));
  } else {
    schedule->Remove(0, due);
    schedule->Settle();
  }
  ctx.Modified(call.key(), store::kEventList, "lpop");
}

void CmdLengthSchedule(Context& ctx) {
  Call call(ctx);
  Document* schedule = nullptr;
  if (FindSchedule(call, Access::kRead, schedule)) call.Integer64(static_cast<int64_t>(schedule ? schedule->size() : 0));
}

void CmdFlushSchedule(Context& ctx) {
  Call call(ctx);
  Document* schedule = nullptr;
  if (!FindSchedule(call, Access::kWrite, schedule)) return;
  call.Integer64(static_cast<int64_t>(schedule ? schedule->size() : 0));
  if (!schedule) return;
  ctx.Delete(call.key(), *ctx.Lookup(call.key(), Access::kWrite));
  ctx.Modified(call.key(), store::kEventGeneric, "del");
}

}  // namespace tusk::miniredis
