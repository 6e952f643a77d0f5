#include "persist/log_room.h"

#include <utility>

#include "base/check.h"

namespace tusk::persist {
namespace {

using base::Status;

// Stays free: for the closing mark, and the line behind which the room ends, which is never written to.
constexpr uint64_t kReservedBytes = BatchMark::Footprint(0) + BatchMark::kLineBytes;

static_assert(LogRoom::kFirstBytes % BatchMark::kLineBytes == 0 && LogRoom::kSliceBytes % BatchMark::kLineBytes == 0);
static_assert(LogRoom::kBatchBytesMax + 2 * kReservedBytes < LogRoom::kFirstBytes);

}  // namespace

std::unique_ptr<LogRoom> LogRoom::Make(io::File& file, size_t writers, Failure& failure, Status& status) {
  const uint64_t begin = file.size();
  const BatchMark opening{.at = begin, .size = 0, .synced = begin, .room = begin + BatchMark::Footprint(0) + kFirstBytes};
  std::unique_ptr<LogRoom> room(new LogRoom(opening.end(), opening.room));
  failure = Failure::kNone;
  for (size_t i = 0; i < writers; ++i) {
    base::Result<std::unique_ptr<io::File>> handle = file.Reopen();
    if (!handle) {
      failure = Failure::kNoRoom;
      status = handle.error();
      return nullptr;
    }
    room->handles_.push_back(*std::move(handle));
  }
  status = file.Append(opening.Spell({}) + BatchMark::Room(kFirstBytes));
  if (!status.ok()) {
    failure = file.Truncate(begin).ok() ? Failure::kNoRoom : Failure::kBroken;
    return nullptr;
  }
  status = file.Sync();
  if (status.ok()) return room;
  failure = Failure::kBroken;
  return nullptr;
}

bool LogRoom::Fits(uint64_t bytes) const noexcept {
  if (bytes == 0) return true;
  return bytes <= kBatchBytesMax && end_ + BatchMark::Footprint(bytes) + kReservedBytes <= usable_to_;
}

LogRoom::Ticket LogRoom::Take(uint64_t bytes, uint64_t number) {
  DCHECK(Fits(bytes));
  DCHECK(under_way_.empty() || under_way_.back().done.number <= number);
  const BatchMark mark{.at = end_, .size = bytes, .synced = synced_, .room = made_to_};
  if (bytes != 0) end_ = mark.end();
  under_way_.push_back({.done = {.number = number, .bytes = bytes}, .end = end_, .room = made_to_});
  return {.mark = mark, .serial = first_serial_ + under_way_.size() - 1};
}

Status LogRoom::Write(size_t writer, const Ticket& ticket, std::string_view commands) {
  if (commands.empty()) return {};
  DCHECK(writer < handles_.size() && commands.size() == ticket.mark.size);
  return handles_[writer]->Overwrite(ticket.mark.at, ticket.mark.Spell(commands));
}

std::vector<LogRoom::Done> LogRoom::Complete(const Ticket& ticket) {
  DCHECK(ticket.serial >= first_serial_ && ticket.serial - first_serial_ < under_way_.size());
  under_way_[ticket.serial - first_serial_].complete = true;
  std::vector<Done> done;
  for (; !under_way_.empty() && under_way_.front().complete; under_way_.pop_front(), ++first_serial_) {
    const UnderWay& first = under_way_.front();
    done.push_back(first.done);
    synced_ = first.end;
    // An empty batch has written no mark that would say so.
    if (first.done.bytes != 0) usable_to_ = first.room;
  }
  return done;
}

Status LogRoom::MakeMore(io::File& file) {
  const uint64_t size = file.size();
  Status status = file.Append(BatchMark::Room(kSliceBytes));
  if (status.ok()) return file.Sync();
  // What came of it is not counted, and goes with the rest.
  DCHECK(file.size() >= size);
  return status;
}

Status LogRoom::Close(io::File& file) {
  DCHECK(!in_use() && end_ + kReservedBytes <= made_to_);
  BatchMark closing{.at = end_, .size = 0, .synced = synced_};
  closing.room = closing.end();
  Status status = handles_[0]->Overwrite(closing.at, closing.Spell({}));
  if (!status.ok()) return status;
  return file.Truncate(closing.end());
}

}  // namespace tusk::persist
