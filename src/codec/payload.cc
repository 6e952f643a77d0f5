#include "codec/payload.h"

#include <cstring>

#include "base/check.h"
#include "codec/crc64.h"

namespace tusk::codec {
namespace {

constexpr size_t kVersionBytes = 2;
constexpr size_t kChecksumBytes = 8;
static_assert(kVersionBytes + kChecksumBytes == kPayloadFooterBytes);

}  // namespace

void AppendPayloadFooter(std::string& payload, int version) {
  payload.push_back(static_cast<char>(version & 255));
  payload.push_back(static_cast<char>(version >> 8));
  uint64_t checksum = Crc64(0, payload);
  payload.append(reinterpret_cast<const char*>(&checksum), kChecksumBytes);
}

bool PayloadIsIntact(std::string_view payload, bool ignore_checksum) noexcept {
  if (payload.size() < kPayloadFooterBytes) return false;
  std::string_view footer = payload.substr(payload.size() - kPayloadFooterBytes);
  int version = static_cast<uint8_t>(footer[0]) | static_cast<uint8_t>(footer[1]) << 8;
  if (version > kRdbVersionMax) return false;
  if (ignore_checksum) return true;
  uint64_t stated;
  std::memcpy(&stated, footer.data() + kVersionBytes, kChecksumBytes);
  return stated == Crc64(0, payload.substr(0, payload.size() - kChecksumBytes));
}

std::string DumpValue(const store::Entry& entry, const EncodingLimits& limits, bool compress) {
  StringSink sink;
  Writer writer(sink, {.compress = compress, .checksum = false});
  RdbType type = RdbTypeOf(entry);
  writer.Byte(static_cast<uint8_t>(type));
  WriteValue(entry, limits, writer);
  CHECK(writer.Flush().ok());  // Memory does not fail.
  std::string payload = sink.Take();
  AppendPayloadFooter(payload, type == RdbType::kHashFieldExpiry ? kRdbVersionOfFieldExpiry : kRdbVersionWritten);
  return payload;
}

base::Result<store::Value> RestoreValue(std::string_view payload, const EncodingLimits& limits) {
  DCHECK(payload.size() >= kPayloadFooterBytes);
  Reader reader(payload.substr(0, payload.size() - kPayloadFooterBytes));
  uint8_t type = reader.Byte();
  if (!IsRdbType(type)) reader.Fail("no value type");
  store::Value value = reader.ok() ? ReadValue(reader, static_cast<RdbType>(type), limits, true) : store::Value();
  if (!reader.ok()) return base::Error(reader.status());
  if (value.empty()) return base::Error(base::Status::Invalid("collection without elements"));
  return value;
}

}  // namespace tusk::codec
