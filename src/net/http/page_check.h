// Whether a request looks as if a page in a browser made it that has no business with this server:
// host_check.h, asked of a request's header. Only for the .cc files of this folder: brings in
// Beast.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "net/http/server.h"

namespace kolben::net::http {

// A refusal with a text of its own.
struct StrangePage {
  std::string_view reason;
  std::string text;
};

// `is_local`: only this machine can connect to the server.
std::optional<StrangePage> strange_page(const ServerSettings& settings, bool is_local,
                                        const boost::beast::http::request_header<>& header);

}  // namespace kolben::net::http
