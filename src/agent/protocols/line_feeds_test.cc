#include "agent/protocols/line_feeds.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace kolben::agent {
namespace {

// From memory that ends with the text, so that a sanitizer sees who reads on.
std::vector<std::size_t> ends_in(std::string_view text) {
  const auto bytes = std::make_unique<std::uint8_t[]>(text.size());
  text.copy(reinterpret_cast<char*>(bytes.get()), text.size());
  std::vector<std::size_t> ends;
  each_line(bytes.get(), text.size(), [&](std::size_t end) {
    ends.push_back(end);
    return true;
  });
  return ends;
}

std::vector<std::size_t> expected(std::string_view text) {
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') ends.push_back(i + 1);
  }
  return ends;
}

TEST(EachLine, NoneInNothing) {
  EXPECT_TRUE(ends_in("").empty());
  EXPECT_TRUE(ends_in("GET / HTTP/1.1\r").empty());
}

TEST(EachLine, OneAtEachPlaceOfEachLength) {
  constexpr std::size_t kLongest = 200;  // some blocks, of each kind
  for (std::size_t size = 1; size <= kLongest; ++size) {
    for (std::size_t place = 0; place < size; ++place) {
      std::string text(size, '\x8a');  // a line feed but for the highest bit
      text[place] = '\n';
      ASSERT_EQ(ends_in(text), std::vector<std::size_t>{place + 1}) << size;
    }
  }
}

TEST(EachLine, ManySideBySide) {
  std::mt19937 random(7);
  for (int i = 0; i < 500; ++i) {
    std::string text(random() % 300, 'x');
    for (char& c : text) c = random() % 3 == 0 ? '\n' : 'x';
    ASSERT_EQ(ends_in(text), expected(text));
  }
}

TEST(EachLine, UntilItIsEnough) {
  for (const std::size_t size : {10u, 16u, 40u}) {
    const std::string text(size, '\n');
    std::size_t count = 0;
    each_line(reinterpret_cast<const std::uint8_t*>(text.data()), size,
              [&](std::size_t) { return ++count < 3; });
    EXPECT_EQ(count, 3u) << size;
  }
}

}  // namespace
}  // namespace kolben::agent
