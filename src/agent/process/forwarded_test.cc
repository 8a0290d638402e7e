#include "agent/process/forwarded.h"

#include <gtest/gtest.h>

#include <string>

namespace kolben::agent {
namespace {

std::string told(const ForwardedClient& client) {
  const std::string port = client.port == 0 ? "" : " " + std::to_string(client.port);
  return std::string(client.address) + port;
}

TEST(Forwarded, TheFirstAddressOfAListIsTheClients) {
  const auto f = [](std::string_view header, const std::string& want) {
    EXPECT_EQ(told(forwarded_client({}, header)), want) << header;
  };
  f("203.0.113.7", "203.0.113.7");
  f("203.0.113.7, 10.0.0.1", "203.0.113.7");
  f(" 203.0.113.7:4711 ,10.0.0.1", "203.0.113.7 4711");
  f("2001:db8::17", "2001:db8::17");
  f("[2001:db8::17]:80", "2001:db8::17 80");
  f("[2001:db8::17]", "2001:db8::17");
  f("unknown, 10.0.0.1", "10.0.0.1");
}

TEST(Forwarded, OfForwardedItIsTheForOfTheFirstElement) {
  const auto f = [](std::string_view header, const std::string& want) {
    EXPECT_EQ(told(forwarded_client(header, {})), want) << header;
  };
  f("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60");
  f("proto=http; For=192.0.2.60, for=10.0.0.1", "192.0.2.60");
  f("for=\"192.0.2.43:47011\"", "192.0.2.43 47011");
  f("FOR=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17 4711");
  f("by=\"a,for=1.2.3.4;\\\",for=5.6.7.8\";for=192.0.2.60", "192.0.2.60");
  f("for=_hidden, for=unknown, for=192.0.2.60", "192.0.2.60");
  f("for=\"192.0.2.43:_port\"", "192.0.2.43");
}

TEST(Forwarded, ForwardedIsStrongerWhereItHasAnAddress) {
  EXPECT_EQ(told(forwarded_client("for=192.0.2.60", "10.0.0.1")), "192.0.2.60");
  EXPECT_EQ(told(forwarded_client("for=_hidden", "10.0.0.1")), "10.0.0.1");
}

TEST(Forwarded, WhatIsNoAddressIsIgnored) {
  using std::string_literals::operator""s;
  for (const std::string& header :
       {""s, ","s, "example.com"s, "1.2.3"s, "1.2.3.4.5"s, "1.2.3.4x"s, "[1.2.3.4]"s, "[::1"s,
        "[::1]x"s, "::1%eth0"s, ":80"s, "\"1.2.3.4\""s, "1.2.3.4\0"s, "<script>"s,
        std::string(5000, '1'), std::string(5000, ':')}) {
    EXPECT_EQ(told(forwarded_client({}, header)), "") << header;
    EXPECT_EQ(told(forwarded_client("for=" + header, {})), header == "\"1.2.3.4\"" ? "1.2.3.4" : "")
        << header;
  }
  for (const char* header : {"for", "for=", "for=\"", "for=\"1.2.3.4", "1.2.3.4", "x=1.2.3.4",
                             "fors=1.2.3.4", "for=\"\\"}) {
    EXPECT_EQ(told(forwarded_client(header, {})), "") << header;
  }
}

TEST(Forwarded, ALongListIsNotReadToItsEnd) {
  std::string many;
  for (int i = 0; i < kForwardedElementsMax; ++i) many += "unknown,";
  EXPECT_EQ(told(forwarded_client({}, many + "1.2.3.4")), "");
  EXPECT_EQ(told(forwarded_client({}, many.substr(8) + "1.2.3.4")), "1.2.3.4");
}

}  // namespace
}  // namespace kolben::agent
