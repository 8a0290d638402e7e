#include "net/http/url.h"

#include <algorithm>

#include "net/address.h"

namespace kolben::net::http {

namespace {

Status bad_url(std::string_view text, std::string_view problem) {
  return invalid_argument("URL \"" + std::string(text) + "\": " + std::string(problem));
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  constexpr std::string_view kHttp = "http://";
  constexpr std::string_view kHttps = "https://";
  Url url;
  std::string_view rest = text;
  if (rest.starts_with(kHttps)) {
    url.is_https = true;
    rest.remove_prefix(kHttps.size());
  } else if (rest.starts_with(kHttp)) {
    rest.remove_prefix(kHttp.size());
  } else {
    return bad_url(text, "it begins with neither http:// nor https://");
  }
  for (const char c : rest) {
    if (c <= ' ' || c == 127) return bad_url(text, "spaces and control characters are not allowed");
  }
  const std::size_t host_end = std::min(rest.find_first_of("/?#"), rest.size());
  std::string authority(rest.substr(0, host_end));
  std::string_view target = rest.substr(host_end);
  target = target.substr(0, target.find('#'));
  if (authority.find('@') != std::string::npos) {
    return bad_url(text, "user and password belong into a header");
  }
  const bool has_port =
      authority.rfind(':') != std::string::npos &&
      (authority.rfind(']') == std::string::npos || authority.rfind(':') > authority.rfind(']'));
  if (!has_port) authority += url.is_https ? ":443" : ":80";
  Result<Address> address = parse_address(authority);
  if (!address.has_value()) return std::move(address).error().with_context("URL");
  if (address->host.empty()) return bad_url(text, "the host is missing");
  if (address->port == 0) return bad_url(text, "there is no port 0 to connect to");
  url.host = address->host;
  url.port = address->port;
  url.target = target.empty() || target.front() != '/' ? "/" + std::string(target) : target;
  return url;
}

}  // namespace kolben::net::http
