#include "command/command_table.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/text.h"

namespace tusk::command {
namespace {

constexpr size_t kFoldedBytesMax = 16;
constexpr uint64_t kCaseBits = 0x2020202020202020ull;

uint64_t Load(const char* at, size_t bytes) noexcept {
  uint64_t word = 0;
  std::memcpy(&word, at, bytes);
  return word;
}

bool IsContainer(const Command& command) noexcept { return !command.subcommands.empty(); }

// Redis' classic triple for COMMAND INFO: the union of neighbouring index ranges, ending where the specs
// leave a gap.
void DeriveClassicRange(Command& command) {
  std::span<const KeySpec> specs = command.spec->keys;
  auto is_range = [](const KeySpec& spec) {
    return spec.begin == KeySpec::Begin::kIndex && spec.find == KeySpec::Find::kRange;
  };
  if (specs.size() == 1 && is_range(specs[0])) {
    command.first_key = specs[0].index;
    command.last_key =
        specs[0].last >= 0 ? static_cast<int16_t>(specs[0].index + specs[0].last) : specs[0].last;
    command.key_step = specs[0].step;
    return;
  }
  int first = 0;
  int last = 0;
  for (const KeySpec& spec : specs) {
    if (!is_range(spec)) continue;
    if (spec.step != 1 || (first != 0 && last != spec.index - 1)) break;
    if (first == 0) first = spec.index;
    last = spec.last >= 0 ? spec.index + spec.last : spec.last;
    if (last < 0) break;
  }
  if (first == 0) return;
  command.first_key = static_cast<int16_t>(first);
  command.last_key = static_cast<int16_t>(last);
  command.key_step = 1;
}

Command::KeyShape DeriveKeyShape(const Command& command) {
  using Shape = Command::KeyShape;
  size_t real = 0;
  for (const KeySpec& spec : command.spec->keys) {
    if (!(spec.flags & kKeyNotKey)) ++real;
  }
  if (real == 0) return Shape::kNone;
  if (command.flags & kMovableKeys) return command.has_own_keys ? Shape::kOwn : Shape::kSpecs;
  if (command.spec->keys.size() != 1 || command.spec->keys[0].limit != 0) return Shape::kSpecs;
  return command.first_key == command.last_key ? Shape::kOne : Shape::kRange;
}

}  // namespace

uint32_t ImpliedCategories(uint32_t flags, uint32_t explicit_categories) noexcept {
  uint32_t implied = 0;
  if (flags & kWrite) implied |= kCatWrite;
  // Scripts that only read are no reads to an ACL: what they read is up to them.
  if ((flags & kReadonly) && !(explicit_categories & kCatScripting)) implied |= kCatRead;
  if (flags & kAdmin) implied |= kCatAdmin | kCatDangerous;
  if (flags & kPubsub) implied |= kCatPubsub;
  if (flags & kBlocking) implied |= kCatBlocking;
  implied |= (flags & kFast) ? kCatFast : kCatSlow;
  return implied;
}

CommandTable::CommandTable(std::span<const std::span<const CommandSpec>> groups) {
  for (std::span<const CommandSpec> group : groups) {
    for (const CommandSpec& spec : group) {
      Command* command = Add(spec, nullptr);
      top_level_.push_back(command);
      for (const CommandSpec& child : spec.subcommands) command->subcommands.push_back(Add(child, command));
      std::ranges::sort(command->subcommands, {}, &Command::name);
    }
  }
  RebuildIndex();
}

Command* CommandTable::Add(const CommandSpec& spec, Command* parent) {
  Command& command = all_.emplace_back();
  command.spec = &spec;
  command.parent = parent;
  command.handler = spec.handler;
  command.id = static_cast<uint32_t>(all_.size() - 1);
  command.arity = spec.arity;
  command.locks = spec.locks;
  command.name = spec.name;
  command.full_name = parent ? parent->full_name + '|' + std::string(spec.name) : std::string(spec.name);
  command.flags = spec.flags;
  for (const KeySpec& key : spec.keys) {
    if (key.begin != KeySpec::Begin::kIndex || key.find != KeySpec::Find::kRange)
      command.flags |= kMovableKeys;
  }
  command.categories = spec.categories | ImpliedCategories(spec.flags, spec.categories);
  constexpr std::string_view kOwnKeys[] = {"set", "bitfield", "sort", "sort_ro", "georadius", "georadiusbymember", "migrate"};
  command.has_own_keys = std::ranges::find(kOwnKeys, command.full_name) != std::end(kOwnKeys);
  DeriveClassicRange(command);
  command.key_shape = DeriveKeyShape(command);
  if (!spec.keys.empty()) command.key_flags = spec.keys[0].flags;
  return &command;
}

// Lower and upper case letters differ in one bit, so OR-ing it in folds case. It folds some other bytes
// together too
// ('_' and DEL); Find() compares exactly afterwards. Both words overlap between 4 and 16 bytes, which
// together with the length still tells all names apart and spares a loop.
inline CommandTable::Folded CommandTable::Fold(std::string_view name) noexcept {
  size_t n = name.size();
  Folded folded;
  if (n > 8) {
    folded.low = Load(name.data(), 8) | kCaseBits;
    folded.high = Load(name.data() + n - 8, 8) | kCaseBits;
  } else if (n >= 4) {
    folded.low = (Load(name.data(), 4) | Load(name.data() + n - 4, 4) << 32) | kCaseBits;
  } else if (n > 0) {
    folded.low =
        (Load(name.data(), 1) | Load(name.data() + n / 2, 1) << 8 | Load(name.data() + n - 1, 1) << 16) |
        kCaseBits;
  }
  return folded;
}

inline uint64_t CommandTable::Folded::Hash(size_t length) const noexcept {
  uint64_t mixed = (low ^ length) * 0x9E3779B97F4A7C15ull ^ (high * 0xC2B2AE3D27D4EB4Full);
  return mixed ^ (mixed >> 29);
}

void CommandTable::RebuildIndex() {
  size_t capacity = 64;
  while (capacity < top_level_.size() * 4) capacity *= 2;
  slots_.assign(capacity, {});
  slot_mask_ = capacity - 1;
  long_names_.clear();
  for (const Command* command : top_level_) {
    CHECK(Find(command->name) == nullptr);
    if (command->name.size() > kFoldedBytesMax) {
      long_names_.push_back(command);
      continue;
    }
    Folded folded = Fold(command->name);
    uint64_t at = folded.Hash(command->name.size()) & slot_mask_;
    while (slots_[at].command != nullptr) at = (at + 1) & slot_mask_;
    const bool letters_only = std::ranges::all_of(command->name, [](char c) { return c >= 'a' && c <= 'z'; });
    slots_[at] = {folded, command->name.size(), command, letters_only};
  }
}

const Command* CommandTable::Find(std::string_view name) const noexcept {
  if (name.size() > kFoldedBytesMax) [[unlikely]] {
    for (const Command* command : long_names_) {
      if (base::EqualsIgnoreCase(command->name, name)) return command;
    }
    return nullptr;
  }
  Folded folded = Fold(name);
  for (uint64_t at = folded.Hash(name.size()) & slot_mask_; slots_[at].command != nullptr;
       at = (at + 1) & slot_mask_) {
    const Slot& slot = slots_[at];
    if (slot.name.low == folded.low && slot.name.high == folded.high && slot.length == name.size() &&
        (slot.fold_is_exact || base::EqualsIgnoreCase(slot.command->name, name))) {
      return slot.command;
    }
  }
  return nullptr;
}

const Command* CommandTable::Resolve(Argv argv) const noexcept {
  if (argv.empty()) return nullptr;
  const Command* command = Find(argv[0]);
  if (command == nullptr || argv.size() == 1 || !IsContainer(*command)) return command;
  for (const Command* child : command->subcommands) {
    if (base::EqualsIgnoreCase(child->name, argv[1])) return child;
  }
  return command;
}

const Command* CommandTable::FindFullName(std::string_view full_name) const noexcept {
  size_t bar = full_name.find('|');
  if (bar == std::string_view::npos) return Find(full_name);
  std::string_view argv[] = {full_name.substr(0, bar), full_name.substr(bar + 1)};
  const Command* command = Resolve(argv);
  return command != nullptr && command->parent != nullptr ? command : nullptr;
}

const Command* CommandTable::FindOriginal(std::string_view full_name) const noexcept {
  const Command* called = FindFullName(full_name);
  if (called != nullptr && base::EqualsIgnoreCase(called->full_name, full_name)) return called;
  for (const Command& command : all_) {
    if (base::EqualsIgnoreCase(command.full_name, full_name)) return &command;
  }
  return nullptr;
}

base::Status CommandTable::Rename(std::string_view from, std::string_view to) {
  const Command* found = Find(from);
  if (found == nullptr) return base::Status::Invalid("No such command in rename-command");
  if (to.empty()) {
    std::erase(top_level_, found);
  } else {
    const Command* taken = Find(to);
    if (taken != nullptr && taken != found)
      return base::Status::Invalid("Target command name already exists");
    all_[found->id].name = base::ToLower(to);
  }
  RebuildIndex();
  return base::Status::Ok();
}

namespace {
constexpr size_t kShownBytesMax = 128;
}  // namespace

std::string_view UpToZeroByte(std::string_view text) noexcept { return text.substr(0, text.find('\0')); }

std::string_view ShownInError(std::string_view argument) noexcept {
  return UpToZeroByte(argument).substr(0, kShownBytesMax);
}

std::string UnknownCommandError(const CommandTable& table, Argv argv) {
  const Command* container = table.Find(argv[0]);
  if (container != nullptr && IsContainer(*container) && argv.size() > 1) {
    // The reader put TYPED before a command that knows nothing of typed values.
    if (container->name == "typed") return "ERR '" + std::string(ShownInError(argv[1])) + "' takes no typed values";
    return "ERR unknown subcommand '" + std::string(ShownInError(argv[1])) + "'. Try " +
           base::ToUpper(container->name) + " HELP.";
  }
  std::string shown;
  for (size_t i = 1; i < argv.size() && shown.size() < kShownBytesMax; ++i) {
    shown += '\'';
    shown += UpToZeroByte(argv[i]).substr(0, kShownBytesMax - shown.size() + 1);
    shown += "' ";
  }
  return "ERR unknown command '" + std::string(ShownInError(argv[0])) +
         "', with args beginning with: " + shown;
}

std::string WrongArityError(const Command& command) {
  return "ERR wrong number of arguments for '" + command.full_name + "' command";
}

}  // namespace tusk::command
