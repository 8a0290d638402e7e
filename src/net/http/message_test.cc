#include <gtest/gtest.h>

#include "net/http/client.h"
#include "net/http/server.h"
#include "wire/compression.h"

namespace kolben::net::http {
namespace {

TEST(QueryParameters, AreDecodedInOrder) {
  const Headers want = {{"service", "a b"}, {"tag", "x=y"}, {"tag", "z&"}, {"flag", ""}, {"e", ""}};
  EXPECT_EQ(query_parameters("/api/traces?service=a+b&tag=x%3Dy&tag=z%26&flag&&e=#f?g=1"), want);
  EXPECT_EQ(query_parameters("/api/traces"), Headers());
  EXPECT_EQ(query_parameters("?"), Headers());
}

TEST(Percent, DamagedEscapesStayAsTheyAre) {
  EXPECT_EQ(percent_decode("%41%4a%zz%4"), "AJ%zz%4");
  EXPECT_EQ(percent_decode("a+b"), "a+b");
}

TEST(Percent, EncodingComesBack) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_encode("a/b c"), "a%2Fb%20c");
}

TEST(ParseUrl, TakesWhatIsHttp) {
  const auto f = [](std::string_view text, bool is_https, std::string_view host, int port,
                    std::string_view target) {
    const Result<Url> url = parse_url(text);
    ASSERT_TRUE(url.has_value()) << text << ": " << url.error().to_string();
    EXPECT_EQ(url->is_https, is_https) << text;
    EXPECT_EQ(url->host, host) << text;
    EXPECT_EQ(url->port, port) << text;
    EXPECT_EQ(url->target, target) << text;
  };
  f("http://localhost:4318/v1/traces", false, "localhost", 4318, "/v1/traces");
  f("https://a.example", true, "a.example", 443, "/");
  f("http://a.example?q=1#fragment", false, "a.example", 80, "/?q=1");
  f("http://[::1]:9411/api", false, "::1", 9411, "/api");
  f("http://[::1]/api", false, "::1", 80, "/api");
}

TEST(ParseUrl, RefusesOthers) {
  for (const std::string_view text :
       {"", "localhost:4318", "ftp://a", "http://", "http:///x", "http://a:b", "http://a:0",
        "http://u:p@a", "http://a/b c", "http://a/\r\nX: y"}) {
    EXPECT_FALSE(parse_url(text).has_value()) << text;
  }
}

TEST(Request, HeadersAreFoundWithoutCase) {
  Request request;
  request.target = "/v1/traces?x=1";
  request.headers = {{"content-TYPE", "a"}, {"Content-Type", "b"}};
  EXPECT_EQ(request.header("Content-Type"), "a");
  EXPECT_EQ(request.header("Content-Typ"), "");
  EXPECT_EQ(request.path(), "/v1/traces");
}

TEST(DecodeBody, UndoesEachEncoding) {
  const std::string text(10'000, 'a');
  for (const std::string_view name : {"gzip", "zstd", "snappy", "deflate", "lz4"}) {
    Request request;
    request.headers = {{"Content-Encoding", std::string(name)}};
    request.body =
        Bytes::from_string(wire::compress(wire::compression_by_name(name).value(), text));
    const Result<Bytes> body = decode_body(request, text.size());
    ASSERT_TRUE(body.has_value()) << name << ": " << body.error().to_string();
    EXPECT_EQ(body->view(), text) << name;
    EXPECT_EQ(decode_body(request, text.size() - 1).status().code(), StatusCode::kResourceExhausted)
        << name;
  }
}

// RFC 9110, sections 8.3.1 and 8.4.1.
TEST(Request, TypesAndEncodingsCompareWithoutCase) {
  Request request;
  EXPECT_EQ(request.media_type(), "");
  request.headers = {{"content-type", "Application/JSON ; charset=UTF-8"},
                     {"Content-Encoding", "GZip"}};
  EXPECT_EQ(request.media_type(), "application/json");
  request.body = Bytes::from_string(wire::compress(wire::Compression::kGzip, "text"));
  EXPECT_EQ(decode_body(request, 10)->view(), "text");
}

TEST(DecodeBody, PlainBodyIsNotCopied) {
  Request request;
  request.body = Bytes::from_string(std::string(100, 'x'));
  EXPECT_EQ(decode_body(request, 100)->data(), request.body.data());
  EXPECT_EQ(decode_body(request, 99).status().code(), StatusCode::kResourceExhausted);
}

TEST(DecodeBody, UnknownAndSeveralEncodingsAreUnimplemented) {
  for (const std::string name : {"br", "gzip, zstd"}) {
    Request request;
    request.headers = {{"Content-Encoding", name}};
    EXPECT_EQ(decode_body(request, 100).status().code(), StatusCode::kUnimplemented) << name;
  }
}

TEST(DecodeBody, DamagedBodyIsInvalid) {
  Request request;
  request.headers = {{"Content-Encoding", "gzip"}};
  request.body = Bytes::from_string("no gzip");
  EXPECT_EQ(decode_body(request, 100).status().code(), StatusCode::kInvalidArgument);
}

TEST(ErrorResponse, NamesTheDelayInWholeSeconds) {
  const auto f = [](Status status, int want_status, std::string_view want_delay) {
    const Response response = error_response(status);
    EXPECT_EQ(response.status, want_status);
    std::string delay;
    for (const auto& [name, value] : response.headers) {
      if (name == "Retry-After") delay = value;
    }
    EXPECT_EQ(delay, want_delay);
  };
  using std::chrono::milliseconds;
  f(resource_exhausted("x").with_retry_after(milliseconds(1001)), 429, "2");
  f(unavailable("x").with_retry_after(milliseconds(0)), 503, "1");
  f(unavailable("x"), 503, "");
  f(invalid_argument("x").with_retry_after(milliseconds(1001)), 400, "");
}

}  // namespace
}  // namespace kolben::net::http
