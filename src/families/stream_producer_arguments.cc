#include "families/stream_producer_arguments.h"

#include <optional>

#include "base/check.h"
#include "base/hash.h"
#include "base/text.h"

namespace tusk::families {

using command::Context;
using types::Stream;
using types::StreamId;
using types::StreamProducers;

TrimArguments::Step ProducerArguments::Take(Context& ctx, size_t& i) {
  const bool automatic = ctx.ArgIs(i, "IDMPAUTO");
  if (!automatic && !ctx.ArgIs(i, "IDMP")) return TrimArguments::Step::kOther;
  const size_t words = automatic ? 2 : 3;
  if (given || i + words > ctx.argc()) {
    ctx.reply().Error(command::kSyntaxError);
    return TrimArguments::Step::kError;
  }
  given = true;
  producer = ctx.arg(i + 1);
  if (!automatic) id = ctx.arg(i + 2);
  if (producer.empty() || (!automatic && id.empty())) {
    ctx.reply().Error("ERR producer ID and idempotent ID must not be empty");
    return TrimArguments::Step::kError;
  }
  i += words;
  return TrimArguments::Step::kTaken;
}

void ProducerArguments::Complete(std::span<const std::string_view> fields) {
  if (!id.empty()) return;
  // Each word's length is hashed as well: "a" "bc" is another entry than "ab" "c". Two seeds make 128 bits.
  constexpr uint64_t kSeeds[] = {0x746b2d69646d7031, 0x746b2d69646d7032};
  for (uint64_t hash : kSeeds) {
    for (std::string_view word : fields) hash = base::SeededHash(word, hash + word.size() * 0x9e3779b97f4a7c15);
    for (int shift = 0; shift < 64; shift += 8) made_.push_back(static_cast<char>(hash >> shift));
  }
  id = made_;
}

void ProducerArguments::EraseFrom(std::vector<std::string>& argv) {
  for (size_t i = 2; i < argv.size(); ++i) {
    const bool automatic = base::EqualsIgnoreCase(argv[i], "IDMPAUTO");
    if (!automatic && !base::EqualsIgnoreCase(argv[i], "IDMP")) continue;
    argv.erase(argv.begin() + static_cast<ptrdiff_t>(i), argv.begin() + static_cast<ptrdiff_t>(i + (automatic ? 2 : 3)));
    return;
  }
  DCHECK(false);
}

bool ReplyDuplicate(Context& ctx, Stream& stream, const ProducerArguments& producer) {
  StreamProducers* producers = stream.producers();
  if (!producers) return false;
  std::optional<StreamId> id = producers->Find(producer.producer, producer.id, ctx.now_ms());
  if (!id) return false;
  producers->CountDuplicate();
  ReplyStreamId(ctx.reply(), *id);
  return true;
}

}  // namespace tusk::families
