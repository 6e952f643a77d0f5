// Deadlines of hash fields: HEXPIRE and its relatives, HTTL and its relatives, HPERSIST, HGETEX, HSETEX, HGETDEL. Due
// fields are gone before a handler sees the hash (store::Transaction::Find).
#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/numbers.h"
#include "command/command_table.h"
#include "command/context.h"
#include "families/collections.h"
#include "families/hashes.h"
#include "families/limits.h"
#include "types/hash.h"

namespace tusk::families {
namespace {

using command::Context;
using command::Found;
using store::Key;
using types::Hash;

// Redis keeps field deadlines in 46 bits of milliseconds; what is refused there is refused here.
constexpr int64_t kDeadlineMax = (int64_t{1} << 46) - 1;

// "FIELDS numfields field ..."; for HSETEX every field has a value.
struct FieldArgs {
  size_t first = 0;  // Argument of the first field.
  size_t count = 0;
  size_t step = 1;
  size_t at(size_t i) const noexcept { return first + i * step; }
  size_t end() const noexcept { return first + count * step; }
};

// The word FIELDS at argument i, and what follows it to the end, or with `open_end` as far as the number says. Replies the
// error.
std::optional<FieldArgs> ParseFields(Context& ctx, size_t i, size_t step, bool open_end,
                                     std::string_view count_error = "ERR Number of fields must be a positive integer") {
  if (i + 1 >= ctx.argc() || !ctx.ArgIs(i, "FIELDS")) {
    ctx.reply().Error("ERR Mandatory argument FIELDS is missing or not at the right position");
    return std::nullopt;
  }
  std::optional<int64_t> count = IntegerFrom(ctx, i + 1, 1, count_error);
  if (!count) return std::nullopt;
  size_t left = ctx.argc() - i - 2;
  auto fields = static_cast<uint64_t>(*count);
  if (fields > left / step || (!open_end && fields * step != left)) {
    ctx.reply().Error("ERR The `numfields` parameter must match the number of arguments");
    return std::nullopt;
  }
  return FieldArgs{i + 2, static_cast<size_t>(fields), step};
}

// The moment that argument i names, in Unix milliseconds; replies the error.
std::optional<int64_t> ParseDeadline(Context& ctx, size_t i, bool in_seconds, bool absolute) {
  std::optional<int64_t> time = ctx.Integer(i);
  if (!time) return std::nullopt;
  if (*time < 0) {
    ctx.reply().Error("ERR invalid expire time, must be >= 0");
    return std::nullopt;
  }
  int64_t base = absolute ? 0 : ctx.now_ms();
  int64_t unit = in_seconds ? 1000 : 1;
  if (*time <= kDeadlineMax / unit && *time * unit <= kDeadlineMax - base) return *time * unit + base;
  ctx.reply().Error(fmt::format("ERR invalid expire time in '{}' command", ctx.command().full_name));
  return std::nullopt;
}

// Collects fields for one record: "<before> FIELDS <count> field ...", as the events that belong to them happened.
class FieldRecord {
 public:
  void Add(std::string_view field) { fields_.push_back(field); }
  bool empty() const noexcept { return fields_.empty(); }
  size_t size() const noexcept { return fields_.size(); }
  void Send(Context& ctx, std::vector<std::string_view> before) const {
    if (fields_.empty()) return;
    std::string count = base::Int64ToString(static_cast<int64_t>(fields_.size()));
    before.insert(before.end(), {"FIELDS", count});
    before.insert(before.end(), fields_.begin(), fields_.end());
    ctx.RecordAs(before);
  }

 private:
  std::vector<std::string_view> fields_;
};

// What a command did to the fields of one hash, and the records and events of it.
class FieldChanges {
 public:
  FieldChanges(Context& ctx, const Key& key, Found<Hash> found) noexcept : ctx_(ctx), key_(key), found_(found) {}

