// ScriptRun: the executor's side of a run: judges each command that the script calls, runs it in the transaction that
// the EVAL holds, and watches the time.
// Threads: worker-owned; the slot is shared as it says. Owns: the script's session and the reply of its last command.
#pragma once

#include <string>

#include "command/context.h"
#include "command/worker.h"
#include "resp/output_buffer.h"
#include "script/command_caller.h"
#include "script/script.h"
#include "script/scripts.h"

namespace tusk::script {

class ScriptRun final : public CommandCaller, public command::WorkerAttachment {
 public:
  // The worker's own, made when it runs its first script.
  static ScriptRun& Of(command::Worker& worker);

  explicit ScriptRun(Scripts& scripts) : scripts_(scripts), slot_(scripts.AddSlot()) {}
  ~ScriptRun() override { scripts_.RemoveSlot(slot_); }

  // One run is between Begin() and End(). `ctx` outlives it.
  void Begin(command::Context& ctx, const Callable& callable, bool read_only);
  void End() noexcept;
  // The script reached for a stripe that needs the lane: nothing of this run counts.
  bool must_enter_lane() const noexcept { return must_enter_lane_; }

  std::string_view Call(std::span<const std::string_view> argv, int protocol) noexcept override;
  AclVerdict CheckAcl(std::span<const std::string_view> argv) noexcept override;
  void SetReplication(bool to_append_file, bool to_replicas) noexcept override;
  void Log(LogLevel level, std::string_view text) noexcept override;
  bool ShouldStop() noexcept override;

 private:
  // Why the command may not run; empty: it may.
  std::string_view Refusal(const command::Command* command, std::span<const std::string_view> argv) const;
  std::string_view Refuse(const command::Command* command, std::string_view error);
  // The reply's bytes, in one piece.
  std::string_view TakeReply();
  void MarkSlow() noexcept;

  Scripts& scripts_;
  RunSlot* slot_;
  command::Context* ctx_ = nullptr;
  const Callable* callable_ = nullptr;
  bool read_only_ = false;
  bool out_of_memory_ = false;
  bool must_enter_lane_ = false;
  uint64_t started_ticks_ = 0;
  size_t marked_slow_ = 0;  // Stripes held when they were marked last.
  command::Session session_;
  resp::OutputBuffer out_;
  std::string joined_;
};

}  // namespace tusk::script
