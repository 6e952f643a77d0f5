#include "resp/output_buffer.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"

namespace tusk::resp {

OutputBuffer::~OutputBuffer() {
  while (sealed_head_ < sealed_.size()) PopSealed();
  FreeChunk();
}

OutputBuffer& OutputBuffer::operator=(OutputBuffer&& other) noexcept {
  if (this != &other) {
    OutputBuffer dropped;
    Swap(dropped);
    Swap(other);
  }
  return *this;
}

void OutputBuffer::Swap(OutputBuffer& other) noexcept {
  std::swap(write_, other.write_);
  std::swap(limit_, other.limit_);
  std::swap(tail_, other.tail_);
  std::swap(chunk_, other.chunk_);
  std::swap(sealed_bytes_, other.sealed_bytes_);
  std::swap(chunk_bytes_, other.chunk_bytes_);
  std::swap(sealed_head_, other.sealed_head_);
  std::swap(sealed_, other.sealed_);
  std::swap(mark_base_, other.mark_base_);
  std::swap(open_marks_, other.open_marks_);
}

void OutputBuffer::NewChunk(size_t bytes) {
  chunk_ = static_cast<char*>(base::Allocate(bytes));
  chunk_bytes_ += base::AllocatedSize(chunk_);
  tail_ = write_ = chunk_;
  limit_ = chunk_ + bytes;
}

void OutputBuffer::FreeChunk() noexcept {
  Release(chunk_);
  chunk_ = tail_ = write_ = limit_ = nullptr;
}

void OutputBuffer::Release(char* chunk) noexcept {
  DCHECK(chunk_bytes_ >= base::AllocatedSize(chunk));
  chunk_bytes_ -= base::AllocatedSize(chunk);
  base::Free(chunk);
}

void OutputBuffer::SealTail(bool keep_chunk) {
  size_t bytes = static_cast<size_t>(write_ - tail_);
  if (keep_chunk) {
    if (bytes > 0) sealed_.push_back({tail_, bytes, nullptr, nullptr});
    tail_ = write_;
  } else {
    // Also when no byte is unsent: earlier views may lie in the chunk, so it must go after them.
    if (chunk_ != nullptr) sealed_.push_back({tail_, bytes, chunk_, nullptr});
    chunk_ = tail_ = write_ = limit_ = nullptr;
  }
  sealed_bytes_ += bytes;
}

void OutputBuffer::Grow(size_t bytes) {
  if (open_marks_ > 0) return GrowMarked(bytes);
  size_t grown = std::clamp(static_cast<size_t>(limit_ - chunk_) * 2, kChunkBytes, kChunkBytesMax);
  SealTail(false);
  NewChunk(std::max(grown, bytes));
}

// The bytes before the outermost mark stay where they are (views may point to them); the rest moves to a chunk with
// twice the room, so that appending stays linear.
void OutputBuffer::GrowMarked(size_t bytes) {
  size_t kept = static_cast<size_t>(write_ - mark_base_);
  const char* from = mark_base_;
  write_ = mark_base_;
  char* old_chunk = chunk_;
  bool old_needed = tail_ != write_ || sealed_head_ < sealed_.size();
  if (old_needed) {
    SealTail(false);
  }
  NewChunk(std::max(kChunkBytes, kept * 2 + bytes));
  if (kept > 0) std::memcpy(chunk_, from, kept);
  if (!old_needed) Release(old_chunk);
  write_ = chunk_ + kept;
  mark_base_ = chunk_;
}

void OutputBuffer::AppendSlow(std::string_view bytes) {
  if (open_marks_ == 0) {
    size_t room = static_cast<size_t>(limit_ - write_);
    if (room > 0) std::memcpy(write_, bytes.data(), room);
    write_ += room;
    bytes.remove_prefix(room);
  }
  Grow(bytes.size());
  std::memcpy(write_, bytes.data(), bytes.size());
  write_ += bytes.size();
}

void OutputBuffer::AppendShared(std::shared_ptr<const void> owner, std::string_view bytes) {
  if (bytes.size() < kSharedBytesMin || open_marks_ > 0) return Append(bytes);
  SealTail(true);
  sealed_.push_back({bytes.data(), bytes.size(), nullptr, std::move(owner)});
  sealed_bytes_ += bytes.size();
}

void OutputBuffer::AppendBuffer(OutputBuffer&& other) {
  CHECK(open_marks_ == 0 && other.open_marks_ == 0);
  if (other.size() < kSharedBytesMin) {
    for (size_t i = other.sealed_head_; i < other.sealed_.size(); ++i) {
      Append({other.sealed_[i].data, other.sealed_[i].size});
    }
    Append({other.tail_, static_cast<size_t>(other.write_ - other.tail_)});
    other.Clear();
    return;
  }
  SealTail(false);
  other.SealTail(false);
  for (size_t i = other.sealed_head_; i < other.sealed_.size(); ++i) sealed_.push_back(std::move(other.sealed_[i]));
  sealed_bytes_ += std::exchange(other.sealed_bytes_, 0);
  chunk_bytes_ += std::exchange(other.chunk_bytes_, 0);
  other.sealed_.clear();
  other.sealed_head_ = 0;
}

size_t OutputBuffer::Gather(iovec* out, size_t max) const noexcept {
  size_t count = 0;
  for (size_t i = sealed_head_; i < sealed_.size() && count < max; ++i) {
    if (sealed_[i].size == 0) continue;
    out[count++] = {const_cast<char*>(sealed_[i].data), sealed_[i].size};
  }
  if (count < max && write_ != tail_) out[count++] = {tail_, static_cast<size_t>(write_ - tail_)};
  return count;
}

void OutputBuffer::PopSealed() noexcept {
  Segment& segment = sealed_[sealed_head_++];
  sealed_bytes_ -= segment.size;
  Release(segment.chunk);
  segment.owner.reset();
  if (sealed_head_ == sealed_.size()) {
    sealed_.clear();
    sealed_head_ = 0;
  }
}

void OutputBuffer::Consume(size_t bytes) noexcept {
  CHECK(open_marks_ == 0 && bytes <= size());
  while (sealed_head_ < sealed_.size()) {
    Segment& segment = sealed_[sealed_head_];
    if (bytes < segment.size) {
      segment.data += bytes;
      segment.size -= bytes;
      sealed_bytes_ -= bytes;
      return;
    }
    bytes -= segment.size;
    PopSealed();
  }
  tail_ += bytes;
  if (tail_ != write_) return;
  tail_ = write_ = chunk_;
  if (static_cast<size_t>(limit_ - chunk_) > kChunkKeptBytesMax) FreeChunk();
}

void OutputBuffer::Trim() noexcept {
  if (!empty() || open_marks_ > 0) return;
  FreeChunk();
  sealed_.shrink_to_fit();
}

void OutputBuffer::Resize(size_t bytes) {
  if (!empty() || open_marks_ > 0 || chunk_ == nullptr || sealed_head_ < sealed_.size()) return;
  FreeChunk();
  NewChunk(bytes);
}

std::string OutputBuffer::ToString() const {
  std::string text;
  text.reserve(size());
  for (size_t i = sealed_head_; i < sealed_.size(); ++i) text.append(sealed_[i].data, sealed_[i].size);
  text.append(tail_, static_cast<size_t>(write_ - tail_));
  return text;
}

OutputBuffer::Mark OutputBuffer::OpenMark() noexcept {
  if (open_marks_++ == 0) mark_base_ = write_;
  return {static_cast<size_t>(write_ - mark_base_)};
}

void OutputBuffer::CloseMark(Mark mark, std::string_view header) {
  DCHECK(open_marks_ > 0);
  Reserve(header.size());
  char* at = mark_base_ + mark.offset;
  DCHECK(at <= write_);
  if (at != write_) std::memmove(at + header.size(), at, static_cast<size_t>(write_ - at));
  if (!header.empty()) std::memcpy(at, header.data(), header.size());
  write_ += header.size();
  --open_marks_;
}

void OutputBuffer::CancelMark(Mark mark) noexcept {
  DCHECK(open_marks_ > 0);
  write_ = mark_base_ + mark.offset;
  --open_marks_;
}

}  // namespace tusk::resp
