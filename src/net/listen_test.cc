#include "net/listen.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "net/address.h"

namespace kolben::net {
namespace {

TEST(ListenOn, LocalhostWithPortZeroIsOnePortOnBothFamilies) {
  const Result<Listeners> listeners = listen_on("localhost:0");
  ASSERT_TRUE(listeners.has_value()) << listeners.error().to_string();
  EXPECT_NE(listeners->port, 0);
  ASSERT_GE(listeners->sockets.size(), 1U);  // one alone where the machine has no IPv6
  EXPECT_FALSE(listeners->sockets[0].is_ipv6);
  if (listeners->sockets.size() > 1) {
    EXPECT_TRUE(listeners->sockets[1].is_ipv6);
  }
}

TEST(ListenOn, PortInUseNamesTheProcessThatHoldsIt) {
  const Result<Listeners> first = listen_on("localhost:0");
  ASSERT_TRUE(first.has_value());
  const std::string port = std::to_string(first->port);
  const Result<Listeners> second = listen_on("localhost:" + port);
  ASSERT_FALSE(second.has_value());
  const std::string message(second.error().message());
  EXPECT_TRUE(
      message.starts_with("listening on localhost:" + port + ": port " + port + " is in use by "))
      << message;
  EXPECT_TRUE(message.ends_with("(pid " + std::to_string(getpid()) + ")")) << message;
}

TEST(ListenOn, EmptyHostIsEveryInterface) {
  const Result<Listeners> listeners = listen_on(":0");
  ASSERT_TRUE(listeners.has_value()) << listeners.error().to_string();
  EXPECT_NE(listeners->port, 0);
}

TEST(ListenOn, SaysWhichAddressItCouldNotHave) {
  const Result<Listeners> listeners = listen_on("192.0.2.1:4317");  // TEST-NET-1: nobody has it
  ASSERT_FALSE(listeners.has_value());
  EXPECT_TRUE(listeners.error().message().starts_with("listening on 192.0.2.1:4317: "));
}

TEST(DescribePortHolder, FreePortHasNone) {
  EXPECT_EQ(describe_port_holder(1), "port 1 is in use");
}

}  // namespace
}  // namespace kolben::net
