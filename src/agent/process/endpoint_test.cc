#include "agent/process/endpoint.h"

#include <gtest/gtest.h>

namespace kolben::agent {
namespace {

TEST(Endpoint, ASchemeThatIsMistypedIsPutRight) {
  const auto f = [](std::string text, const std::string& want) {
    const std::string before = text;
    EXPECT_TRUE(correct_scheme(text)) << before;
    EXPECT_EQ(text, want) << before;
  };
  f("http:/host:4318", "http://host:4318");
  f("https:/host/v1", "https://host/v1");
  f("htp://host:4318", "http://host:4318");
  f("htttp://host", "http://host");
  f("htps://host", "https://host");
  f("http//host:4318", "http://host:4318");
  f("http:host:4318", "http://host:4318");
  f("http:///host", "http://host");
  f("https;//host", "https://host");
}

TEST(Endpoint, WhatMayBeMeantIsLeftAlone) {
  for (std::string text : {"http://host:4318", "HTTPS://host", "localhost:4317", "http:4317",
                           "htp/spans", "grpc://host:4317", "unix:///tmp/socket", "dns:///host",
                           "host/http:/x", "", "http://", "http", "[::1]:4317"}) {
    const std::string before = text;
    EXPECT_FALSE(correct_scheme(text)) << before;
    EXPECT_EQ(text, before);
  }
}

TEST(Endpoint, WhatMayBeSecretIsNotShown) {
  EXPECT_EQ(shown_endpoint("http://host:4318/v1/traces"), "http://host:4318/v1/traces");
  EXPECT_EQ(shown_endpoint("https://in.example/abcdefghij0123456789/v1/traces"),
            "https://in.example/.../v1/traces");
  EXPECT_EQ(shown_endpoint("https://a/otlp?api_key=s3cret&x=&y=2#z"),
            "https://a/otlp?api_key=...&x=&y=...");
  EXPECT_EQ(shown_endpoint("https://a?s3cret"), "https://a?...");
  EXPECT_EQ(shown_endpoint("a-very-long-host-name.example.org:4317"),
            "a-very-long-host-name.example.org:4317");
}

TEST(Endpoint, UsersAreRemoved) {
  std::string endpoint = "http://user:pass@word@host/a@b";
  EXPECT_TRUE(remove_user_info(endpoint));
  EXPECT_EQ(endpoint, "http://host/a@b");
  EXPECT_FALSE(remove_user_info(endpoint));
}

}  // namespace
}  // namespace kolben::agent
