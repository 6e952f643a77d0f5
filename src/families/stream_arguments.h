// Arguments and replies that stream commands share: ids, trimming, entries.
// Threads: any. Owns: nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command/context.h"
#include "types/stream.h"

namespace tusk::families {

inline constexpr std::string_view kBadStreamId = "ERR Invalid stream ID specified as stream command argument";

void ReplyStreamId(resp::Reply& reply, types::StreamId id);
// The entry that the cursor stands on: its id and its fields, which are read by this.
void ReplyStreamEntry(resp::Reply& reply, types::StreamCursor& at);
// The two without the array around them.
void ReplyStreamEntryParts(resp::Reply& reply, types::StreamCursor& at);
// An array of entries from `low` to `high`, at most `count` of them (0: all). Returns how many.
size_t ReplyStreamRange(resp::Reply& reply, const types::Stream& stream, types::StreamId low, types::StreamId high,
                        uint64_t count, types::StreamCursor::Direction direction = types::StreamCursor::Direction::kForward);

// The id at argument i, complete or without its second half, which is then `missing_seq`. Replies the error.
std::optional<types::StreamId> StreamIdArg(command::Context& ctx, size_t i, uint64_t missing_seq = 0);
// The same where "-" and "+" stand for the smallest and the greatest id, too.
std::optional<types::StreamId> StreamBoundArg(command::Context& ctx, size_t i, uint64_t missing_seq);

// numids id [id ...] at argument i, which then stands behind them. False after an error reply.
bool CountedStreamIdsArg(command::Context& ctx, size_t& i, std::vector<types::StreamId>& ids);

// The stream at key 1, for writing, and the group at argument 2; replies the error.
types::StreamGroup* ExistingGroupArg(command::Context& ctx, command::Found<types::Stream>& stream);

enum class IntervalEnd : uint8_t { kLow, kHigh };
// One end of a range: as StreamBoundArg, or "(" and an id for "without it".
std::optional<types::StreamId> StreamIntervalArg(command::Context& ctx, size_t i, IntervalEnd end);

// KEEPREF, DELREF or ACKED at argument i; nothing when it is another word.
std::optional<types::StreamReferences> ReferencesArg(command::Context& ctx, size_t i);

// What XADD and XTRIM say about trimming.
struct TrimArguments {
  std::optional<types::StreamTrim> trim;
  size_t threshold_at = 0;  // Its argument's place.
  bool limit_given = false;

  // Reads the option at argument i, if it is one of MAXLEN, MINID, LIMIT and the words of ReferencesArg(), and steps over
  // it. kError after an error reply.
  enum class Step : uint8_t { kTaken, kOther, kError };
  Step Take(command::Context& ctx, size_t& i);
  // When all options were read: completes the limit and checks that it was allowed.
  bool Finish(command::Context& ctx);

 private:
  Step TakeThreshold(command::Context& ctx, size_t& i, types::StreamTrim::By by);
  uint64_t limit_ = 0;
  std::optional<types::StreamReferences> references_;
};

// The command's arguments as followers have to repeat them after `trim` took place in the stream: an approximate
// threshold becomes the exact one that was reached, so that theirs does not depend on how their nodes are filled.
std::vector<std::string> RecordWithExactTrim(command::Context& ctx, const TrimArguments& trim, const types::Stream& stream);

}  // namespace tusk::families
