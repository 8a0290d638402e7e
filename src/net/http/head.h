// Heads of requests and responses as text (RFC 9112 sections 3 and 4, RFC 9110 section 6.6.1). Line
// breaks in headers, which would let a value write headers of its own, become spaces.
#pragma once

#include <string>
#include <string_view>

#include "net/http/client.h"
#include "net/http/message.h"

namespace kolben::net::http {

// Whether a response with this status may have a body.
bool has_body(int status);

// "HTTP/1.1 200 OK\r\n...\r\n\r\n".
std::string response_head(const Response& response, bool keep_alive);

// "POST /v1/traces HTTP/1.1\r\nHost: ...\r\n\r\n". `url` is that of the request, parsed.
std::string request_head(const ClientRequest& request, const Url& url);

}  // namespace kolben::net::http
