// Cross-origin requests from browsers (https://fetch.spec.whatwg.org/#http-cors-protocol).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http/message.h"

namespace kolben::net::http {

// Whether an origin matches one of the patterns, in which '*' stands for any characters.
bool is_origin_allowed(const std::vector<std::string>& patterns, std::string_view origin);

// The answer to a preflight, where `request` is one and origins are configured.
std::optional<Response> answer_preflight(const std::vector<std::string>& patterns,
                                         const Request& request);

// Adds what lets the origin's page read the response.
void allow_origin(const std::vector<std::string>& patterns, const std::string& origin,
                  Response& response);

}  // namespace kolben::net::http
