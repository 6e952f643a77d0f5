// Bytes as a path: refused, or a path that selects from a document without harm, its steps leading to what it selects.
#include <string_view>

#include "base/check.h"
#include "types/json_path.h"
#include "types/json_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace types = tusk::types;
  constexpr size_t kBytesMax = 512;  // Enough for every construct, few enough for a quick selection.
  if (size > kBytesMax) return 0;
  auto path = types::JsonPath::Parse({reinterpret_cast<const char*>(data), size});
  if (!path) return 0;
  static const types::Document document =
      *types::DocumentFromJson(R"({"a":[1,2.5,"abc",null,true,{"a":{"b":"x"}}],"b":{"a":[],"c":"a+"},"":0})");
  auto matches = path->Select(document.view(), true);
  if (!matches) return 0;
  CHECK(!path->is_static() || matches->size() <= 1);
  for (const types::PathMatch& match : *matches) {
    types::DocumentView at = document.view();
    for (const types::PathStep& step : match.steps) at = step.is_index ? at.At(step.index) : *at.Find(step.key.view());
    CHECK(at == match.value);
  }
  return 0;
}
