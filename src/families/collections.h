// What list and sorted-set commands share: finding the first of several keys that has something to take.
// Threads: any. Owns: nothing.
#pragma once

#include <optional>
#include <vector>

#include "command/context.h"
#include "families/replies.h"

namespace tusk::families {

// COUNT, numkeys and their like: an integer from `low` on.
inline std::optional<int64_t> IntegerFrom(command::Context& context, size_t i, int64_t low,
                                          std::string_view error) {
  return context.IntegerInRange(i, low, INT64_MAX, error);
}

// As Context::Modified(), for a change that counts as `changes` towards the next save. Wraps on purpose when
// that is 0.
inline void ModifiedBy(command::Context& context, const store::Key& key, store::EventClass event_class,
                       std::string_view event, uint64_t changes) {
  context.Modified(key, event_class, event);
  context.transaction().AddDirty(changes - 1);
}

inline constexpr std::string_view kNotPositive = "ERR value is out of range, must be positive";

// A key with a collection that has elements.
template <typename T>
struct FilledKey {
  store::Key key;
  command::Found<T> found;
  bool replied = false;  // A key of another type came first; the error is written.
};

// The first of the keys at arguments `first` ... that holds a T. For a command that waited, that is the key
// that turned ready or none: another type in its place is no error then, the command goes on waiting.
template <typename T>
FilledKey<T> FindFilled(command::Context& context, size_t first, size_t count) {
  if (const store::Key* ready = context.ready_key()) {
    store::Entry* entry = context.Lookup(*ready, store::Access::kWrite);
    if (entry && entry->type() != store::TypeOf<T>::kValue) entry = nullptr;
    return {*ready, {entry, false}};
  }
  for (size_t i = first; i < first + count; ++i) {
    store::Key key = context.key(i);
    command::Found<T> found = context.Write<T>(key);
    if (found.wrong_type) return {key, {}, true};
    if (found) return {key, found};
  }
  return {};
}

// Waits for any of the keys at arguments `first` ...
inline void BlockOn(command::Context& context, size_t first, size_t count,
                    const command::Context::BlockOptions& options) {
  std::vector<store::Key> keys;
  keys.reserve(count);
  for (size_t i = first; i < first + count; ++i) keys.push_back(context.key(i));
  context.Block(keys, options);
}

// "numkeys key [key ...]" at argument `at`: how many keys, or nothing and an error.
inline std::optional<size_t> KeyCount(command::Context& context, size_t at) {
  std::optional<int64_t> count = IntegerFrom(context, at, 1, "ERR numkeys should be greater than 0");
  if (!count) return {};
  // At least one argument follows the keys.
  if (static_cast<uint64_t>(*count) >= context.argc() - at - 1) {
    context.reply().Error(command::kSyntaxError);
    return {};
  }
  return static_cast<size_t>(*count);
}

// An optional "COUNT n" that ends the arguments, from `at` on; 1 without it.
inline std::optional<int64_t> TrailingCount(command::Context& context, size_t at) {
  if (at == context.argc()) return 1;
  if (at + 2 > context.argc() || !context.ArgIs(at, "COUNT")) {
    context.reply().Error(command::kSyntaxError);
    return {};
  }
  // A wrong count is told before what follows it.
  std::optional<int64_t> count = IntegerFrom(context, at + 1, 1, "ERR count should be greater than 0");
  if (count && at + 2 != context.argc()) {
    context.reply().Error(command::kSyntaxError);
    return {};
  }
  return count;
}

}  // namespace tusk::families
