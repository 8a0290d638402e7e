#include "agent/process/span_names.h"

#include <gtest/gtest.h>

namespace kolben::agent {
namespace {

TEST(SpanNames, IdentifiersInPathsBecomeStars) {
  const auto expect = [](std::string_view path, std::string_view want) {
    EXPECT_EQ(path_template(path), want) << path;
  };
  expect("/", "/");
  expect("/add", "/add");
  expect("/delete/17", "/delete/*");
  expect("/delete/17/", "/delete/*/");
  expect("/v1/feed/face", "/v1/feed/face");
  expect("/blobs/0123abcd99", "/blobs/*");
  expect("/deadbeef", "/deadbeef");
  expect("/users/123e4567-e89b-12d3-a456-426614174000/edit", "/users/*/edit");
  expect("/days/2024-10-28", "/days/*");
  expect("/search/caf%C3%A9", "/search/*");
  expect("/static/app.js", "/static/app.js");
  expect("/1/2/3/4/5/6/7/8/9/10/11", "/*/*/*/*/*/*/*/*/*/*/*");
  expect("*", "");
}

TEST(SpanNames, TheRouteOfTheApplicationCountsBeforeThePath) {
  SpanNames names;
  EXPECT_EQ(names.server_name("GET", "/delete/<int:id>", "/delete/17"), "GET /delete/<int:id>");
  EXPECT_EQ(names.server_name("GET", "", "/delete/17"), "GET /delete/*");
  EXPECT_EQ(names.server_name("OPTIONS", "", "*"), "OPTIONS");
  EXPECT_EQ(names.server_name("BREW", "", "/pot"), "HTTP /pot");
  EXPECT_EQ(SpanNames::client_name("POST"), "POST");
  EXPECT_EQ(SpanNames::client_name("post"), "HTTP");
}

TEST(SpanNames, BeyondTheCapANameIsTheMethodAlone) {
  SpanNames names;
  for (std::size_t i = 0; i < SpanNames::kNamesMax; ++i) {
    std::string path = "/";
    for (std::size_t n = i;; n /= 26) {
      path += static_cast<char>('a' + n % 26);
      if (n < 26) break;
    }
    ASSERT_EQ(names.server_name("GET", "", path), "GET " + path);
  }
  EXPECT_EQ(names.server_name("GET", "", "/new-one"), "GET");
  EXPECT_EQ(names.server_name("GET", "", "/a"), "GET /a");
}

}  // namespace
}  // namespace kolben::agent
