// Key extraction: which arguments of a request are keys. Declared in command/command_table.h.
#include <algorithm>
#include <charconv>

#include "base/numbers.h"
#include "base/text.h"
#include "command/command_table.h"

namespace tusk::command {
namespace {

// The position where a spec's search begins; 0 when the keyword is missing, -1 when the spec can't be
// followed.
int64_t FindBegin(const KeySpec& spec, Argv argv) noexcept {
  auto count = static_cast<int64_t>(argv.size());
  if (spec.begin == KeySpec::Begin::kIndex) return spec.index;
  if (spec.begin == KeySpec::Begin::kUnknown) return -1;
  int64_t step = spec.index >= 0 ? 1 : -1;
  for (int64_t i = spec.index >= 0 ? spec.index : count + spec.index; i >= 1 && i < count; i += step) {
    if (base::EqualsIgnoreCase(argv[static_cast<size_t>(i)], spec.keyword)) return i + 1;
  }
  return 0;
}

// As atoi() reads it, which is what Redis falls back to: blanks and a sign in front, anything behind. 0: no number, or
// none that a count could be.
int64_t LeadingCount(std::string_view text) noexcept {
  size_t at = text.find_first_not_of(" \t\n\v\f\r");
  if (at == std::string_view::npos) return 0;
  if (text[at] == '+') ++at;
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), value);
  return error == std::errc() ? value : 0;
}

// first..last, both included. False: the arguments can't be right.
bool FindRange(const KeySpec& spec, Argv argv, int64_t begin, int64_t& first, int64_t& last) noexcept {
  auto count = static_cast<int64_t>(argv.size());
  first = begin;
  switch (spec.find) {
    case KeySpec::Find::kUnknown:
      return false;
    case KeySpec::Find::kRange:
      if (spec.last >= 0) {
        last = first + spec.last;
      } else if (spec.limit == 0) {
        last = count + spec.last;
        if (first == count && spec.last == -1) return true;  // None, where all the rest are keys: PFMERGE dest.
      } else {
        last = first + (count - first) / spec.limit + spec.last;
      }
      break;
    case KeySpec::Find::kKeyNum: {
      int64_t at = begin + spec.key_num_index;
      if (at >= count) return false;
      int64_t keys = LeadingCount(argv[static_cast<size_t>(at)]);
      if (keys < 1 || keys > count) return false;
      first = begin + spec.first_key;
      last = first + (keys - 1) * spec.step;
      break;
    }
  }
  return first < count && last < count && last >= first;
}

// A count that is none, such as "1.0": Redis falls back to older code of each command, which names the counted keys
// before the destination. The command will be refused; whose key is named first shows in ACL errors.
bool HasOddCount(const Command& command, Argv argv) noexcept {
  return std::ranges::any_of(command.spec->keys, [&](const KeySpec& spec) {
    int64_t at = spec.find == KeySpec::Find::kKeyNum ? FindBegin(spec, argv) + spec.key_num_index : 0;
    return at > 0 && at < static_cast<int64_t>(argv.size()) && !base::ParseInt64(argv[static_cast<size_t>(at)]);
  });
}

bool ExtractBySpecs(const Command& command, Argv argv, KeyPositions& out) {
  for (const KeySpec& spec : command.spec->keys) {
    if (spec.flags & kKeyNotKey) continue;
    int64_t begin = FindBegin(spec, argv);
    if (begin == 0) continue;  // An optional keyword that was not given.
    int64_t first = 0;
    int64_t last = 0;
    if (begin < 0 || !FindRange(spec, argv, begin, first, last) || (spec.flags & kKeyIncomplete)) {
      out.clear();
      return false;
    }
    for (int64_t i = first; i <= last; i += spec.step) out.push_back({static_cast<uint32_t>(i), spec.flags});
  }
  if (out.size() > 1 && command.spec->keys.size() > 1 && HasOddCount(command, argv)) {
    std::ranges::rotate(out, out.begin() + 1);
  }
  return !out.empty();
}

// SORT key [...] STORE destination: the last STORE counts, and the arguments of other options are none.
void ExtractSort(Argv argv, bool may_store, KeyPositions& out) {
  out.push_back({1, kKeyRO | kKeyAccess});
  uint32_t destination = 0;
  for (size_t i = 2; i < argv.size(); ++i) {
    if (base::EqualsIgnoreCase(argv[i], "limit")) {
      i += 2;
    } else if (base::EqualsIgnoreCase(argv[i], "get") || base::EqualsIgnoreCase(argv[i], "by")) {
      i += 1;
    } else if (base::EqualsIgnoreCase(argv[i], "store") && i + 1 < argv.size()) {
      destination = static_cast<uint32_t>(++i);
    }
  }
  if (may_store && destination != 0) out.push_back({destination, kKeyOW | kKeyUpdate});
}

