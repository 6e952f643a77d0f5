// Status and Result<T>: how one layer tells another that something did not work.
//
// The message of a Status that reaches a client is the complete error reply without the leading '-' and the line
// end ("ERR value is not an integer or out of range", "WRONGTYPE ..."), so that the layer which knows the case
// writes the text once.
// Threads: caller-synchronised values. Owns: its message.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace tusk::base {

enum class Code : unsigned char {
  kOk,
  kInvalid,      // The input can't be right: wrong syntax, out of range.
  kWrongType,    // The key holds another type.
  kNotFound,
  kExhausted,    // A named bound was reached.
  kUnavailable,  // Try again later.
  kIo,
};

class [[nodiscard]] Status {
 public:
  Status() noexcept = default;
  Status(Code code, std::string message) noexcept : code_(code), message_(std::move(message)) {}

  static Status Ok() noexcept { return {}; }
  static Status Invalid(std::string_view message) { return {Code::kInvalid, std::string(message)}; }
  static Status NotFound(std::string_view message) { return {Code::kNotFound, std::string(message)}; }
  static Status Exhausted(std::string_view message) { return {Code::kExhausted, std::string(message)}; }
  static Status Unavailable(std::string_view message) { return {Code::kUnavailable, std::string(message)}; }
  // `context` and the text of errno, as "context: No such file or directory".
  static Status Errno(std::string_view context, int error_number);

  bool ok() const noexcept { return code_ == Code::kOk; }
  Code code() const noexcept { return code_; }
  const std::string& message() const noexcept { return message_; }

 private:
  Code code_ = Code::kOk;
  std::string message_;
};

template <typename T>
using Result = std::expected<T, Status>;

inline std::unexpected<Status> Error(Status status) { return std::unexpected<Status>(std::move(status)); }

}  // namespace tusk::base

#define TUSK_CONCAT_INNER(a, b) a##b
#define TUSK_CONCAT(a, b) TUSK_CONCAT_INNER(a, b)

// Returns the Status to the caller when it is an error.
#define RETURN_IF_ERROR(expression)                            \
  do {                                                         \
    if (::tusk::base::Status status_ = (expression); !status_.ok()) \
      return ::tusk::base::StatusOrError(std::move(status_));  \
  } while (false)

// ASSIGN_OR_RETURN(auto x, F()): x from the Result, or the error to the caller.
#define ASSIGN_OR_RETURN(target, expression) \
  ASSIGN_OR_RETURN_INNER(TUSK_CONCAT(result_, __LINE__), target, expression)
#define ASSIGN_OR_RETURN_INNER(result, target, expression)                                   \
  auto result = (expression);                                                                \
  if (!result) return ::tusk::base::StatusOrError(std::move(result).error());                \
  target = *std::move(result)

namespace tusk::base {

// Converts to whichever of Status and Result<T> the enclosing function returns.
class StatusOrError {
 public:
  explicit StatusOrError(Status status) noexcept : status_(std::move(status)) {}
  operator Status() && { return std::move(status_); }  // NOLINT(google-explicit-constructor)
  template <typename T>
  operator Result<T>() && { return std::unexpected<Status>(std::move(status_)); }  // NOLINT

 private:
  Status status_;
};

}  // namespace tusk::base
