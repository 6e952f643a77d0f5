// RequestParser: the input side of one connection. Owns the buffer that a socket is read into and finds the requests
// in it: multibulk ("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n") and inline ("GET k\r\n"), with Redis' bounds and error texts.
//
//   base_ [ taken | parsed, not taken | part of a request | room ]
//                 begin_              parsed_         end_     capacity_
//
// One round: `PrepareRead`, read into the span, `CommitRead`; then `ParseBatch` finds many requests ahead (so that
// their keys can be prefetched together) and `Take` hands them out one by one. Arguments are views into the buffer:
// nothing is copied or allocated per request. PrepareRead and ParseBatch with nothing left to take end the life of
// all views; PrepareRead while requests are left un-parses them, they are found again afterwards.
//
// An argument behind the command's name may be any RESP3 value instead of a bulk ("typed"). Texts and integers are taken as
// if they had come as bulks. A request with any other is handed out as another command that says so: SET k <frame> EX 9 as
// TYPED SET 2 k <frame> EX 9, where "2" lists the typed arguments of SET and a frame is the value's bytes as they came.
//
// On the mini-Redis port (set_mini) a request is one value of resp/mini_frame.h: an array, or a line. It is handed out as one
// argument, its bytes as they came.
//
// A broken request is reported only when all requests before it are taken, since they may lift the limit that it
// breaks (AUTH, CONFIG SET). After an error the parser finds nothing more.
// Threads: caller-synchronised. Owns: the buffer and the argument views into it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tusk::resp {

using Argv = std::span<const std::string_view>;

inline constexpr size_t kInlineBytesMax = 64 * 1024;         // An inline request, and the line of a count or length.
inline constexpr int64_t kMultibulkCountMax = 0x7fffffff;    // Arguments of one request.
inline constexpr int64_t kUnauthenticatedCountMax = 10;      // The same two bounds before AUTH: nobody unknown shall
inline constexpr int64_t kUnauthenticatedBulkBytesMax = 16 * 1024;  // make the server allocate much.
inline constexpr size_t kBulkReservedBytesMin = 32 * 1024;   // From here on room is made once, for exactly the bulk.
// A buffer's first size: that of Redis' input buffers, which its tests and tools know. Untouched pages of it cost nothing.
inline constexpr size_t kReadBytesMin = 16 * 1024;
inline constexpr size_t kReadBytesMax = 64 * 1024;
// An emptied buffer that grew beyond this is given back at once; smaller ones when the connection rests (Trim), or when
// its requests have become smaller (Fit).
inline constexpr size_t kInputBytesKeptMax = 1024 * 1024;
// What has not grown beyond this is left alone by Fit.
inline constexpr size_t kInputBytesFitMin = 32 * 1024;
inline constexpr size_t kBatchRequestsMax = 64;
// Levels of aggregates in a typed argument; the command has a bound of its own, which is no protocol error.
inline constexpr size_t kFrameNestingMax = 2048;
inline constexpr int64_t kBulkBytesMaxDefault = 512LL * 1024 * 1024;

class RequestParser {
 public:
  RequestParser() noexcept = default;
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // proto-max-bulk-len.
  void set_bulk_bytes_max(int64_t bytes) noexcept { bulk_bytes_max_ = bytes; }
  void set_authenticated(bool authenticated) noexcept { authenticated_ = authenticated; }
  // Before the first byte.
  void set_mini() noexcept { mini_ = true; }

  // Room to read into, sized by what is expected next.
  std::span<char> PrepareRead();
  void CommitRead(size_t bytes) noexcept;
  // For input that is in memory already.
  void Feed(std::string_view bytes);

  // Finds up to `requests_max` complete requests, if none is left to take, and returns how many there are to take.
  size_t ParseBatch(size_t requests_max = kBatchRequestsMax);
  size_t request_count() const noexcept { return requests_.size() - next_; }
  // The i-th of the requests to take, for looking ahead.
  Argv Peek(size_t i) const noexcept { return ArgvOf(requests_[next_ + i]); }
  // The next request; there must be one. Valid until the next PrepareRead or ParseBatch.
  Argv Take() noexcept;

  bool failed() const noexcept { return !error_.empty(); }
  // "Protocol error: ..." without the "ERR " before it.
  const std::string& error() const noexcept { return error_; }

  // Bytes received and not taken yet; client-query-buffer-limit bounds it.
  size_t buffered_bytes() const noexcept { return end_ - begin_; }
  // The same, without what stands before a large bulk that is being received, as Redis counts it.
  size_t waiting_bytes() const noexcept {
    const bool in_large_bulk = bulk_length_ >= static_cast<int64_t>(kBulkReservedBytesMin);
    return in_large_bulk ? end_ - parsed_ : buffered_bytes();
  }
  size_t capacity_bytes() const noexcept { return capacity_; }
  // Gives the memory back when nothing is buffered; for connections that rest.
  void Trim() noexcept;
  // To be called now and then: an empty buffer of which the requests since the last call needed less than half shrinks to
  // what they needed. True: it did.
  bool Fit() noexcept;

 private:
  struct Request {
    uint32_t first_arg;
    uint32_t arg_count;
    size_t end;  // Offset behind it.
  };
  enum class Step { kRequest, kSkipped, kIncomplete, kFailed };

  // One straight walk over a multibulk request whose numbers are short. True: it is complete, and in requests_. False:
  // nothing has happened, the careful functions below decide.
  bool ParsePlain();
  Argv ArgvOf(const Request& request) const noexcept {
    return {args_.data() + request.first_arg, request.arg_count};
  }
  Step ParseOne();
  Step ParseInline();
  Step ParseArguments();
  // A typed argument, which begins at parsed_. kRequest means: it is read.
  Step ParseFrame();
  // A request of the mini-Redis port, which begins at parsed_.
  Step ParseMini();
  // The request in progress is complete and has typed arguments: gives it the form that says so.
  void WrapTyped();
  // Reads the number in the line at parsed_ + 1. kRequest means: read, parsed_ is behind the line.
  Step ReadLength(const char* too_long, int64_t& value, bool& valid);
  Step Fail(std::string_view text);
  // Forgets progress within the request that is not complete.
  void RestartRequest() noexcept;
  void ForgetTaken() noexcept;
  void MakeRoom(size_t bytes);

  char* base_ = nullptr;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t parsed_ = 0;
  size_t end_ = 0;
  size_t peak_bytes_ = 0;     // The most that end_ has been since the last Fit.
  size_t wanted_bytes_ = 0;   // What the bulk being received still lacks.
  size_t read_bytes_ = kReadBytesMin;  // Adapts to how much the peer sends at once.

  std::vector<std::string_view> args_;
  std::vector<Request> requests_;
  size_t next_ = 0;
  std::vector<std::vector<std::string>> inline_args_;  // Unquoted texts that args_ refers to.

  // Progress within the request that is not complete.
  size_t request_start_ = 0;
  size_t request_first_arg_ = 0;
  int64_t args_left_ = 0;     // 0: at the start of a request.
  int64_t bulk_length_ = -1;  // -1: the next line is a length.
  size_t frame_bytes_ = 0;    // Of a typed argument or mini-Redis request: what is scanned of it.
  std::vector<int64_t> frame_open_;   // Values that each open aggregate still lacks, the outermost first.
  std::vector<size_t> typed_;         // Positions of typed arguments.

  int64_t bulk_bytes_max_ = kBulkBytesMaxDefault;
  bool authenticated_ = true;
  bool mini_ = false;
  std::string error_;
};

}  // namespace tusk::resp