// GEORADIUS[BYMEMBER] key ... [STORE destination] [STOREDIST destination]: the last of either counts. What stands where the
// unit belongs is none, whatever it is called.
void ExtractGeoradius(Argv argv, size_t options_from, KeyPositions& out) {
  out.push_back({1, kKeyRO | kKeyAccess});
  uint32_t destination = 0;
  for (size_t i = options_from; i + 1 < argv.size(); ++i) {
    if (!base::EqualsIgnoreCase(argv[i], "store") && !base::EqualsIgnoreCase(argv[i], "storedist")) continue;
    destination = static_cast<uint32_t>(++i);
  }
  if (destination != 0) out.push_back({destination, kKeyOW | kKeyUpdate});
}

// MIGRATE host port key|"" ... [KEYS key...]: a password may be the word KEYS, so options are walked.
void ExtractMigrate(Argv argv, KeyPositions& out) {
  constexpr size_t kKey = 3;
  constexpr size_t kOptionsFrom = 6;
  constexpr uint16_t kFlags = kKeyRW | kKeyAccess | kKeyDelete;
  // As redis-server: the word counts only if something follows it somewhere, were it in the wrong place.
  const auto is_keys = [](std::string_view word) { return base::EqualsIgnoreCase(word, "keys"); };
  const bool may_list = argv.size() > kOptionsFrom && std::any_of(argv.begin() + 1, argv.end() - 1, is_keys);
  for (size_t i = kOptionsFrom; may_list && i < argv.size(); ++i) {
    if (is_keys(argv[i])) {
      if (!argv[kKey].empty()) return;  // Both forms at once: the handler refuses it.
      for (size_t k = i + 1; k < argv.size(); ++k) out.push_back({static_cast<uint32_t>(k), kFlags});
      return;
    }
    if (base::EqualsIgnoreCase(argv[i], "auth")) {
      i += 1;
    } else if (base::EqualsIgnoreCase(argv[i], "auth2")) {
      i += 2;
    }
  }
  out.push_back({kKey, kFlags});
}

// SET overwrites unless GET is among its options.
void ExtractSet(Argv argv, KeyPositions& out) {
  for (size_t i = 3; i < argv.size(); ++i) {
    if (base::EqualsIgnoreCase(argv[i], "get")) {
      out.push_back({1, kKeyRW | kKeyAccess | kKeyUpdate});
      return;
    }
  }
  out.push_back({1, kKeyOW | kKeyUpdate});
}

// BITFIELD with nothing but GETs only reads.
void ExtractBitfield(Argv argv, KeyPositions& out) {
  bool reads = true;
  for (size_t i = 2; i < argv.size() && reads; ++i) {
    const size_t more = argv.size() - i - 1;
    if (base::EqualsIgnoreCase(argv[i], "get") && more >= 2) {
      i += 2;
    } else if (base::EqualsIgnoreCase(argv[i], "overflow") && more >= 1) {
      i += 1;
    } else {
      reads = false;
    }
  }
  out.push_back({1, static_cast<uint16_t>(reads ? kKeyRO | kKeyAccess : kKeyRW | kKeyAccess | kKeyUpdate)});
}

}  // namespace

bool HasKeys(const Command& command) noexcept {
  return std::ranges::any_of(command.spec->keys,
                             [](const KeySpec& spec) { return !(spec.flags & kKeyNotKey); });
}

bool FindKeys(const Command& command, Argv argv, KeyPositions& out, bool exact_flags) {
  out.clear();
  switch (command.key_shape) {
    case Command::KeyShape::kNone:
      return false;
    case Command::KeyShape::kOne:
      if (exact_flags && command.has_own_keys) {
        command.spec->name == "set" ? ExtractSet(argv, out) : ExtractBitfield(argv, out);
      } else {
        out.push_back({static_cast<uint32_t>(command.first_key), command.key_flags});
      }
      return true;
    case Command::KeyShape::kRange: {
      auto count = static_cast<int64_t>(argv.size());
      int64_t last = command.last_key >= 0 ? command.last_key : count + command.last_key;
      if (last >= count) return false;
      for (int64_t i = command.first_key; i <= last; i += command.key_step) {
        out.push_back({static_cast<uint32_t>(i), command.key_flags});
      }
      return !out.empty();
    }
    case Command::KeyShape::kSpecs:
      return ExtractBySpecs(command, argv, out);
    case Command::KeyShape::kOwn:
      if (command.full_name.starts_with("georadius")) {
        constexpr size_t kBehindUnit = 6, kBehindUnitByMember = 5;
        ExtractGeoradius(argv, command.full_name == "georadius" ? kBehindUnit : kBehindUnitByMember, out);
      } else if (command.full_name == "migrate") {
        ExtractMigrate(argv, out);
      } else {
        ExtractSort(argv, command.has(kWrite), out);
      }
      return !out.empty();
  }
  return false;
}

}  // namespace tusk::command
