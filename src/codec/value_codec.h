// Values to bytes and back. Writing uses the encodings that Redis 7.0 knows; reading takes every one since RDB 1.
//
// Packed collections are copied as they are, since a pack in memory is the listpack of the file. What is read is checked
// in depth: structure always, and that members and fields are distinct when `deep` (payloads of clients).
// Threads: caller-synchronised; an entry's stripe must be held while it is written. Owns: nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "codec/rdb_format.h"
#include "codec/reader.h"
#include "codec/writer.h"
#include "store/limits.h"
#include "store/value.h"

namespace tusk::codec {

struct EncodingLimits {
  types::ListLimits list;
  types::SetLimits set;
  types::HashLimits hash;
  types::ZSetLimits zset;

  EncodingLimits() = default;
  explicit EncodingLimits(const store::Settings& settings) noexcept
      : list(store::ListLimitsOf(settings)),
        set(store::SetLimitsOf(settings)),
        hash(store::HashLimitsOf(settings)),
        zset(store::ZSetLimitsOf(settings)) {}
};

RdbType RdbTypeOf(const store::Entry& entry) noexcept;
// The value without its type.
void WriteValue(const store::Entry& entry, const EncodingLimits& limits, Writer& out);

// False for opcodes and numbers that no release has used for a type.
bool IsRdbType(uint8_t type) noexcept;
// An empty Value means: the reader has failed, or, if it has not, a collection without elements, which is no value at
// all. Encodings are those that suit the limits.
store::Value ReadValue(Reader& in, RdbType type, const EncodingLimits& limits, bool deep);
// The name behind a module type's number, nine letters, and back; the lowest ten bits are the type's version.
std::string ModuleTypeName(uint64_t id);
uint64_t ModuleTypeId(std::string_view name, uint64_t version) noexcept;

}  // namespace tusk::codec
