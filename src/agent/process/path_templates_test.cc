#include "agent/process/path_templates.h"

#include <gtest/gtest.h>

namespace kolben::agent {
namespace {

void expect(std::string_view path, std::string_view want) {
  EXPECT_EQ(path_template(path), want) << path;
}

TEST(PathTemplates, IdentifiersBecomeStars) {
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

TEST(PathTemplates, LettersMixedWithDigitsAreIdentifiersToo) {
  for (const char* path :
       {"/o/a1b2c3", "/o/X7f3Kq2", "/o/user12345", "/o/report-2024.pdf", "/o/app.5d8e9abc.js",
        "/o/me@example.com", "/o/id=4", "/o/a-very-long-title-of-an-article-that-somebody-wrote"}) {
    expect(path, "/o/*");
  }
}

TEST(PathTemplates, WordsWithADigitAreWords) {
  for (const char* path :
       {"/api/v2beta1", "/v10/s3", "/oauth2/token", "/x86", "/h264", "/error-404.html", "/top10",
        "/2fa/verify", "/utf8", "/$metadata", "/v1:batch", "/~anna", "/.well-known/webfinger"}) {
    expect(path, path);
  }
}

TEST(PathTemplates, TooManyWordsInOnePlaceAreAStar) {
  PathTemplates templates;
  const auto name = [](std::size_t i) {
    return std::string(1, static_cast<char>('a' + i / 26)) + static_cast<char>('a' + i % 26);
  };
  EXPECT_EQ(templates.of("/about"), "/about");
  for (std::size_t i = 0; i < PathTemplates::kChildrenMax; ++i) {
    const std::string path = "/users/" + name(i) + "/orders";
    ASSERT_EQ(templates.of(path), path);
  }
  EXPECT_EQ(templates.of("/users/zoe/orders"), "/users/*/orders");
  EXPECT_EQ(templates.of("/users/aa/orders"), "/users/aa/orders") << "names that were told stay";
  EXPECT_EQ(templates.of("/contact"), "/contact") << "other places are as before";
  EXPECT_EQ(templates.of("/users/4711/orders"), "/users/*/orders");
}

TEST(PathTemplates, ASearchForHolesLearnsLittle) {
  PathTemplates templates;
  EXPECT_EQ(templates.of("/cart"), "/cart");
  std::size_t learned = 0;
  for (char a = 'a'; a <= 'z'; ++a) {
    for (char b = 'a'; b <= 'z'; ++b) {
      const std::string path = std::string("/wp-") + a + b + "/x.php";
      if (templates.of(path, PathTemplates::Answer::kNotFound) == path) ++learned;
    }
  }
  EXPECT_EQ(learned, PathTemplates::kNotFoundMax / 2);  // two words each
  EXPECT_EQ(templates.of("/.env", PathTemplates::Answer::kNotFound), "/*");
  EXPECT_EQ(templates.of("/cart", PathTemplates::Answer::kNotFound), "/cart");
  EXPECT_EQ(templates.of("/checkout"), "/checkout");
}

TEST(PathTemplates, TheNumberOfPlacesIsBounded) {
  PathTemplates templates;
  const auto word = [](std::size_t i) { return std::string(1, static_cast<char>('a' + i % 26)); };
  for (std::size_t i = 0; i < PathTemplates::kNodesMax; ++i) {
    templates.of("/" + word(i) + "/" + word(i / 26) + "/" + word(i / 676) + "/x");
  }
  EXPECT_EQ(templates.of("/new/a/b"), "/*/*/*");
}

}  // namespace
}  // namespace kolben::agent
