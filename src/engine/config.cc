#include "engine/config.h"

#include <unistd.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "command/command_table.h"

namespace tusk::engine {
namespace {

using base::Status;

Status SetFailed(std::string_view name, std::string_view reason) {
  return Status::Invalid("ERR CONFIG SET failed (possibly related to argument '" + std::string(name) +
                         "') - " + std::string(reason));
}

// CONFIG SET gives one argument where a file gives several words.
std::vector<std::string> WordsOf(const SettingRow& row, std::string_view argument) {
  bool many = row.kind == SettingKind::kWords || row.kind == SettingKind::kEnumSet;
  if (!many || argument.empty()) return {std::string(argument)};
  return base::SplitQuotedLine(argument).value_or(std::vector<std::string>{std::string(argument)});
}

}  // namespace

std::string CurrentDirectory() {
  char path[4096];
  return ::getcwd(path, sizeof path) != nullptr ? path : "";
}

Config::Config() {
  for (const SettingRow& row : SettingRows()) {
    Slot& slot = slots_.emplace_back();
    slot.row = &row;
    CHECK(by_name_.emplace(row.name, &slot).second);
    if (!row.alias.empty()) CHECK(by_name_.emplace(row.alias, &slot).second);
    if (row.initial.empty()) continue;
    auto value = ParseSetting(row, WordsOf(row, row.initial), {});
    CHECK(value.has_value());  // The row's own default.
    Store(slot, *value);
  }
}

Config::Slot* Config::Find(std::string_view name) const {
  auto found = by_name_.find(base::ToLower(name));
  return found == by_name_.end() ? nullptr : found->second;
}

const Config::Slot& Config::Known(std::string_view name) const {
  auto found = by_name_.find(name);
  CHECK(found != by_name_.end());
  return *found->second;
}

SettingValue Config::ValueOf(const Slot& slot) const {
  base::MutexLock hold(values_mutex_);
  return {slot.text, slot.number.load(std::memory_order_relaxed)};
}

void Config::Store(Slot& slot, const SettingValue& value) {
  base::MutexLock hold(values_mutex_);
  slot.text = value.text;
  slot.number.store(value.number, std::memory_order_relaxed);
}

int64_t Config::Number(std::string_view name) const { return live(name).load(std::memory_order_relaxed); }

std::string Config::Text(std::string_view name) const { return ValueOf(Known(name)).text; }

const std::atomic<int64_t>& Config::live(std::string_view name) const { return Known(name).number; }

std::vector<std::pair<std::string, std::string>> Config::Get(
    std::span<const std::string_view> patterns) const {
  std::vector<std::pair<std::string, std::string>> result;
  auto wanted = [&](const SettingRow& row, std::string_view name) {
    return std::ranges::any_of(patterns, [&](std::string_view pattern) {
      if (base::EqualsIgnoreCase(pattern, name)) return true;
      return !(row.flags & kHidden) && base::GlobMatch(pattern, name, true);
    });
  };
  for (const Slot& slot : slots_) {
    for (std::string_view name : {slot.row->name, slot.row->alias}) {
      if (name.empty() || !wanted(*slot.row, name)) continue;
      std::string text = ValueOf(slot).text;
      if (name == "dir") text = CurrentDirectory();
      result.emplace_back(name, std::move(text));
    }
  }
  return result;
}

Status Config::Notify(const Slot& slot, const SettingValue& value) {
  for (const Hook& hook : slot.hooks) RETURN_IF_ERROR(hook(value));
  return Status::Ok();
}

void Config::OnChange(std::string_view name, Hook hook) {
  auto found = by_name_.find(name);
  CHECK(found != by_name_.end());
  found->second->hooks.push_back(std::move(hook));
}

Status Config::ApplyAll() {
  base::MutexLock hold(set_mutex_);
  for (const Slot& slot : slots_) RETURN_IF_ERROR(Notify(slot, ValueOf(slot)));
  return Status::Ok();
}

base::Result<std::vector<Config::Change>> Config::Check(std::span<const std::string_view> pairs,
                                                        bool protected_allowed) {
  std::vector<Change> changes;
  for (size_t i = 0; i + 1 < pairs.size(); i += 2) {
    Slot* slot = Find(pairs[i]);
    if (slot == nullptr) {
      return base::Error(Status::Invalid("ERR Unknown option or number of arguments for CONFIG SET - '" +
                                         std::string(command::UpToZeroByte(pairs[i])) + "'"));
    }
    if (slot->row->flags & kImmutable) return base::Error(SetFailed(pairs[i], "can't set immutable config"));
    if ((slot->row->flags & kProtected) && !protected_allowed) {
      return base::Error(SetFailed(pairs[i], "can't set protected config"));
    }
    if (std::ranges::find(changes, slot, &Change::slot) != changes.end()) {
      return base::Error(SetFailed(pairs[i], "duplicate parameter"));
    }
    changes.push_back({slot, {}, ValueOf(*slot)});
  }
  for (size_t i = 0; i < changes.size(); ++i) {
    const SettingRow& row = *changes[i].slot->row;
    // `save` says everything anew here, while buffer limits name only the classes that change.
    SettingValue previous = row.name == "save" ? SettingValue{} : changes[i].old;
    auto value = ParseSetting(row, WordsOf(row, pairs[i * 2 + 1]), previous);
    if (!value) return base::Error(SetFailed(pairs[i * 2], value.error().message()));
    changes[i].value = *std::move(value);
  }
  return changes;
}

void Config::Note(std::string_view name, std::string_view text) {
  Slot* slot = Find(name);
  CHECK(slot != nullptr);
  SettingValue value = ValueOf(*slot);
  value.text = text;
  Store(*slot, value);
}

Status Config::Set(std::span<const std::string_view> pairs, bool protected_allowed) {
  if (pairs.empty() || pairs.size() % 2 != 0) return Status::Invalid("ERR syntax error");
  base::MutexLock hold(set_mutex_);
  ASSIGN_OR_RETURN(std::vector<Change> changes, Check(pairs, protected_allowed));
  for (const Change& change : changes) Store(*change.slot, change.value);
  for (size_t i = 0; i < changes.size(); ++i) {
    Status status = Notify(*changes[i].slot, changes[i].value);
    if (status.ok()) continue;
    for (const Change& change : changes) Store(*change.slot, change.old);
    // What was in force before can't be refused now, and if it were, there would be nothing better to do.
    for (size_t k = 0; k <= i; ++k) std::ignore = Notify(*changes[k].slot, changes[k].old);
    return SetFailed(pairs[i * 2], status.message());
  }
  return Status::Ok();
}

}  // namespace tusk::engine
