#include "query/assets/assets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kolben::query::assets {
namespace {

using net::http::Request;
using net::http::Response;
using ::testing::HasSubstr;

constexpr Asset kAssets[] = {
    {"/assets/main-0A1B2C3D.js", "text/javascript; charset=utf-8", "aa", true, "plain", "packed"},
    {"/index.html", "text/html; charset=utf-8", "bb", false, "<html>", ""},
};
constexpr Asset kLinked[] = {
    {"/index.html", "text/html; charset=utf-8", "bb", false,
     "<script src=\"./assets/a.js\"></script><a href=\"./search\">./x</a>", "packed"},
};

Request request(std::string method, net::http::Headers headers = {}) {
  Request out;
  out.method = std::move(method);
  out.headers = std::move(headers);
  return out;
}

Response get(std::string_view path, net::http::Headers headers = {}) {
  return serve(request("GET", std::move(headers)), path, kAssets);
}

std::string header(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

TEST(Assets, PageAnswersEveryPathThatIsNoFile) {
  for (const char* path :
       {"/", "/index.html", "/search", "/trace/5b8e", "/a/b?c", "/../etc/passwd"}) {
    const Response response = get(path);
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_EQ(response.body.view(), "<html>") << path;
  }
}

TEST(Assets, PageFindsItsFilesFromEveryDepth) {
  const auto page = [](std::string_view path) {
    return std::string(serve(request("GET"), path, kLinked).body.view());
  };
  EXPECT_EQ(page("/"), kLinked[0].plain);
  EXPECT_EQ(page("/search"), kLinked[0].plain);
  EXPECT_EQ(page("/trace/5b8e"),
            "<script src=\"../assets/a.js\"></script><a href=\"../search\">./x</a>");
  EXPECT_EQ(page("/trace/5b8e/"),
            "<script src=\"../../assets/a.js\"></script><a href=\"../../search\">./x</a>");
}

TEST(Assets, PageThatWasRewrittenIsNotServedPacked) {
  const net::http::Headers packed = {{"Accept-Encoding", "gzip"}};
  EXPECT_EQ(serve(request("GET", packed), "/search", kLinked).body.view(), "packed");
  const Response deep = serve(request("GET", packed), "/trace/5b8e", kLinked);
  EXPECT_EQ(header(deep, "Content-Encoding"), "");
  EXPECT_THAT(std::string(deep.body.view()), HasSubstr("../assets/a.js"));
}

TEST(Assets, PathsOfAbsurdDepthAre404) {
  EXPECT_EQ(get(std::string(17, '/')).status, 200);
  EXPECT_EQ(get(std::string(18, '/')).status, 404);
}

TEST(Assets, PageIsAskedForAgainAndMayRunItsOwnScriptsOnly) {
  const Response response = get("/");
  EXPECT_EQ(header(response, "Cache-Control"), "no-cache");
  EXPECT_THAT(header(response, "Content-Security-Policy"), HasSubstr("default-src 'self'"));
  EXPECT_THAT(header(response, "Content-Security-Policy"), Not(HasSubstr("unsafe")));
  EXPECT_EQ(header(response, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(header(response, "Referrer-Policy"), "same-origin");
}

TEST(Assets, FilesNamedByContentAreKeptForEver) {
  const Response response = get("/assets/main-0A1B2C3D.js");
  EXPECT_EQ(response.body.view(), "plain");
  EXPECT_EQ(header(response, "Content-Type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(header(response, "Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(header(response, "ETag"), "\"aa\"");
}

TEST(Assets, FileOfAnotherBuildIs404AndNotThePage) {
  EXPECT_EQ(get("/assets/main-ZZZZZZZZ.js").status, 404);
}

TEST(Assets, GzipWhereItIsTaken) {
  const Response response = get("/assets/main-0A1B2C3D.js", {{"accept-encoding", "br, gzip"}});
  EXPECT_EQ(response.body.view(), "packed");
  EXPECT_EQ(header(response, "Content-Encoding"), "gzip");
  EXPECT_EQ(header(response, "ETag"), "\"aa-gz\"");
  EXPECT_EQ(header(response, "Vary"), "Accept-Encoding");
  EXPECT_TRUE(accepts_gzip("gzip;q=0.5"));
  EXPECT_TRUE(accepts_gzip("*"));
  EXPECT_FALSE(accepts_gzip("gzip;q=0, br"));
  EXPECT_FALSE(accepts_gzip("identity"));
  EXPECT_FALSE(accepts_gzip(""));
}

TEST(Assets, UnchangedFilesAre304) {
  for (const char* known : {"\"bb\"", "W/\"bb\"", "\"x\", \"bb-gz\"", "*"}) {
    const Response response = get("/", {{"If-None-Match", known}});
    EXPECT_EQ(response.status, 304) << known;
    EXPECT_TRUE(response.body.empty()) << known;
    EXPECT_EQ(header(response, "ETag"), "\"bb\"") << known;
  }
  EXPECT_EQ(get("/", {{"If-None-Match", "\"old\""}}).status, 200);
  EXPECT_EQ(get("/", {{"If-None-Match", "bb"}}).status, 200);
}

TEST(Assets, OtherMethodsAre405WithAllow) {
  const Response response = serve(request("POST"), "/", kAssets);
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(header(response, "Allow"), "GET, HEAD");
  EXPECT_EQ(serve(request("HEAD"), "/", kAssets).status, 200);
}

TEST(Assets, ThereIsAlwaysAPageInTheProgram) {
  const Response response = serve(request("GET"), "/search", embedded());
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(std::string(response.body.view()), HasSubstr("Kolben"));
  EXPECT_THAT(std::string(response.body.view()), Not(HasSubstr("=\"/")));
}

}  // namespace
}  // namespace kolben::query::assets
