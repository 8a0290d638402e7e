#include "agent/ring/small_copy.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace kolben::agent {
namespace {

// Between places that end where the bytes do, so that a sanitizer sees who reads or writes on.
TEST(SmallCopy, EachSize) {
  constexpr std::size_t kLongest = 100;  // some blocks
  for (std::size_t size = 0; size <= kLongest; ++size) {
    const auto from = std::make_unique<char[]>(size);
    const auto to = std::make_unique<char[]>(size);
    for (std::size_t i = 0; i < size; ++i) from[i] = static_cast<char>(i + 1);
    copy_small(to.get(), from.get(), size);
    EXPECT_EQ(std::string(to.get(), size), std::string(from.get(), size)) << size;
  }
}

}  // namespace
}  // namespace kolben::agent
