// The head of a response as text (RFC 9112 section 4, RFC 9110 section 6.6.1).
#pragma once

#include <string>
#include <string_view>

#include "net/http/message.h"

namespace kolben::net::http {

// Whether a response with this status may have a body.
bool has_body(int status);

// "HTTP/1.1 200 OK\r\n...\r\n\r\n". Line breaks in header values, which would let a value write
// headers of its own, become spaces.
std::string response_head(const Response& response, bool keep_alive);

}  // namespace kolben::net::http
