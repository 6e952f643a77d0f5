// HRANDFIELD.
#include <limits>
#include <string_view>
#include <unordered_set>

#include "base/random.h"
#include "command/context.h"
#include "families/hashes.h"
#include "families/random_pick.h"
#include "families/replies.h"
#include "types/hash.h"

namespace tusk::families {
namespace {

using command::Context;
using types::Hash;

// Spells fields, with values where asked for: pairs in RESP3, a flat list in RESP2.
class FieldReply {
 public:
  FieldReply(resp::Reply& reply, bool with_values) noexcept : reply_(reply), with_values_(with_values) {}
  void Header(size_t count) { reply_.ArrayHeader(with_values_ && !reply_.resp3() ? count * 2 : count); }
  void Add(const Hash::Entry& entry) {
    if (with_values_ && reply_.resp3()) reply_.ArrayHeader(2);
    ReplyElement(reply_, entry.field);
    if (with_values_) ReplyElement(reply_, entry.value);
  }

 private:
  resp::Reply& reply_;
  bool with_values_;
};

void ReplyDifferent(const Hash& hash, size_t count, FieldReply& out) {
  base::Random& random = base::ThreadRandom();
  size_t size = hash.size();
  out.Header(count);
  if (hash.encoding() == Hash::Encoding::kTable && DrawingIsCheaper(size, count)) {
    std::unordered_set<std::string_view> seen;
    while (seen.size() < count) {
      Hash::Entry entry = hash.RandomEntry(random);
      if (seen.insert(entry.field.text()).second) out.Add(entry);
    }
    return;
  }
  WalkPicker picker(size, count, random);
  hash.ForEach([&](Hash::Element field, Hash::Element value) {
    if (picker.PickThis()) out.Add({field, value});
  });
}

}  // namespace

void CmdHrandfield(Context& ctx) {
  std::optional<int64_t> count;
  bool with_values = ctx.argc() == 4;
  if (ctx.argc() >= 3) {
    count = RandomCount(ctx, 2);
    if (!count) return;
    if (ctx.argc() > 4 || (with_values && !ctx.ArgIs(3, "withvalues"))) {
      return ctx.reply().Error(command::kSyntaxError);
    }
    constexpr int64_t kPairsMax = std::numeric_limits<int64_t>::max() / 2;
    if (with_values && (*count < -kPairsMax || *count > kPairsMax)) {
      return ctx.reply().Error("ERR value is out of range");
    }
  }
  auto found = ctx.Read<Hash>(ctx.key(1));
  if (found.wrong_type) return;
  if (!count) {
    if (!found) return ctx.reply().Null();
    return ReplyElement(ctx.reply(), found->RandomEntry(base::ThreadRandom()).field);
  }
  if (!found || *count == 0) return ctx.reply().EmptyArray();

  FieldReply out(ctx.reply(), with_values);
  if (*count > 0) {
    size_t different = std::min(static_cast<size_t>(*count), found->size());
    return ReplyDifferent(*found, different, out);
  }
  size_t repeats = static_cast<size_t>(-*count);
  out.Header(repeats);
  for (size_t i = 0; i < repeats && !ctx.reply().is_lost(); ++i) out.Add(found->RandomEntry(base::ThreadRandom()));
}

}  // namespace tusk::families
