// What the client library throws: one small tree under tusk::Error. Running out of memory stays std::bad_alloc.
// Threads: caller-synchronised values. Owns: its message.
#pragma once

#include <stdexcept>
#include <string>

#include "tusk/api.h"

namespace tusk {

class TUSK_API Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  Error(const Error&) = default;
  Error& operator=(const Error&) = default;
  ~Error() override;
};

// Text that is no JSON, bytes that are no RESP. The message says where.
class TUSK_API SyntaxError : public Error {
 public:
  using Error::Error;
  ~SyntaxError() override;
};

// A value that is nested deeper than the bound that was given.
class TUSK_API DepthError : public Error {
 public:
  using Error::Error;
  ~DepthError() override;
};

// A value of another kind than the one that was asked for, or than its place can hold.
class TUSK_API KindError : public Error {
 public:
  using Error::Error;
  ~KindError() override;
};

// No such key, no such index.
class TUSK_API NotFoundError : public Error {
 public:
  using Error::Error;
  ~NotFoundError() override;
};

// A text that is no UTF-8.
class TUSK_API EncodingError : public Error {
 public:
  using Error::Error;
  ~EncodingError() override;
};

}  // namespace tusk
