// Value: a value that belongs to no key just now: computed by a store command, cloned by COPY, taken out by RENAME, or
// on its way to the background thread that frees it.
//
// Threads: caller-synchronised; may be handed to another thread. Owns: the value.
#pragma once

#include <memory>
#include <string_view>

#include "store/entry.h"

namespace tusk::store {

class Value {
 public:
  Value() noexcept = default;
  static Value Integer(int64_t value) noexcept;
  // Keeps canonical integers as integers, everything else as bytes.
  static Value String(std::string_view bytes);
  // Bytes as a command that writes in place leaves them: OBJECT ENCODING says "raw", integers stay texts.
  static Value InPlaceString(std::string_view bytes);
  template <typename T>
  static Value Object(std::unique_ptr<T> object) noexcept {
    return Value(TypeOf<T>::kValue, Rep::kObject, reinterpret_cast<uint64_t>(object.release()));
  }
  // A deep copy of the entry's value.
  static Value CloneOf(const Entry& entry);

  ~Value();
  Value(Value&& other) noexcept;
  Value& operator=(Value&& other) noexcept;

  bool empty() const noexcept { return !present_; }
  Type type() const noexcept { return type_; }
  // Elements whose freeing costs time, as lazy freeing counts them: 1 for strings.
  size_t FreeEffort() const noexcept;

 private:
  friend class Shard;
  Value(Type type, Rep rep, uint64_t word) noexcept : type_(type), rep_(rep), present_(true), word_(word) {}
  void Destroy() noexcept;

  Type type_ = Type::kString;
  // Bytes live in a RawString until the value gets a key; kEmbeddedRaw says that they were written in place before.
  Rep rep_ = Rep::kInteger;
  bool present_ = false;
  uint64_t word_ = 0;
};

// Moves blocks of the value of an entry with this word out of memory that is to be emptied, if it has at most `elements_max`
// elements. Returns the new word; adds the moved blocks to `blocks`. For Shard.
uint64_t MoveValue(Type type, Rep rep, uint64_t word, size_t elements_max, uint64_t& blocks) noexcept;

}  // namespace tusk::store
