// Config: the settings in force. Filled from configuration files and the command line at the start, changed
// by CONFIG SET.
//
// Threads: thread-safe. A change is all or nothing: values are replaced together, then listeners put them
// into force; one that refuses brings the old values back. Readers in a hurry keep a reference to live(), a
// relaxed atomic. Lock order: set_mutex_ (held while hooks run), then values_mutex_ (never held while
// anything else runs). Owns: the values and the path of the file.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"
#include "engine/config_value.h"

namespace tusk::engine {

// The process's working directory, absolute; empty when it can't be told. It is what `dir` means.
std::string CurrentDirectory();

class Config {
 public:
  Config();
  Config(const Config&) = delete;
  Config& operator=(const Config&) = delete;

  // ---- Reading. The name must be a row's own one. ----
  int64_t Number(std::string_view name) const;
  bool Flag(std::string_view name) const { return Number(name) != 0; }
  std::string Text(std::string_view name) const;
  const std::atomic<int64_t>& live(std::string_view name) const;
  // Names and values that match any of the patterns, aliases included; CONFIG GET.
  std::vector<std::pair<std::string, std::string>> Get(std::span<const std::string_view> patterns) const;

  // ---- Starting: before other threads exist. Messages are complete and of several lines. ----
  // The file (none when empty) first, then options as main() got them: `--port 7000`, `"--port 7000"`,
  // `--save`.
  base::Status LoadFile(const std::string& path);
  base::Status LoadOptions(std::span<const std::string_view> options);
  base::Status LoadText(std::string_view text, std::string_view source);
  const std::vector<std::pair<std::string, std::string>>& renamed_commands() const noexcept {
    return renamed_;
  }
  // `user` directives, without that word; they have the right form.
  const std::vector<std::vector<std::string>>& declared_users() const noexcept { return users_; }
  // Directives that were accepted though they do nothing here, for a warning in the log.
  const std::vector<std::string>& without_effect() const noexcept { return without_effect_; }

  // ---- Changing ----
  // Puts a changed value into force. The message of a failure is the reason that the client reads. Runs in
  // the thread that changes the setting; may take as long as opening a socket takes. Called again with the
  // old value when a later setting of the same CONFIG SET is refused.
  using Hook = std::function<base::Status(const SettingValue&)>;
  // Before other threads exist; what the hook captures must outlive the config. Several may watch one
  // setting.
  void OnChange(std::string_view name, Hook hook);
  // Runs every hook, for the start.
  base::Status ApplyAll();
  // name, value, name, value, ... as in CONFIG SET. The message is the complete error reply.
  base::Status Set(std::span<const std::string_view> pairs, bool protected_allowed);
  // What another command than CONFIG SET has put in force, so that CONFIG GET and REWRITE know of it. No hook runs.
  void Note(std::string_view name, std::string_view text);
  // CONFIG REWRITE; with `every_setting` also what is at its default. The message is the complete error reply.
  base::Status Rewrite(bool every_setting = false);
  // The lines that CONFIG REWRITE puts in place of the file's `user` directives. Before other threads exist.
  void SetUserLines(std::function<std::vector<std::string>()> lines) { user_lines_ = std::move(lines); }
  // Absolute; empty without one.
  const std::string& file() const noexcept { return file_; }

 private:
  friend class ConfigLoader;
  struct Slot {
    const SettingRow* row = nullptr;
    std::string text;  // Guarded by values_mutex_; annotations can't say so of an element.
    std::atomic<int64_t> number{0};
    std::vector<Hook> hooks;
  };
  struct Change {
    Slot* slot;
    SettingValue value;
    SettingValue old;
  };

  Slot* Find(std::string_view name) const;
  const Slot& Known(std::string_view name) const;
  SettingValue ValueOf(const Slot& slot) const;
  void Store(Slot& slot, const SettingValue& value);
  static base::Status Notify(const Slot& slot, const SettingValue& value);
  base::Result<std::vector<Change>> Check(std::span<const std::string_view> pairs, bool protected_allowed);

  mutable base::Mutex values_mutex_;
  base::Mutex set_mutex_;
  mutable std::deque<Slot> slots_;  // In the order of the rows.
  std::unordered_map<std::string_view, Slot*> by_name_;
  std::string file_;
  std::vector<std::pair<std::string, std::string>> renamed_;
  std::vector<std::vector<std::string>> users_;
  std::function<std::vector<std::string>()> user_lines_;
  std::vector<std::string> without_effect_;
  bool save_seen_ = false;  // The first `save` of file and options replaces the default, the others add to it.
};

}  // namespace tusk::engine
