// Scratch: gives a value that belongs to no key the form that the writers of codec ask for: an entry in a keyspace of its own.
// Threads: caller-synchronised. Owns: the keyspace.
#pragma once

#include <functional>

#include "base/clock.h"
#include "codec/dataset_reader.h"
#include "store/keyspace.h"
#include "store/settings.h"
#include "store/transaction.h"

namespace tusk::tool {

class Scratch {
 public:
  Scratch() : keyspace_({.databases = 1, .clock = &clock_, .settings = &settings_}) {}

  // Calls `use` with the key as an entry, which is gone afterwards. Takes the value out of `key`.
  void With(codec::LoadedKey& key, const std::function<void(const store::Entry&)>& use) {
    store::Transaction transaction(keyspace_);
    transaction.Begin(0);  // The beginning of time: nothing has expired.
    const store::Key place = store::Key::Of(key.key);
    transaction.LockOneBlocking(place.stripe());
    store::Entry* entry = key.is_text ? &transaction.PutString(0, place, nullptr, key.text)
                                      : &transaction.Put(0, place, nullptr, std::move(key.value));
    if (key.deadline_ms != store::Entry::kNoDeadline) entry = &transaction.SetDeadline(0, place, *entry, key.deadline_ms);
    use(*entry);
    transaction.Delete(0, place, *entry, false);
    transaction.Unlock();
  }
  const store::Settings& settings() const noexcept { return settings_; }

 private:
  base::SystemClock clock_;
  store::Settings settings_;
  store::Keyspace keyspace_;
};

}  // namespace tusk::tool
