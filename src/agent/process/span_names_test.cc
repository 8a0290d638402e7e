#include "agent/process/span_names.h"

#include <gtest/gtest.h>

namespace kolben::agent {
namespace {

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
    const std::string route = "/" + std::to_string(i);
    ASSERT_EQ(names.server_name("GET", route, "/x"), "GET " + route);
  }
  EXPECT_EQ(names.server_name("GET", "/new-one", "/x"), "GET");
  EXPECT_EQ(names.server_name("GET", "/7", "/x"), "GET /7");
}

TEST(SpanNames, PathsOfManyDifferentWordsMeetBeforeThat) {
  SpanNames names;
  std::size_t different = 0;
  for (char a = 'a'; a <= 'z'; ++a) {
    for (char b = 'a'; b <= 'z'; ++b) {
      const std::string path = std::string("/") + a + b;
      if (names.server_name("GET", "", path) == "GET " + path) ++different;
    }
  }
  EXPECT_EQ(different, PathTemplates::kChildrenMax);
  EXPECT_EQ(names.server_name("GET", "", "/zz"), "GET /*");
  EXPECT_EQ(names.server_name("GET", "", "/aa"), "GET /aa");
}

}  // namespace
}  // namespace kolben::agent
