#include "net/http/host_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>

namespace kolben::net::http {
namespace {

TEST(HostCheck, AddressesAndNamesOfTheMachineAreAllowed) {
  for (const char* host :
       {"", "localhost", "LOCALHOST:16686", "localhost.:1", "127.0.0.1:16686", "[::1]:16686",
        "10.0.0.7", "build-box:16686", "a.localhost:1", "host.docker.internal:4318"}) {
    EXPECT_TRUE(is_host_allowed(host, {})) << host;
  }
  for (const char* host : {"evil.example", "evil.example:16686", "evil.example.",
                           "127.0.0.1.evil.example", "localhost.evil.example", "1.2.3"}) {
    EXPECT_FALSE(is_host_allowed(host, {})) << host;
  }
  EXPECT_TRUE(is_host_allowed("traces.example:443", {"traces.example"}));
  EXPECT_TRUE(is_host_allowed("anything.example", {"*"}));
}

TEST(HostCheck, BrowsersAreKnownByWhatTheySend) {
  const auto is_browser = [](std::initializer_list<std::string_view> fields,
                             std::string_view user_agent = "") {
    return is_from_browser(user_agent, [&fields](std::string_view name) {
      return std::find(fields.begin(), fields.end(), name) != fields.end();
    });
  };
  EXPECT_TRUE(is_browser({"Origin"}));
  EXPECT_TRUE(is_browser({"Referer"}));
  EXPECT_TRUE(is_browser({"Accept-Language"}));
  EXPECT_TRUE(is_browser({}, "Mozilla/5.0 (X11)"));
  EXPECT_TRUE(is_browser({"Accept-Language", "Sec-Fetch-Mode", "Sec-Fetch-Site"}));
  EXPECT_FALSE(is_browser({}, "OTel-OTLP-Exporter"));
  EXPECT_FALSE(is_browser({"Accept-Language", "Sec-Fetch-Mode"}, "node")) << "Node's fetch()";
  EXPECT_TRUE(is_browser({"Accept-Language", "Sec-Fetch-Mode", "Referer"}, "node"));
}

TEST(HostCheck, APageOfAnotherOriginWritesWhatBrowsersDoNotAskFor) {
  const auto is_write = [](std::string_view origin, std::string_view type,
                           std::string_view method = "POST") {
    return is_cross_site_write(method, "localhost:9411", origin, type);
  };
  for (const char* type :
       {"", "text/plain", "Text/Plain; charset=utf-8", "text/plain ;a",
        "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"}) {
    EXPECT_TRUE(is_write("http://evil.example", type)) << type;
    EXPECT_TRUE(is_write("http://localhost:3000", type)) << type;
    EXPECT_TRUE(is_write("null", type)) << type;
    EXPECT_FALSE(is_write("", type)) << type << ": from no browser";
    EXPECT_FALSE(is_write("http://localhost:9411", type)) << type << ": a page of ours";
    EXPECT_FALSE(is_write("http://LOCALHOST:9411", type)) << type;
  }
  // Those the browser asks about first, and gets no permission.
  EXPECT_FALSE(is_write("http://evil.example", "application/json"));
  EXPECT_FALSE(is_write("http://evil.example", "application/x-protobuf"));
  EXPECT_FALSE(is_write("http://evil.example", "", "GET"));
}

}  // namespace
}  // namespace kolben::net::http
