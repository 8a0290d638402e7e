// What a page in a browser may ask of a server, whoever wrote the page: README.md, "Browsers". Pure
// functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kolben::net::http {

// Whether only this machine can connect to what listens there: "localhost", "127.0.0.1", "::1".
bool is_loopback(std::string_view host);

// `header` as sent: "localhost:16686". Addresses, localhost, names without a dot, those below
// "internal" and those of `allowed` are; no header, of HTTP/1.0, comes from no browser and is, too.
bool is_host_allowed(std::string_view header, const std::vector<std::string>& allowed);

// Whether it looks like a browser's: it has what browsers send with every request, or with most,
// and clients of telemetry with none. Over plain HTTP there is no Sec-Fetch-Site for a name that is
// not this machine's, and a page's request to where it came from has no Origin.
//
// Node's fetch() sends Accept-Language as well ("*"), and Sec-Fetch-Mode without Sec-Fetch-Site.
// Browsers send both of these or none, and a page can set neither
// (https://fetch.spec.whatwg.org/#forbidden-request-header): that is how the two are told apart.
// `has(name)` says whether the request has a field of that name, also an empty one.
template <typename Has>
bool is_from_browser(std::string_view user_agent, Has has) {
  if (user_agent.starts_with("Mozilla/")) return true;
  if (has("Origin") || has("Referer") || has("Sec-Fetch-Site")) return true;
  return has("Accept-Language") && !has("Sec-Fetch-Mode");
}

// Whether a page of another origin sends something that browsers let pass without asking the server
// first (https://fetch.spec.whatwg.org/#cors-safelisted-request-header).
bool is_cross_site_write(std::string_view method, std::string_view host, std::string_view origin,
                         std::string_view content_type);

}  // namespace kolben::net::http
