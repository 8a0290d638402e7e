#include "agent/protocols/text_pattern.h"

#include <gtest/gtest.h>

#include <string>

#include "agent/protocols/request_url.h"

namespace kolben::agent {
namespace {

bool is_understood(const std::string& pattern) {
  return TextPattern().parse(pattern.data(), pattern.size());
}

bool finds(const std::string& pattern, const std::string& text) {
  TextPattern parsed;
  EXPECT_TRUE(parsed.parse(pattern.data(), pattern.size())) << pattern;
  return parsed.matches(text.data(), text.size());
}

bool excludes(const char* list, const std::string& head) {
  TextPatterns patterns;
  patterns.init(list, TextPatterns::Kind::kSearched);
  char url[kUrlBytesMax];
  return patterns.match(url, request_url(head.data(), head.size(), url));
}

TEST(TextPattern, IsSearchedFor) {
  EXPECT_TRUE(finds("health", "http://a/healthz"));
  EXPECT_FALSE(finds("health", "http://a/wealth"));
  EXPECT_TRUE(finds("a.c", "xxabcxx"));
  EXPECT_FALSE(finds("a\\.c", "abc"));
  EXPECT_TRUE(finds("a\\.c", "a.c"));
  EXPECT_TRUE(finds("ab*c", "xac"));
  EXPECT_TRUE(finds("ab*c", "abbbc"));
  EXPECT_FALSE(finds("ab*c", "abdc"));
  EXPECT_TRUE(finds("a.*z", "a-to-z"));
  EXPECT_TRUE(finds("a*", ""));
  EXPECT_TRUE(finds(".*", "x"));
}

TEST(TextPattern, HasAnchors) {
  EXPECT_TRUE(finds("^http://a", "http://a/b"));
  EXPECT_FALSE(finds("^a", "http://a/b"));
  EXPECT_TRUE(finds("/metrics$", "http://a/metrics"));
  EXPECT_FALSE(finds("/metrics$", "http://a/metrics/x"));
  EXPECT_TRUE(finds("^x.*y$", "x---y"));
  EXPECT_TRUE(finds("a*$", "b"));
}

TEST(TextPattern, WithMoreThanThatIsNotUnderstood) {
  for (const char* pattern :
       {"", "^", "(a|b)", "[0-9]", "a+", "a?", "a{2}", "\\d", "*a", "a**", "a$b", "\\"}) {
    EXPECT_FALSE(is_understood(pattern)) << pattern;
  }
  EXPECT_TRUE(is_understood(std::string(63, 'a')));
  EXPECT_FALSE(is_understood(std::string(64, 'a')));
}

TEST(TextPattern, TakesLinearTime) {
  std::string pattern;
  for (int i = 0; i < 30; ++i) pattern += "a*";
  EXPECT_FALSE(finds(pattern + "b", std::string(100'000, 'a')));
}

TEST(TextPatterns, LookAtTheWholeUrl) {
  const std::string head = "GET /health?x=1 HTTP/1.1\r\nUser-Agent: x\r\nHost: shop:80\r\n\r\n";
  EXPECT_TRUE(excludes("health", head));
  EXPECT_TRUE(excludes(" metrics , ^http://shop:80/health", head));
  EXPECT_TRUE(excludes("x=1$", head));
  EXPECT_FALSE(excludes("^/health", head));
  EXPECT_FALSE(excludes("User", head));
  EXPECT_FALSE(excludes("(health)", head)) << "not understood";
  EXPECT_FALSE(excludes("", head));
  EXPECT_FALSE(excludes(nullptr, head));
  EXPECT_TRUE(excludes("http://other/a$", "GET http://other/a HTTP/1.1\r\nHost: b\r\n\r\n"));
  EXPECT_TRUE(excludes("health$", "GET /health"));
  EXPECT_FALSE(excludes("health", "GET"));
}

TEST(TextPatterns, OfNamesMatchTheWholeInEitherCase) {
  TextPatterns names;
  names.init("Content-Type, x-.*", TextPatterns::Kind::kWholeAnyCase);
  const auto f = [&](const std::string& name) { return names.match(name.data(), name.size()); };
  EXPECT_TRUE(f("content-type"));
  EXPECT_TRUE(f("CONTENT-TYPE"));
  EXPECT_FALSE(f("content-type2"));
  EXPECT_FALSE(f("the-content-type"));
  EXPECT_TRUE(f("X-Anything"));
  EXPECT_FALSE(f("not-x-"));
  names.init("session", TextPatterns::Kind::kSearchedAnyCase);
  EXPECT_TRUE(f("My-Session-Id"));
  EXPECT_FALSE(f("my-id"));
}

TEST(TextPatterns, AreBounded) {
  std::string list;
  for (int i = 0; i < 100; ++i) list += "none,";
  EXPECT_FALSE(excludes((list + "health").c_str(), "GET /health HTTP/1.1\r\n\r\n"));
  EXPECT_FALSE(excludes("x", "GET /" + std::string(10'000, 'a') + " HTTP/1.1\r\n\r\n"));
}

}  // namespace
}  // namespace kolben::agent
