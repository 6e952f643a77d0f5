// Bytes of a peer or file: refused, or a pack that reads the same in both directions and stays valid under changes.
#include <string>
#include <vector>

#include "base/check.h"
#include "ds/list_pack.h"

namespace {

using tusk::ds::ListPack;

// Walking by index is quadratic; larger packs bring the fuzzer nothing new.
constexpr size_t kBytesMax = 4096;

void CheckWalks(const ListPack& pack) {
  std::vector<std::string> forward;
  for (auto pos = pack.First(); pos != ListPack::kNone; pos = pack.Next(pos)) forward.push_back(pack.Get(pos).ToString());
  CHECK(forward.size() == pack.size());
  size_t left = forward.size();
  for (auto pos = pack.Last(); pos != ListPack::kNone; pos = pack.Prev(pos)) CHECK(forward[--left] == pack.Get(pos).ToString());
  CHECK(left == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > kBytesMax) return 0;
  auto pack = ListPack::FromBytes({reinterpret_cast<const char*>(data), size});
  if (!pack) return 0;
  CheckWalks(*pack);
  size_t count = pack->size();
  pack->PushBack("a text");
  pack->PushFront("-12345");
  CHECK(pack->size() == count + 2);
  CHECK(pack->Find("a text", pack->First()) != ListPack::kNone);
  pack->Replace(pack->Seek(static_cast<int64_t>(count / 2)), std::string(300, 'x'));
  CheckWalks(*pack);
  CHECK(pack->EraseRange(0, count / 2 + 1) == count / 2 + 1);
  CheckWalks(*pack);
  CHECK(ListPack::FromBytes(pack->raw()).has_value());
  return 0;
}
