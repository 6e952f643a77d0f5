// The bytes of a file or peer: refused, or a value that is written and read again as the same.
#include <string>

#include "base/check.h"
#include "codec/payload.h"
#include "store/shard.h"

namespace {

namespace codec = tusk::codec;
namespace store = tusk::store;

// Larger inputs bring the fuzzer nothing new.
constexpr size_t kBytesMax = 1 << 16;

std::string Dumped(store::Value value, const codec::EncodingLimits& limits) {
  store::Shard shard;
  store::Entry& entry = shard.Put(store::Key::Of("key"), nullptr, std::move(value), nullptr);
  return codec::DumpValue(entry, limits, false);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > kBytesMax) return 0;
  std::string payload(reinterpret_cast<const char*>(data), size);
  codec::AppendPayloadFooter(payload);
  CHECK(codec::PayloadIsIntact(payload, false));
  const codec::EncodingLimits limits;
  auto value = codec::RestoreValue(payload, limits);
  if (!value) return 0;
  std::string once = Dumped(*std::move(value), limits);
  auto again = codec::RestoreValue(once, limits);
  CHECK(again.has_value());
  CHECK(Dumped(*std::move(again), limits).size() == once.size());
  return 0;
}
