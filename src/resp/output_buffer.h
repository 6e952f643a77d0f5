// The bytes that wait to be sent on one connection: owned chunks, and references to large values that are immutable
// while referenced, so that sending them costs no copy.
//
// Layout: sealed segments (oldest first, only while the peer is slower than we are), then the tail chunk that is
// written to. A warm connection writes into, sends from and rewinds the same tail chunk and never allocates.
//
//   sealed: [ owned view | shared blob | owned view ]   tail chunk: [ sent | unsent ..... | room ]
//                                                                  chunk_  tail_         write_   limit_
//
// Several owned views may lie in one chunk (a blob between them); the last of them in order owns it.
// While a deferred mark is open, everything since the outermost mark stays contiguous in the tail, so that a header
// can be put in front of it afterwards; blobs are copied then.
// Threads: caller-synchronised. Owns: its chunks, a share of each referenced blob.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"

namespace tusk::resp {

// From this size on, referring to a blob is cheaper than copying it (one more iovec, one shared count each way).
inline constexpr size_t kSharedBytesMin = 16 * 1024;
// A chunk's first size, and the largest one that an emptied buffer keeps for reuse.
inline constexpr size_t kChunkBytes = 4 * 1024;
inline constexpr size_t kChunkKeptBytesMax = 64 * 1024;
// Chunks double up to this size; only a single larger piece gets a larger one.
inline constexpr size_t kChunkBytesMax = 256 * 1024;

class OutputBuffer {
 public:
  OutputBuffer() noexcept = default;
  ~OutputBuffer();
  OutputBuffer(OutputBuffer&& other) noexcept { Swap(other); }
  OutputBuffer& operator=(OutputBuffer&& other) noexcept;
  OutputBuffer(const OutputBuffer&) = delete;
  OutputBuffer& operator=(const OutputBuffer&) = delete;

  // Bytes not consumed yet.
  size_t size() const noexcept { return sealed_bytes_ + static_cast<size_t>(write_ - tail_); }
  bool empty() const noexcept { return size() == 0; }
  // More than this and the peer will be cut off: who writes much may stop early. 0: no bound. Nothing is refused.
  void set_bytes_max(size_t bytes) noexcept { bytes_max_ = bytes; }
  bool too_large() const noexcept { return bytes_max_ != 0 && size() > bytes_max_; }
  // Bytes of memory held, shared blobs counted whole.
  size_t memory_bytes() const noexcept { return size() + static_cast<size_t>(limit_ - write_); }
  // What its chunks take of the allocator, sent bytes that still lie in them included, and blobs not.
  size_t chunk_bytes() const noexcept { return chunk_bytes_; }

  // At least `bytes` contiguous bytes to write at; then Commit the end of what was written.
  char* Reserve(size_t bytes) {
    if (static_cast<size_t>(limit_ - write_) < bytes) [[unlikely]] Grow(bytes);
    return write_;
  }
  void Commit(char* end) noexcept {
    DCHECK(end >= write_ && end <= limit_);
    write_ = end;
  }

  void Append(std::string_view bytes) {
    if (static_cast<size_t>(limit_ - write_) < bytes.size()) [[unlikely]] return AppendSlow(bytes);
    if (!bytes.empty()) std::memcpy(write_, bytes.data(), bytes.size());
    write_ += bytes.size();
  }
  // `bytes` stay valid and unchanged while `owner` lives: the sharers are the value's entry and every buffer that
  // still has to send it. Copied when that is cheaper or a mark is open.
  void AppendShared(std::shared_ptr<const void> owner, std::string_view bytes);
  // Moves all of `other` behind what is here, chunks and blobs without copy where they are large. No mark may be open.
  void AppendBuffer(OutputBuffer&& other);

  // Fills up to `max` vectors with the oldest bytes and returns how many it filled.
  size_t Gather(iovec* out, size_t max) const noexcept;
  // Drops the oldest `bytes`. No mark may be open.
  void Consume(size_t bytes) noexcept;
  void Clear() noexcept { Consume(size()); }
  // Gives back the memory that an empty buffer keeps; for connections that rest.
  void Trim() noexcept;
  // Bytes of the chunk that an empty buffer writes into; 0: it has none.
  size_t room_bytes() const noexcept { return static_cast<size_t>(limit_ - chunk_); }
  // Gives an empty buffer a chunk of so many bytes instead of the one that it has. Nothing happens to any other.
  void Resize(size_t bytes);
  std::string ToString() const;

  // A place to insert bytes at later. Marks nest: the last one opened is closed first.
  struct Mark {
    size_t offset;  // From the outermost open mark.
  };
  Mark OpenMark() noexcept;
  // Puts `header` where the mark was set, moving what follows.
  void CloseMark(Mark mark, std::string_view header);
  // Drops everything written since the mark was set, and closes it.
  void CancelMark(Mark mark) noexcept;
  size_t open_marks() const noexcept { return open_marks_; }

 private:
  struct Segment {
    const char* data;
    size_t size;
    char* chunk;  // Freed with the segment; null in views and blobs.
    std::shared_ptr<const void> owner;
  };

  void Grow(size_t bytes);
  void GrowMarked(size_t bytes);
  void AppendSlow(std::string_view bytes);
  // Moves the tail's unsent bytes to the sealed segments. With `keep_chunk` the rest of the chunk stays the tail.
  void SealTail(bool keep_chunk);
  void NewChunk(size_t bytes);
  void FreeChunk() noexcept;
  void Release(char* chunk) noexcept;
  void PopSealed() noexcept;
  void Swap(OutputBuffer& other) noexcept;

  char* write_ = nullptr;
  char* limit_ = nullptr;
  char* tail_ = nullptr;
  char* chunk_ = nullptr;
  size_t bytes_max_ = 0;
  size_t sealed_bytes_ = 0;
  size_t chunk_bytes_ = 0;
  size_t sealed_head_ = 0;  // Segments before it are consumed.
  std::vector<Segment> sealed_;
  char* mark_base_ = nullptr;  // Where the outermost open mark was set.
  size_t open_marks_ = 0;
};

}  // namespace tusk::resp
