#include "net/address.h"

#include <gtest/gtest.h>

#include <string>

namespace kolben::net {
namespace {

TEST(ParseAddress, TakesHostAndPort) {
  const auto f = [](std::string_view text, std::string_view host, std::uint16_t port) {
    const Result<Address> address = parse_address(text);
    ASSERT_TRUE(address.has_value()) << text << ": " << address.error().to_string();
    EXPECT_EQ(address->host, host) << text;
    EXPECT_EQ(address->port, port) << text;
  };
  f("localhost:4317", "localhost", 4317);
  f("127.0.0.1:0", "127.0.0.1", 0);
  f("[::1]:4317", "::1", 4317);
  f(":4318", "", 4318);
  f("0.0.0.0:65535", "0.0.0.0", 65535);
}

TEST(ParseAddress, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", "localhost", "localhost:", "localhost:65536", "a:-1", "a:+1", "a:1x", "::1:4317",
        "[::1]", "[]:1", "[::1:1", "a b:1", "http://a:1", "user@a:1"}) {
    EXPECT_FALSE(parse_address(text).has_value()) << text;
  }
  EXPECT_EQ(parse_address("localhost").error().message(),
            "address \"localhost\": the port is missing");
}

TEST(Address, IsWrittenAsItIsRead) {
  EXPECT_EQ((Address{"::1", 4317}.to_string()), "[::1]:4317");
  EXPECT_EQ((Address{"localhost", 4317}.to_string()), "localhost:4317");
}

}  // namespace
}  // namespace kolben::net
