// LCS: the longest common subsequence of two strings, by the textbook table of lengths.
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "command/context.h"
#include "families/strings.h"

namespace tusk::families {
namespace {

using command::Context;
using store::Entry;
using store::Key;

struct LcsOptions {
  bool length_only = false;
  bool indexes = false;
  bool with_match_length = false;
  int64_t match_length_min = 0;
};

bool ParseLcsOptions(Context& ctx, LcsOptions* options) {
  for (size_t i = 3; i < ctx.argc(); ++i) {
    if (ctx.ArgIs(i, "idx")) {
      options->indexes = true;
    } else if (ctx.ArgIs(i, "len")) {
      options->length_only = true;
    } else if (ctx.ArgIs(i, "withmatchlen")) {
      options->with_match_length = true;
    } else if (ctx.ArgIs(i, "minmatchlen") && i + 1 < ctx.argc()) {
      std::optional<int64_t> length = ctx.Integer(++i);
      if (!length) return false;
      options->match_length_min = std::max<int64_t>(*length, 0);
    } else {
      ctx.reply().Error(command::kSyntaxError);
      return false;
    }
  }
  if (!options->indexes || !options->length_only) return true;
  ctx.reply().Error("ERR If you want both the length and indexes, please just use IDX.");
  return false;
}

// at(i, j): length of the longest common subsequence of a's first i and b's first j bytes.
class LengthTable {
 public:
  LengthTable(std::string_view a, std::string_view b) : columns_(b.size() + 1), cells_((a.size() + 1) * columns_) {
    for (size_t i = 1; i <= a.size(); ++i) {
      const uint32_t* above = &cells_[(i - 1) * columns_];
      uint32_t* row = &cells_[i * columns_];
      for (size_t j = 1; j <= b.size(); ++j) {
        row[j] = a[i - 1] == b[j - 1] ? above[j - 1] + 1 : std::max(above[j], row[j - 1]);
      }
    }
  }
  uint32_t at(size_t i, size_t j) const noexcept { return cells_[i * columns_ + j]; }

 private:
  size_t columns_;
  std::vector<uint32_t> cells_;
};

// A run of bytes common to both, by its first positions.
struct Match {
  size_t a;
  size_t b;
  size_t length = 0;
};

// Walks the table back from its end. `subsequence` gets the bytes, `matches` the runs, last one first.
void WalkBack(std::string_view a, std::string_view b, const LengthTable& table, std::string* subsequence,
              std::vector<Match>* matches) {
  size_t i = a.size();
  size_t j = b.size();
  size_t left = table.at(i, j);
  subsequence->resize(left);
  Match run{0, 0, 0};
  auto close_run = [&] {
    if (run.length != 0) matches->push_back(run);
    run.length = 0;
  };
  while (i > 0 && j > 0) {
    if (a[i - 1] == b[j - 1]) {
      --i;
      --j;
      (*subsequence)[--left] = a[i];
      if (run.length != 0 && (run.a != i + 1 || run.b != j + 1)) close_run();
      run = {i, j, run.length + 1};
      continue;
    }
    close_run();
    if (table.at(i - 1, j) > table.at(i, j - 1)) {
      --i;
    } else {
      --j;
    }
  }
  close_run();
}

void ReplyRange(resp::Reply& reply, size_t first, size_t length) {
  reply.ArrayHeader(2);
  reply.Integer(static_cast<int64_t>(first));
  reply.Integer(static_cast<int64_t>(first + length - 1));
}

void ReplyMatches(Context& ctx, const std::vector<Match>& matches, const LcsOptions& options, size_t length) {
  resp::Reply& reply = ctx.reply();
  reply.MapHeader(2);
  reply.Bulk("matches");
  auto mark = reply.BeginDeferred();
  size_t count = 0;
  for (const Match& match : matches) {
    if (match.length < static_cast<size_t>(options.match_length_min)) continue;
    reply.ArrayHeader(options.with_match_length ? 3 : 2);
    ReplyRange(reply, match.a, match.length);
    ReplyRange(reply, match.b, match.length);
    if (options.with_match_length) reply.Integer(static_cast<int64_t>(match.length));
    ++count;
  }
  reply.EndArray(mark, count);
  reply.Bulk("len");
  reply.Integer(static_cast<int64_t>(length));
}

}  // namespace

void CmdLcs(Context& ctx) {
  const Entry* first = ctx.Lookup(ctx.key(1), store::Access::kRead);
  const Entry* second = ctx.Lookup(ctx.key(2), store::Access::kRead);
  if ((first && first->type() != store::Type::kString) || (second && second->type() != store::Type::kString)) {
    return ctx.reply().Error("ERR The specified keys must contain string values");
  }
  LcsOptions options;
  if (!ParseLcsOptions(ctx, &options)) return;

  Entry::TextBuffer first_buffer;
  Entry::TextBuffer second_buffer;
  std::string_view a = first ? first->text(first_buffer) : std::string_view();
  std::string_view b = second ? second->text(second_buffer) : std::string_view();
  constexpr size_t kLengthMax = std::numeric_limits<uint32_t>::max() - 1;
  if (a.size() >= kLengthMax || b.size() >= kLengthMax) return ctx.reply().Error("ERR String too long for LCS");
  if ((a.size() + 1) * (b.size() + 1) > ctx.settings().proto_max_bulk_len / sizeof(uint32_t)) {
    return ctx.reply().Error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
  }
  LengthTable table(a, b);
  size_t length = table.at(a.size(), b.size());
  if (options.length_only) return ctx.reply().Integer(static_cast<int64_t>(length));
  std::string subsequence;
  std::vector<Match> matches;
  WalkBack(a, b, table, &subsequence, &matches);
  if (!options.indexes) return ctx.reply().Bulk(subsequence);
  ReplyMatches(ctx, matches, options, length);
}

}  // namespace tusk::families
