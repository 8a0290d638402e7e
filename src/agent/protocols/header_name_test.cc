#include "agent/protocols/header_name.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace kolben::agent {
namespace {

// Names of each way to be compared: by bytes, four of them, eight of them, and several words.
constexpr LowerName kB3("b3");
constexpr LowerName kHost("host");
constexpr LowerName kBaggage("baggage");
constexpr LowerName kX("x-b3-spanid");
constexpr LowerName kTransferEncoding("transfer-encoding");

template <std::size_t N>
bool is(std::string_view line, const LowerName<N>& name) {
  return has_name(line.data(), line.size(), name);
}

TEST(HeaderName, InAnyCase) {
  EXPECT_TRUE(is("b3: 0", kB3));
  EXPECT_TRUE(is("B3:", kB3));
  EXPECT_TRUE(is("Host: a", kHost));
  EXPECT_TRUE(is("hOsT:", kHost));
  EXPECT_TRUE(is("Baggage: a=b", kBaggage));
  EXPECT_TRUE(is("X-B3-SpanId: 1", kX));
  EXPECT_TRUE(is("TRANSFER-ENCODING: chunked", kTransferEncoding));
}

TEST(HeaderName, EachByteCounts) {
  const std::string name = "transfer-encoding";
  for (std::size_t i = 0; i < name.size(); ++i) {
    for (int c = 0; c < 256; ++c) {
      std::string line = name + ":";
      line[i] = static_cast<char>(c);
      const bool is_same = c == name[i] || (name[i] != '-' && c == name[i] - ('a' - 'A'));
      EXPECT_EQ(is(line, kTransferEncoding), is_same) << i << ' ' << c;
    }
  }
}

TEST(HeaderName, ItEndsAtTheColon) {
  EXPECT_FALSE(is("host", kHost));
  EXPECT_FALSE(is("hosts: a", kHost));
  EXPECT_FALSE(is("host : a", kHost));
  EXPECT_FALSE(is("hos:", kHost));
  EXPECT_FALSE(is("", kHost));
}

}  // namespace
}  // namespace kolben::agent
