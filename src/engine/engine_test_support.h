// A whole engine with a clock that stands still, for tests of command behaviour: commands go in as a line, replies come
// out as RESP with blanks for line ends: Run("LPUSH l a b") == ":2", Run("LRANGE l 0 -1") == "*2 $1 b $1 a".
// Threads: one. Owns: the engine, its records and one session.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "engine/engine.h"
#include "store/recording_observer.h"

namespace tusk::engine {

class EngineTest : public ::testing::Test, public store::RecordingObserver, public store::EventSink {
 protected:
  EngineTest() : engine_({.clock = &clock_}), worker_(engine_.NewWorker()) {
    engine_.keyspace().SetObserver(this);
    engine_.keyspace().AddRecorder();
    engine_.keyspace().SetEventSink(this);
    engine_.settings().notify_keyspace_events.set(store::kEventAll | store::kEventKeyevent);
    engine_.settings().enable_debug_command.set(true);
    session_.id = engine_.NextSessionId();
  }

  // Words are split like inline requests: quotes and escapes work.
  std::string Run(std::string_view line) { return RunAs(session_, line); }
  std::string RunAs(command::Session& session, std::string_view line) {
    std::vector<std::string> words = *base::SplitQuotedLine(line);
    return RunWords(session, {words.begin(), words.end()});
  }
  std::string RunWords(command::Session& session, std::vector<std::string_view> words) {
    std::string reply = engine_.Execute(*worker_, session, words);
    std::string text;
    for (size_t i = 0; i < reply.size(); ++i) {
      if (reply.compare(i, 2, "\r\n") != 0) {
        text += reply[i];
        continue;
      }
      ++i;
      if (i + 1 < reply.size()) text += ' ';
    }
    return text;
  }

  // "event key" and "COMMAND arguments" since the last call, separated by commas.
  std::string TakeEvents() { return Take(events_); }
  std::string TakeRecords() { return Take(records_); }

  // Without those that clients must ask for one by one.
  void OnKeyEvent(store::EventClass event_class, std::string_view event, std::string_view key, store::DbIndex db) override {
    if ((event_class & store::kEventAll) == 0) return;
    Append(events_, std::string(event) + " " + std::string(key) + (db ? "@" + std::to_string(db) : ""));
  }
  void OnCommit(uint64_t, std::span<const store::ChangeCommand> unit) override {
    for (const store::ChangeCommand& change : unit) {
      std::string line;
      for (const std::string& word : change.argv) line += (line.empty() ? "" : " ") + word;
      Append(records_, line);
    }
  }

  base::FakeClock clock_;
  Engine engine_;
  std::unique_ptr<command::Worker> worker_;
  command::Session session_;

 private:
  static void Append(std::string& list, const std::string& item) { list += (list.empty() ? "" : ", ") + item; }
  static std::string Take(std::string& list) { return std::exchange(list, {}); }

  std::string events_;
  std::string records_;
};

}  // namespace tusk::engine