  // A deadline that has passed deletes the field at once. True: it did.
  bool SetDeadline(std::string_view field, int64_t deadline_ms) {
    DCHECK(found_->Exists(field));
    if (ctx_.IsPast(deadline_ms)) {
      Delete(field);
      return true;
    }
    found_->SetDeadline(field, deadline_ms);
    expiring_.Add(field);
    return false;
  }
  bool ClearDeadline(std::string_view field) {
    if (!found_->ClearDeadline(field)) return false;
    persistent_.Add(field);
    return true;
  }
  void Delete(std::string_view field) {
    found_->Delete(field);
    ctx_.RecordAs({"HDEL", key_.text, field});
    ++deleted_;
  }
  // Ends the command. `set_deadline_ms`: what SetDeadline() was given.
  void Finish(int64_t set_deadline_ms = 0) {
    size_t changes = deleted_ + expiring_.size() + persistent_.size();
    if (changes == 0) return;
    std::string deadline = base::Int64ToString(set_deadline_ms);
    expiring_.Send(ctx_, {"HPEXPIREAT", key_.text, deadline});
    persistent_.Send(ctx_, {"HPERSIST", key_.text});
    if (!expiring_.empty() || !persistent_.empty()) ctx_.transaction().FieldDeadlineSet(ctx_.db(), key_, *found_.entry);
    ModifiedBy(ctx_, key_, store::kEventHash,
               deleted_ != 0           ? "hdel"
               : persistent_.empty() ? "hexpire"
                                       : "hpersist",
               changes);
    if (deleted_ != 0) ctx_.DeleteIfEmpty(key_, found_);
  }

