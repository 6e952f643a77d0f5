// A single value as bytes that end with version and checksum: what DUMP answers and RESTORE takes.
// Threads: any; the entry's stripe must be held. Owns: nothing.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "codec/value_codec.h"

namespace tusk::codec {

// Version and CRC-64 as they close a payload.
void AppendPayloadFooter(std::string& payload, int version = kRdbVersionWritten);
// Do version and checksum stand? With `ignore_checksum` only the version counts.
bool PayloadIsIntact(std::string_view payload, bool ignore_checksum) noexcept;

std::string DumpValue(const store::Entry& entry, const EncodingLimits& limits, bool compress);
// A payload that is intact may hold nonsense all the same; everything is checked.
base::Result<store::Value> RestoreValue(std::string_view payload, const EncodingLimits& limits);

}  // namespace tusk::codec
