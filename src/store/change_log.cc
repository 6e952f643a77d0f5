#include "store/change_log.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "base/numbers.h"

namespace tusk::store {
namespace {

// Room for the digits of a length, its letter and the line ends.
constexpr size_t kHeaderBytesMax = 24;

void AppendHeader(std::string& out, char letter, size_t count) {
  char digits[base::kInt64TextMax];
  out += letter;
  out.append(digits, base::FormatInt64(static_cast<int64_t>(count), digits));
  out += "\r\n";
}

void AppendBulk(std::string& out, std::string_view text) {
  AppendHeader(out, '$', text.size());
  out += text;
  out += "\r\n";
}

ChangeUnit Spell(uint64_t number, std::span<const ChangeCommand> commands) {
  ChangeUnit unit;
  unit.number = number;
  size_t bytes = 0;
  for (const ChangeCommand& command : commands) {
    bytes += kHeaderBytesMax;
    for (const std::string& word : command.argv) bytes += word.size() + kHeaderBytesMax;
  }
  unit.bytes.reserve(bytes);
  unit.parts.reserve(commands.size());
  for (const ChangeCommand& command : commands) {
    AppendHeader(unit.bytes, '*', command.argv.size());
    for (const std::string& word : command.argv) AppendBulk(unit.bytes, word);
    unit.parts.push_back({.db = command.db, .targets = command.targets, .end = unit.bytes.size()});
  }
  return unit;
}

}  // namespace

void AppendCommand(std::string& out, std::span<const std::string_view> argv) {
  AppendHeader(out, '*', argv.size());
  for (std::string_view word : argv) AppendBulk(out, word);
}

// ---- ChangeStream ----

bool ChangeStream::Append(const ChangeUnit& unit, std::string& out) {
  const auto mine = static_cast<size_t>(
      std::ranges::count_if(unit.parts, [this](const ChangeUnit::Part& part) { return (part.targets & target_) != 0; }));
  if (mine == 0) return false;
  bool first = true;
  size_t begin = 0;
  for (const ChangeUnit::Part& part : unit.parts) {
    DCHECK(begin < part.end && part.end <= unit.bytes.size());
    std::string_view bytes(unit.bytes.data() + begin, part.end - begin);
    begin = part.end;
    if ((part.targets & target_) == 0) continue;
    if (db_ != part.db) {
      char digits[base::kInt64TextMax];
      std::string_view number(digits, base::FormatInt64(part.db, digits));
      AppendCommand(out, std::initializer_list<std::string_view>{"SELECT", number});
      db_ = part.db;
    }
    // After the first SELECT, as Redis 7.0 has it (7.2 has it before: a reader executes both alike).
    if (std::exchange(first, false) && mine > 1) AppendCommand(out, std::initializer_list<std::string_view>{"MULTI"});
    out += bytes;
  }
  if (mine > 1) AppendCommand(out, std::initializer_list<std::string_view>{"EXEC"});
  return true;
}

// ---- ChangeLog ----

class ChangeLog::Arrival final : public base::Task {
 public:
  Arrival(ChangeLog& log, ChangeUnit unit) : log_(log), unit_(std::move(unit)) {}
  void Run() noexcept override { log_.Arrive(std::move(unit_)); }

 private:
  ChangeLog& log_;
  ChangeUnit unit_;
};

ChangeLog::ChangeLog() : thread_([this] { Work(); }) {}

ChangeLog::~ChangeLog() {
  {
    base::MutexLock hold(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ChangeLog::OnCommit(uint64_t commit_number, std::span<const ChangeCommand> unit) {
  if (!inbox_.Put(std::make_unique<Arrival>(*this, Spell(commit_number, unit)))) return;
  // The empty section orders this wake-up after a look at the inbox that found nothing.
  { base::MutexLock hold(mutex_); }
  changed_.notify_all();
}

void ChangeLog::Arrive(ChangeUnit unit) {
  CHECK(unit.number >= next_);
  const size_t place = unit.number - next_;
  if (early_.size() <= place) early_.resize(place + 1);
  DCHECK(!early_[place].has_value());
  early_[place] = std::move(unit);
}

bool ChangeLog::Deliver() {
  base::TaskList arrived = inbox_.TakeAll();
  const bool any = !arrived.empty();
  while (std::unique_ptr<base::Task> task = arrived.Pop()) task->Run();
  base::MutexLock hold(followers_mutex_);
  while (!early_.empty() && early_.front().has_value()) {
    for (ChangeFollower* follower : followers_) follower->OnUnit(*early_.front());
    early_.pop_front();
    ++next_;
  }
  for (ChangeFollower* follower : followers_) follower->OnPause();
  return any;
}

void ChangeLog::Work() NO_THREAD_SAFETY_ANALYSIS {
  for (;;) {
    const bool any = Deliver();
    std::unique_lock hold(mutex_.native());
    if (delivered_ != next_ - 1) {
      delivered_ = next_ - 1;
      changed_.notify_all();
    }
    if (any || !inbox_.empty()) continue;
    if (stopping_) return;
    changed_.wait_for(hold, std::chrono::milliseconds(kIdleMillis),
                      [this]() NO_THREAD_SAFETY_ANALYSIS { return stopping_ || !inbox_.empty(); });
  }
}

void ChangeLog::WaitFor(uint64_t commit_number) NO_THREAD_SAFETY_ANALYSIS {
  std::unique_lock hold(mutex_.native());
  changed_.wait(hold, [&]() NO_THREAD_SAFETY_ANALYSIS { return delivered_ >= commit_number; });
}

void ChangeLog::AddFollower(ChangeFollower& follower) {
  base::MutexLock hold(followers_mutex_);
  followers_.push_back(&follower);
}

void ChangeLog::RemoveFollower(ChangeFollower& follower) {
  base::MutexLock hold(followers_mutex_);
  std::erase(followers_, &follower);
}

}  // namespace tusk::store