 private:
  Context& ctx_;
  Key key_;
  Found<Hash> found_;
  size_t deleted_ = 0;
  FieldRecord expiring_;
  FieldRecord persistent_;
};

void ReplyForEach(Context& ctx, const FieldArgs& fields, int64_t value) {
  ctx.reply().ArrayHeader(fields.count);
  for (size_t i = 0; i < fields.count; ++i) ctx.reply().Integer(value);
}

constexpr int64_t kNoField = -2;
constexpr int64_t kNoDeadline = -1;

enum class Condition : uint8_t { kNone, kNx, kXx, kGt, kLt };

bool Allows(Condition condition, std::optional<int64_t> old_ms, int64_t new_ms) noexcept {
  switch (condition) {
    case Condition::kNone: return true;
    case Condition::kNx: return !old_ms;
    case Condition::kXx: return old_ms.has_value();
    // No deadline counts as one that never comes.
    case Condition::kGt: return old_ms && new_ms > *old_ms;
    case Condition::kLt: return !old_ms || new_ms < *old_ms;
  }
  return false;
}

void Expire(Context& ctx, bool in_seconds, bool absolute) {
  Key key = ctx.key(1);
  Found<Hash> found = ctx.Write<Hash>(key);
  if (found.wrong_type) return;
  std::optional<int64_t> deadline = ParseDeadline(ctx, 2, in_seconds, absolute);
  if (!deadline) return;
  Condition condition = ctx.ArgIs(3, "NX")   ? Condition::kNx
                        : ctx.ArgIs(3, "XX") ? Condition::kXx
                        : ctx.ArgIs(3, "GT") ? Condition::kGt
                        : ctx.ArgIs(3, "LT") ? Condition::kLt
                                             : Condition::kNone;
  std::optional<FieldArgs> fields = ParseFields(ctx, condition == Condition::kNone ? 3 : 4, 1, false,
                                                "ERR Parameter `numFields` should be greater than 0");
  if (!fields) return;
  if (!found) return ReplyForEach(ctx, *fields, kNoField);
  FieldChanges changes(ctx, key, found);
  ctx.reply().ArrayHeader(fields->count);
  for (size_t i = 0; i < fields->count; ++i) {
    constexpr int64_t kRefused = 0, kSet = 1, kDeleted = 2;
    std::string_view field = ctx.arg(fields->at(i));
    int64_t result = kNoField;
    if (found->Exists(field)) {
      result = kRefused;
      if (Allows(condition, found->DeadlineOf(field), *deadline)) {
        result = changes.SetDeadline(field, *deadline) ? kDeleted : kSet;
      }
    }
    ctx.reply().Integer(result);
  }
  changes.Finish(*deadline);
}

// Replies each field's deadline, less `base_ms`, in milliseconds or whole seconds, rounded up.
void ReplyDeadlines(Context& ctx, bool in_seconds, int64_t base_ms) {
  Found<Hash> found = ctx.Read<Hash>(ctx.key(1));
  if (found.wrong_type) return;
  std::optional<FieldArgs> fields = ParseFields(ctx, 2, 1, false);
  if (!fields) return;
  if (!found) return ReplyForEach(ctx, *fields, kNoField);
  ctx.reply().ArrayHeader(fields->count);
  for (size_t i = 0; i < fields->count; ++i) {
    std::string_view field = ctx.arg(fields->at(i));
    std::optional<int64_t> deadline = found->DeadlineOf(field);
    if (!deadline) {
      ctx.reply().Integer(found->Exists(field) ? kNoDeadline : kNoField);
      continue;
    }
    DCHECK(*deadline > ctx.now_ms());
    ctx.reply().Integer(in_seconds ? (*deadline + 999 - base_ms) / 1000 : *deadline - base_ms);
  }
}

// HGETEX and HSETEX: options in any order, the fields among them.
struct ExOptions {
  FieldArgs fields;
  std::optional<int64_t> deadline{};
  bool persist = false, keep = false;  // PERSIST of one, KEEPTTL of the other.
  bool all_new = false, all_there = false;
};

// Reads a deadline's word at argument i with its value. False: it is none, or the error is written.
bool ParseExpiryOption(Context& ctx, size_t i, ExOptions& options) {
  bool absolute = ctx.ArgIs(i, "EXAT") || ctx.ArgIs(i, "PXAT");
  bool in_seconds = ctx.ArgIs(i, "EX") || ctx.ArgIs(i, "EXAT");
  if ((!absolute && !in_seconds && !ctx.ArgIs(i, "PX")) || i + 1 >= ctx.argc()) return false;
  options.deadline = ParseDeadline(ctx, i + 1, in_seconds, absolute);
  return options.deadline.has_value();
}

std::optional<ExOptions> ParseEx(Context& ctx, bool setting) {
  ExOptions options;
  std::string_view third = setting ? "KEEPTTL" : "PERSIST";
  auto refuse = [&](std::string_view error) {
    ctx.reply().Error(error);
    return std::nullopt;
  };
  for (size_t i = 2; i < ctx.argc();) {
    size_t errors = ctx.reply().error_count();
    bool timed = options.deadline || options.persist || options.keep;
    bool is_third = ctx.ArgIs(i, third);
    bool is_timing = is_third || ctx.ArgIs(i, "EX") || ctx.ArgIs(i, "PX") || ctx.ArgIs(i, "EXAT") || ctx.ArgIs(i, "PXAT");
    if (is_timing && timed) {
      return refuse(fmt::format("ERR Only one of EX, PX, EXAT, PXAT or {} arguments can be specified", third));
    }
    if (is_third) {
      (setting ? options.keep : options.persist) = true;
      i += 1;
    } else if (is_timing && ParseExpiryOption(ctx, i, options)) {
      i += 2;
    } else if (ctx.reply().error_count() != errors) {
      return std::nullopt;
    } else if (setting && (ctx.ArgIs(i, "FNX") || ctx.ArgIs(i, "FXX"))) {
      if (options.all_new || options.all_there) return refuse("ERR Only one of FXX or FNX arguments can be specified");
      (ctx.ArgIs(i, "FNX") ? options.all_new : options.all_there) = true;
      i += 1;
    } else if (options.fields.count != 0) {
      return refuse("ERR The `numfields` parameter must match the number of arguments");
    } else {
      std::optional<FieldArgs> fields = ParseFields(ctx, i, setting ? 2 : 1, true);
      if (!fields) return std::nullopt;
      options.fields = *fields;
      i = fields->end();
    }
  }
  if (options.fields.count == 0) return refuse("ERR Mandatory argument FIELDS is missing or not at the right position");
  return options;
}

void ReplyValue(Context& ctx, const Found<Hash>& found, std::string_view field) {
  std::optional<Hash::Element> value = found ? found->Get(field) : std::nullopt;
  value ? ReplyElement(ctx.reply(), *value) : ctx.reply().Null();
}

// Puts the pairs of HSETEX; the deadline is still ahead.
void SetPairs(Context& ctx, const Key& key, Found<Hash> found, const ExOptions& options) {
  Hash& hash = found ? *found : ctx.Create<Hash>(key);
  types::HashLimits limits = HashLimitsOf(ctx.settings());
  const FieldArgs& fields = options.fields;
  hash.Expect(fields.count, limits);
  for (size_t i = 0; i < fields.count; ++i) {
    std::string_view field = ctx.arg(fields.at(i));
    hash.Put(field, ctx.arg(fields.at(i) + 1), limits, options.keep ? Hash::Deadline::kKeep : Hash::Deadline::kDrop);
    if (options.deadline) hash.SetDeadline(field, *options.deadline);
  }
  DCHECK(hash.size() > 0);
  ModifiedBy(ctx, key, store::kEventHash, "hset", fields.count);
  std::string deadline = base::Int64ToString(options.deadline.value_or(0));
  std::vector<std::string_view> record = {"HSETEX", key.text};
  if (options.deadline) {
    ctx.transaction().FieldDeadlineSet(ctx.db(), key, *ctx.Lookup(key, store::Access::kPeek));
    ctx.Event(key, store::kEventHash, "hexpire");
    record.insert(record.end(), {"PXAT", deadline});
  }
  if (options.keep) record.push_back("KEEPTTL");
  for (size_t i = fields.first - 2; i < fields.end(); ++i) record.push_back(ctx.arg(i));
  ctx.RecordAs(record);
}

}  // namespace

void CmdHexpire(Context& ctx) { Expire(ctx, true, false); }
void CmdHexpireat(Context& ctx) { Expire(ctx, true, true); }
void CmdHpexpire(Context& ctx) { Expire(ctx, false, false); }
void CmdHpexpireat(Context& ctx) { Expire(ctx, false, true); }
void CmdHttl(Context& ctx) { ReplyDeadlines(ctx, true, ctx.now_ms()); }
void CmdHpttl(Context& ctx) { ReplyDeadlines(ctx, false, ctx.now_ms()); }
void CmdHexpiretime(Context& ctx) { ReplyDeadlines(ctx, true, 0); }
void CmdHpexpiretime(Context& ctx) { ReplyDeadlines(ctx, false, 0); }

void CmdHpersist(Context& ctx) {
  Key key = ctx.key(1);
  Found<Hash> found = ctx.Write<Hash>(key);
  if (found.wrong_type) return;
  std::optional<FieldArgs> fields = ParseFields(ctx, 2, 1, false);
  if (!fields) return;
  if (!found) return ReplyForEach(ctx, *fields, kNoField);
  FieldChanges changes(ctx, key, found);
  ctx.reply().ArrayHeader(fields->count);
  for (size_t i = 0; i < fields->count; ++i) {
    std::string_view field = ctx.arg(fields->at(i));
    bool cleared = changes.ClearDeadline(field);
    ctx.reply().Integer(cleared ? 1 : found->Exists(field) ? kNoDeadline : kNoField);
  }
  changes.Finish();
}

void CmdHgetdel(Context& ctx) {
  Key key = ctx.key(1);
  Found<Hash> found = ctx.Write<Hash>(key);
  if (found.wrong_type) return;
  std::optional<FieldArgs> fields = ParseFields(ctx, 2, 1, false);
  if (!fields) return;
  FieldRecord deleted;
  ctx.reply().ArrayHeader(fields->count);
  for (size_t i = 0; i < fields->count; ++i) {
    std::string_view field = ctx.arg(fields->at(i));
    ReplyValue(ctx, found, field);
    if (found && found->Delete(field)) deleted.Add(field);
  }
  if (deleted.empty()) return;
  ModifiedBy(ctx, key, store::kEventHash, "hdel", deleted.size());
  std::vector<std::string_view> record = {"HDEL", key.text};
  for (size_t i = 0; i < fields->count; ++i) record.push_back(ctx.arg(fields->at(i)));
  ctx.RecordAs(record);
  ctx.DeleteIfEmpty(key, found);
}

void CmdHgetex(Context& ctx) {
  std::optional<ExOptions> options = ParseEx(ctx, false);
  if (!options) return;
  Key key = ctx.key(1);
  Found<Hash> found = ctx.Write<Hash>(key);
  if (found.wrong_type) return;
  FieldChanges changes(ctx, key, found);
  ctx.reply().ArrayHeader(options->fields.count);
  for (size_t i = 0; i < options->fields.count; ++i) {
    std::string_view field = ctx.arg(options->fields.at(i));
    ReplyValue(ctx, found, field);
    if (!found || !found->Exists(field)) continue;
    if (options->deadline) changes.SetDeadline(field, *options->deadline);
    if (options->persist) changes.ClearDeadline(field);
  }
  changes.Finish(options->deadline.value_or(0));
}

void CmdHsetex(Context& ctx) {
  std::optional<ExOptions> options = ParseEx(ctx, true);
  if (!options) return;
  Key key = ctx.key(1);
  Found<Hash> found = ctx.Write<Hash>(key);
  if (found.wrong_type) return;
  const FieldArgs& fields = options->fields;
  for (size_t i = 0; i < fields.count; ++i) {
    bool exists = found && found->Exists(ctx.arg(fields.at(i)));
    if ((options->all_new && exists) || (options->all_there && !exists)) return ctx.reply().Integer(0);
  }
  ctx.reply().Integer(1);
  if (!options->deadline || !ctx.IsPast(*options->deadline)) return SetPairs(ctx, key, found, *options);
  // Set and expired at once: what was there is gone.
  if (!found) return;
  FieldChanges changes(ctx, key, found);
  for (size_t i = 0; i < fields.count; ++i) {
    if (found->Exists(ctx.arg(fields.at(i)))) changes.Delete(ctx.arg(fields.at(i)));
  }
  changes.Finish();
}

}  // namespace tusk::families
