#include "storage/engine/part/filter.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"
#include "wire/hex.h"

namespace kolben::storage::part {
namespace {

std::vector<std::string> names(std::size_t count, std::string_view prefix) {
  std::vector<std::string> made;
  for (std::size_t i = 0; i < count; ++i) made.push_back(std::string(prefix) + std::to_string(i));
  return made;
}

std::string filter_of(const std::vector<std::string>& values) {
  const std::vector<std::string_view> views(values.begin(), values.end());
  std::string filter;
  encode_filter(views, filter);
  return filter;
}

bool may_contain(std::string_view filter, std::string_view value) {
  return filter_may_contain(filter, filter_hash(value));
}

// XXH64 with seed 0: the values are those of the reference implementation.
TEST(Filter, TheHashIsTheFormats) {
  EXPECT_EQ(filter_hash(""), 0xef46db3751d8e999u);
  EXPECT_EQ(filter_hash("a"), 0xd24ec4f1a98c6e5bu);
  EXPECT_EQ(filter_hash("abc"), 0x44bc2cf5ad770999u);
  EXPECT_EQ(filter_hash("/api/products/17"), 0x96f20d132c373a7bu);
  EXPECT_EQ(filter_hash("0123abcd-ef45-6789-abcd-0123456789ef"), 0xc71f0c5865fcb170u);
  EXPECT_EQ(filter_hash(std::string(64, 'x') + "1234567"), 0xff18b6a0ccf56763u);
}

TEST(Filter, WhatIsInIsFound) {
  for (const std::size_t count : {1u, 2u, 25u, 26u, 1000u, 16'384u}) {
    const auto values = names(count, "/api/products/");
    const std::string filter = filter_of(values);
    for (const std::string& value : values) {
      ASSERT_TRUE(may_contain(filter, value)) << value;
    }
  }
}

TEST(Filter, WhatIsNotInIsMostlyNotFound) {
  const std::string filter = filter_of(names(16'384, "/api/products/"));
  EXPECT_LT(filter.size(), 16'384 * 10 / 8 + 64);
  std::size_t found = 0;
  for (const std::string& value : names(100'000, "/api/users/")) {
    found += may_contain(filter, value);
  }
  EXPECT_LT(found, 2'000u);  // 2 %
}

TEST(Filter, NothingIsInAnEmptyOne) {
  EXPECT_FALSE(may_contain(filter_of({}), "a"));
}

TEST(Filter, AMalformedOneSaysMaybe) {
  const std::string good = filter_of(names(100, "x"));
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_TRUE(may_contain(std::string_view(good).substr(0, size), "absent"));
  }
  EXPECT_TRUE(may_contain(good + '\0', "absent"));
  EXPECT_TRUE(may_contain(std::string(1, '\0'), "absent"));
}

TEST(Filter, TheBytesAreThoseOfTheFormat) {
  EXPECT_EQ(wire::to_hex(filter_of({"a"})),
            "01"
            "0000040000000200020000000010000000000200000000010000000800000080");
  EXPECT_EQ(wire::to_hex(filter_of(names(60, "value "))),
            "03"
            "15de743fe40670d4d326a24f76c327677acbc698ae1f46aaaf6109fc10e8de93"
            "457f1807837062f7ab0e8ebdb72c072b1cb8e81595d00afc043456271daeed00"
            "44f04e2255604d8172d01246840dcdac61427e15a440d90d768542a661396792");
}

}  // namespace
}  // namespace kolben::storage::part
