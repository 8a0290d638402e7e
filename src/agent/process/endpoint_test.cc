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
  f("httpd://host", "https://host");  // as near to http
  f("httpx:/host", "https://host");
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
  EXPECT_EQ(shown_endpoint("hxxp/u:p@h"), "hxxp/...@h");  // a host with its path, or a scheme
}

TEST(Endpoint, UsersAreRemovedAndHiddenBehindAnyScheme) {
  const auto f = [](std::string text, const std::string& want, const std::string& shown) {
    const std::string before = text;
    EXPECT_EQ(shown_endpoint(text), shown) << before;
    EXPECT_TRUE(remove_user_info(text)) << before;
    EXPECT_EQ(text, want) << before;
  };
  f("http://u:p@h:1/a@b", "http://h:1/a@b", "http://...@h:1/a@b");
  f("htp://u:p@h", "htp://h", "htp://...@h");
  f("grpc://u:p@h", "grpc://h", "grpc://...@h");
  f("http:/u:p@h/a", "http:/h/a", "http:/...@h/a");
  f("http//u:p@h", "http//h", "http//...@h");
  f("htp//u:p@h", "htp//h", "htp//...@h");
  f("htp:/u:p@h", "htp:/h", "htp:/...@h");
  f("http;//u:p@h", "http;//h", "http;//...@h");
  f("http:///u:p@h", "http:///h", "http:///...@h");
  f("http/u:p@h", "http/h", "http/...@h");
  f("http:u:p@h", "http:h", "http:...@h");
  f("//u:p@h", "//h", "//...@h");
  f("://u:p@h", "://h", "://...@h");
  f("u:p@h:4317", "h:4317", "...@h:4317");
  f("u@h", "h", "...@h");
  f("u:p://w@h", "h", "...@h");
  f("/u:p@h", "/h", "/...@h");
  f("http://u:pa/ss?w#@h/x", "http://h/x", "http://...@h/x");
}

TEST(Endpoint, AnAtElsewhereIsNoUsers) {
  for (std::string text : {"http://h:4318/a@b", "h:4317/a@b", "h/a@b", "http://h?q=a@b",
                           "http://[::1]:4318/a@b", "http://h", "", "http://", "h:4317"}) {
    const std::string before = text;
    EXPECT_FALSE(remove_user_info(text)) << before;
    EXPECT_EQ(text, before);
  }
}

TEST(Endpoint, UsersAreRemoved) {
  std::string endpoint = "http://user:pass@word@host/a@b";
  EXPECT_TRUE(remove_user_info(endpoint));
  EXPECT_EQ(endpoint, "http://host/a@b");
  EXPECT_FALSE(remove_user_info(endpoint));
}

}  // namespace
}  // namespace kolben::agent
