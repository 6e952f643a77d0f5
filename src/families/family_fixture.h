// Tests of command families: an executor over chosen groups, and clients whose replies read like text. What a
// write records and which events it raises are kept as lines. Threads: one. Owns: everything.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "command/blocked_command.h"
#include "command/command_table.h"
#include "command/executor.h"
#include "command/statistics.h"
#include "command/worker.h"
#include "resp/reply_parser.h"
#include "resp/request_parser.h"
#include "store/keyspace.h"
#include "store/recording_observer.h"

namespace tusk::families {

class FamilyTest : public ::testing::Test,
                   public command::SessionHost,
                   public store::RecordingObserver,
                   public store::EventSink {
 protected:
  explicit FamilyTest(std::vector<std::span<const command::CommandSpec>> groups)
      : keyspace_({.databases = 16, .clock = &clock_, .settings = &settings_}),
        table_(groups),
        statistics_(table_.size()),
        executor_(services_, pause_, nullptr) {
    services_.keyspace = &keyspace_;
    services_.commands = &table_;
    services_.statistics = &statistics_;
    services_.executor = &executor_;
    settings_.notify_keyspace_events.set(store::kEventAll | store::kEventKeyspace);
    keyspace_.SetObserver(this);
    keyspace_.AddRecorder();
    keyspace_.SetEventSink(this);
    worker_ = std::make_unique<command::Worker>(services_, statistics_.AddWorker());
    client_ = NewClient();
  }

  std::unique_ptr<command::Session> NewClient() {
    auto session = std::make_unique<command::Session>();
    session->id = next_id_++;
    session->host = this;
    return session;
  }

  // A request as it comes over the wire; the reply's bytes.
  std::string Send(std::string_view bytes, int protocol = 3) {
    resp::RequestParser parser;
    parser.Feed(bytes);
    if (parser.ParseBatch() != 1) return "no request: " + parser.error();
    client_->protocol = protocol;
    resp::OutputBuffer out;
    resp::Reply reply(out, protocol);
    command::Request request{parser.Take(), nullptr, {}, false};
    executor_.Resolve(request);
    executor_.Execute(*worker_, *client_, request, reply);
    return out.ToString();
  }
  // The reply as ReplyValue::ToString() spells it, "..." while the client waits. `line` is split as in a
  // shell.
  std::string Run(command::Session& client, std::string_view line) {
    std::vector<std::string> words = *base::SplitQuotedLine(line);
    std::vector<std::string_view> argv(words.begin(), words.end());
    resp::OutputBuffer out;
    resp::Reply reply(out, client.protocol);
    command::Request request{argv, nullptr, {}, false};
    executor_.Resolve(request);
    command::Outcome outcome = executor_.Execute(*worker_, client, request, reply);
    if (outcome == command::Outcome::kBlocked) return "...";
    return Readable(out.ToString());
  }
  std::string Run(std::string_view line) { return Run(*client_, line); }

  // What a client that waited has been told since; empty: nothing yet.
  std::string Delivered(const command::Session& client) { return std::exchange(delivered_[client.id], {}); }
  std::vector<std::string> Changes() { return std::exchange(changes_, {}); }
  std::vector<std::string> Events() { return std::exchange(events_, {}); }

  static std::string Readable(const std::string& bytes) {
    auto value = resp::ParseReply(bytes);
    return value ? value->ToString() : "not a reply: " + bytes;
  }

  void WakeParked(uint64_t) noexcept override {}
  void DeliverReply(uint64_t session_id, resp::OutputBuffer reply) noexcept override {
    delivered_[session_id] += Readable(reply.ToString());
  }
  void DeliverPush(uint64_t, std::shared_ptr<const std::string>) noexcept override {}
  void RetryBlocked(uint64_t) noexcept override {}
  void OnCommit(uint64_t, std::span<const store::ChangeCommand> unit) override {
    for (const store::ChangeCommand& change : unit) {
      std::string line;
      for (const std::string& word : change.argv) line += (line.empty() ? "" : " ") + word;
      changes_.push_back(line);
    }
  }
  void OnKeyEvent(store::EventClass event_class, std::string_view event, std::string_view key,
                  store::DbIndex) override {
    if (event_class != store::kEventNew) events_.push_back(std::string(event) + " " + std::string(key));
  }

  base::FakeClock clock_;
  store::Settings settings_;
  store::Keyspace keyspace_;
  command::CommandTable table_;
  command::Statistics statistics_;
  command::PauseState pause_;
  command::Services services_;
  command::Executor executor_;
  std::unique_ptr<command::Worker> worker_;
  std::unique_ptr<command::Session> client_;
  uint64_t next_id_ = 1;
  std::map<uint64_t, std::string> delivered_;
  std::vector<std::string> changes_;
  std::vector<std::string> events_;
};

}  // namespace tusk::families
