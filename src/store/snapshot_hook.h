// What a snapshot wants to hear of the store while it walks: how it sees the past though writes go on.
//
// Every entry carries a mark of one bit. A snapshot begins by turning the keyspace's mark round while all stripes are
// held: from then on an entry whose mark differs is one that the snapshot has still to write, and whoever is about to
// change or delete it gives it to the snapshot first. New entries are born with the new mark and are none of its concern.
// At its end all marks agree again, so that no other state is needed and a write without a snapshot pays one comparison.
//
// Threads: see each method. Owns: nothing.
#pragma once

#include <memory>

#include "store/key.h"

namespace tusk::store {

class Entry;
class Shard;

class SnapshotHook {
 public:
  virtual ~SnapshotHook() = default;
  // The entry is about to change. Its stripe is held; must not block nor touch others. The caller sets the mark.
  virtual void Preserve(DbIndex db, const Entry& entry) = 0;
  // A database's keys of one stripe were taken out as a whole (FLUSHALL, FLUSHDB), unwritten entries among them: they are
  // freed once they are written. All stripes are held.
  virtual void Adopt(DbIndex db, std::unique_ptr<Shard> shard) = 0;
  // The contents of two databases were exchanged. All stripes are held.
  virtual void OnSwap(DbIndex a, DbIndex b) = 0;
};

}  // namespace tusk::store
