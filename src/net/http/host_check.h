// Whether a request is meant for this server. A page on the net can point its own name at 127.0.0.1
// (DNS rebinding) and then read, in its visitor's browser, what is for that machine alone; the Host
// header gives it away.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kolben::query {

// Whether only this machine can connect to what listens there: "localhost", "127.0.0.1", "::1".
bool is_loopback(std::string_view host);

// `header` as sent: "localhost:16686". Addresses, localhost, names without a dot and those of
// `allowed` are; no header, of HTTP/1.0, comes from no browser and is, too.
bool is_host_allowed(std::string_view header, const std::vector<std::string>& allowed);

}  // namespace kolben::query
