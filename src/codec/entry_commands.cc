#include "codec/entry_commands.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/numbers.h"
#include "codec/payload.h"
#include "store/change_unit.h"

namespace tusk::codec {
namespace {

using store::Entry;

// Commands of one key, so many elements each, as Redis' rewrite has it: a reader need not take a large value at once.
class Chunks {
 public:
  static constexpr size_t kElementsMax = 64;

  Chunks(std::string_view name, std::string_view key, Writer& out) : name_(name), key_(key), out_(out) {}
  ~Chunks() { End(); }
  Chunks(const Chunks&) = delete;
  Chunks& operator=(const Chunks&) = delete;

  // What makes up one element.
  void Add(std::initializer_list<std::string_view> words) {
    for (std::string_view word : words) words_.emplace_back(word);
    if (++elements_ == kElementsMax) End();
  }

 private:
  void End() {
    if (elements_ == 0) return;
    std::vector<std::string_view> argv = {name_, key_};
    argv.insert(argv.end(), words_.begin(), words_.end());
    std::string bytes;
    store::AppendCommand(bytes, argv);
    out_.Raw(bytes);
    words_.clear();
    elements_ = 0;
  }

  const std::string_view name_;
  const std::string_view key_;
  Writer& out_;
  std::vector<std::string> words_;
  size_t elements_ = 0;
};

std::string Text(ds::ListPackElement element) {
  char buffer[base::kInt64TextMax];
  return std::string(element.ToText(buffer));
}

void WriteList(std::string_view key, const types::List& list, Writer& out) {
  Chunks chunks("RPUSH", key, out);
  for (size_t i = 0; i < list.node_count(); ++i) {
    const ds::ListPack& pack = list.NodePack(i);
    for (auto at = pack.First(); at != ds::ListPack::kNone; at = pack.Next(at)) chunks.Add({Text(pack.Get(at))});
  }
}

void WriteSet(std::string_view key, const types::Set& set, Writer& out) {
  Chunks chunks("SADD", key, out);
  set.ForEach([&chunks](types::Set::Member member) { chunks.Add({Text(member)}); });
}

void WriteZSet(std::string_view key, const types::ZSet& zset, Writer& out) {
  Chunks chunks("ZADD", key, out);
  for (auto at = zset.First(); at; at.Next()) chunks.Add({base::DoubleToString(at.score()), Text(at.member())});
}

void WriteHash(std::string_view key, const types::Hash& hash, Writer& out) {
  {
    Chunks chunks("HSET", key, out);
    hash.ForEach([&chunks](types::Hash::Element field, types::Hash::Element value) {
      chunks.Add({Text(field), Text(value)});
    });
  }
  if (hash.first_deadline_ms() == INT64_MAX) return;
  hash.ForEach([&](types::Hash::Element field, types::Hash::Element) {
    const std::string name = Text(field);
    const std::optional<int64_t> deadline = hash.DeadlineOf(name);
    if (deadline) WriteCommand({"HPEXPIREAT", key, base::Int64ToString(*deadline), "FIELDS", "1", name}, out);
  });
}

}  // namespace

void WriteCommand(std::initializer_list<std::string_view> argv, Writer& out) {
  std::string bytes;
  store::AppendCommand(bytes, std::span<const std::string_view>(argv.begin(), argv.size()));
  out.Raw(bytes);
}

void WriteEntryCommands(const Entry& entry, const EncodingLimits& limits, Writer& out) {
  const std::string_view key = entry.key();
  switch (entry.type()) {
    case store::Type::kString: {
      Entry::TextBuffer buffer;
      WriteCommand({"SET", key, entry.text(buffer)}, out);
      break;
    }
    case store::Type::kList: WriteList(key, entry.object<types::List>(), out); break;
    case store::Type::kSet: WriteSet(key, entry.object<types::Set>(), out); break;
    case store::Type::kZSet: WriteZSet(key, entry.object<types::ZSet>(), out); break;
    case store::Type::kHash: WriteHash(key, entry.object<types::Hash>(), out); break;
    case store::Type::kStream:
    case store::Type::kDocument: WriteCommand({"RESTORE", key, "0", DumpValue(entry, limits, false)}, out); break;
  }
  if (entry.has_deadline()) WriteCommand({"PEXPIREAT", key, base::Int64ToString(entry.deadline_ms())}, out);
}

}  // namespace tusk::codec
