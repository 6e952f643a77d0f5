// Bytes of a peer or file: refused, or a set that is sorted, finds what it holds and stays valid under changes.
#include "base/check.h"
#include "ds/int_set.h"

namespace {

using tusk::ds::IntSet;

void CheckSorted(const IntSet& set) {
  for (size_t i = 0; i < set.size(); ++i) {
    CHECK(i == 0 || set.At(i - 1) < set.At(i));
    CHECK(set.Contains(set.At(i)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto set = IntSet::FromBytes({reinterpret_cast<const char*>(data), size});
  if (!set) return 0;
  CheckSorted(*set);
  for (int64_t value : {int64_t{0}, int64_t{-40000}, INT64_MAX}) {
    bool had = set->Contains(value);
    CHECK(set->Add(value) == !had);
    CheckSorted(*set);
  }
  CHECK(set->Remove(0) && !set->Contains(0));
  CHECK(IntSet::FromBytes(set->raw()).has_value());
  return 0;
}
