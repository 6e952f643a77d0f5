// Reading the ends of sorted-set ranges from arguments, and replying what lies between them.
// Threads: any. Owns: nothing.
#pragma once

#include <cstdint>
#include <optional>

#include "command/context.h"
#include "types/zset.h"

namespace tusk::families {

// "1.5", "(1.5", "-inf" ...; replies the error otherwise.
std::optional<types::ScoreRange> ScoreRangeArgs(command::Context& context, size_t min, size_t max);
// "-", "+", "[name", "(name".
std::optional<types::LexRange> LexRangeArgs(command::Context& context, size_t min, size_t max);

enum class ZDirection : uint8_t { kForward, kReverse };

// What LIMIT leaves of a range that is walked in that direction. A negative offset leaves nothing, a negative
// limit all.
types::RankRange Limited(types::RankRange range, int64_t offset, int64_t limit,
                         ZDirection direction) noexcept;

// The members, with scores flat in RESP2 and in pairs in RESP3.
void ReplyRange(command::Context& context, const types::ZSet& set, const types::RankRange& range,
                ZDirection direction, bool with_scores);

// Puts a computed set under the key (nothing if it is empty) and replies its size. `event` names the command.
void StoreResult(command::Context& context, const store::Key& key, std::unique_ptr<types::ZSet> result,
                 std::string_view event);

// The header of a list of `count` members, pairs in RESP3 and flat in RESP2 when scores are wanted; then each
// member.
inline void ReplyMembersHeader(resp::Reply& reply, size_t count, bool with_scores) {
  reply.ArrayHeader(with_scores && !reply.resp3() ? count * 2 : count);
}
void ReplyMember(resp::Reply& reply, ds::ListPackElement member, double score, bool with_score);

}  // namespace tusk::families
