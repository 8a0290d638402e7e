// Where a client sends: "https://[::1]:4318/v1/traces?a=b" (RFC 3986, of which http and https need
// little). Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kolben::net::http {

struct Url {
  bool is_https = false;
  std::string host;
  std::uint16_t port = 0;
  std::string target;  // path and query, at least "/"
};

// INVALID_ARGUMENT names the text and what is wrong with it.
Result<Url> parse_url(std::string_view text);

}  // namespace kolben::net::http
