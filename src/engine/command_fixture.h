// For tests of commands: an engine with a clock that stands still, one embedded session, and a log of what every
// command left behind: change records as "C SET k v", keyspace events as "E set k".
// Threads: one. Owns: the engine.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "engine/engine.h"
#include "store/events.h"
#include "store/recording_observer.h"

namespace tusk::engine {

class CommandFixture : public testing::Test, store::RecordingObserver, store::EventSink {
 protected:
  CommandFixture() : engine_({.clock = &clock_}), worker_(engine_.NewWorker()) {
    engine_.keyspace().SetObserver(this);
    engine_.keyspace().AddRecorder();
    engine_.keyspace().SetEventSink(this);
    engine_.settings().notify_keyspace_events.set(store::kEventAll | store::kEventKeyspace | store::kEventKeyevent);
  }

  // The reply's bytes. Afterwards log() has the effects.
  std::string Run(std::initializer_list<std::string_view> argv) {
    return RunAll(std::vector<std::string_view>(argv));
  }
  std::string RunAll(const std::vector<std::string_view>& argv) {
    log_.clear();
    return engine_.Execute(*worker_, session_, argv);
  }
  // The words of `line`, which blanks part.
  std::string Run(std::string_view line) {
    std::vector<std::string_view> argv;
    while (!line.empty()) {
      size_t end = line.find(' ');
      argv.push_back(line.substr(0, end));
      line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
    }
    return RunAll(argv);
  }
  std::string Run(const char* line) { return Run(std::string_view(line)); }

  const std::vector<std::string>& log() const { return log_; }
  base::FakeClock& clock() { return clock_; }
  Engine& engine() { return engine_; }
  command::Session& session() { return session_; }

  static std::string Bulk(std::string_view text) {
    return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
  }

 private:
  void OnCommit(uint64_t, std::span<const store::ChangeCommand> unit) override {
    for (const store::ChangeCommand& change : unit) {
      std::string line = "C";
      for (const std::string& word : change.argv) line += " " + word;
      log_.push_back(line);
    }
  }
  void OnKeyEvent(store::EventClass event_class, std::string_view event, std::string_view key,
                  store::DbIndex) override {
    if ((event_class & store::kEventAll) == 0) return;
    log_.push_back("E " + std::string(event) + " " + std::string(key));
  }

  base::FakeClock clock_;
  Engine engine_;
  std::unique_ptr<command::Worker> worker_;
  command::Session session_;
  std::vector<std::string> log_;
};

using Log = std::vector<std::string>;

}  // namespace tusk::engine
