#include "types/string_value.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"

namespace tusk::types {
namespace {

TEST(RawString, ChangesLikeAString) {
  uint64_t seed = base::SecureRandom64();
  printf("seed %llu\n", static_cast<unsigned long long>(seed));
  base::Random random(seed);
  RawString value;
  std::string model;
  for (int i = 0; i < 20000; ++i) {
    std::string text(random.Below(40), static_cast<char>('a' + random.Below(26)));
    switch (random.Below(6)) {
      case 0: value.Append(text), model.append(text); break;
      case 1: {
        size_t size = random.Below(model.size() + 50);
        value.Resize(size);
        model.resize(size);
        break;
      }
      case 2: {
        size_t at = random.Below(model.size() + 20);
        value.Overwrite(at, text);
        if (model.size() < at + text.size()) model.resize(at + text.size());
        model.replace(at, text.size(), text);
        break;
      }
      case 3: value.Shrink(); break;
      case 4: {
        RawString other = value.Share();
        value.Append("x");
        ASSERT_EQ(other.view(), model);
        model += 'x';
        break;
      }
      default:
        if (model.size() > 3000) value = RawString("start"), model = "start";
    }
    ASSERT_EQ(value.view(), model);
  }
}

TEST(RawString, SharedBytesOutliveTheValue) {
  std::shared_ptr<const void> owner;
  std::string_view bytes;
  {
    RawString value(std::string(100000, 'v'));
    owner = value.Owner();
    bytes = value.view();
    EXPECT_TRUE(value.is_shared());
    value.Mutable()[0] = 'w';
    EXPECT_FALSE(value.is_shared());
  }
  EXPECT_EQ(bytes, std::string(100000, 'v'));
}

TEST(RawString, TravelsAsABarePointer) {
  void* bare = RawString("hello").Release();
  EXPECT_EQ(RawString::ViewOf(bare), "hello");
  RawString again = RawString::Adopt(bare);
  EXPECT_EQ(again.view(), "hello");
}

TEST(RawString, AppendsCostAmortisedConstantTime) {
  RawString value;
  size_t moves = 0;
  const char* at = nullptr;
  for (int i = 0; i < 1 << 20; ++i) {
    value.Append("y");
    if (value.view().data() != at) ++moves, at = value.view().data();
  }
  EXPECT_LT(moves, 64u);
}

}  // namespace
}  // namespace tusk::types
