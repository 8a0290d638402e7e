// Refusals: how a server answers what no handler gets to see. Only for the .cc files of this
// folder: brings in Asio.
#pragma once

#include <boost/system/error_code.hpp>
#include <string>
#include <string_view>

#include "net/http/message.h"
#include "net/http/server.h"

namespace kolben::net::http {

struct Refusal {
  int status;
  std::string_view reason;  // counted
  std::string_view text;    // for the peer
};

inline constexpr Refusal kTimeout{408, "timeout", "the request did not arrive in time\n"};
inline constexpr Refusal kMalformed{400, "malformed_request", "this is no HTTP/1.1 request\n"};
inline constexpr Refusal kNoHost{400, "malformed_request", "the Host header is missing\n"};
inline constexpr Refusal kHeaderTooLarge{431, "header_too_large",
                                         "the header has more than 64 KiB\n"};
inline constexpr Refusal kBodyTooLarge{413, "too_large",
                                       "the body is larger than this server takes\n"};
inline constexpr Refusal kTooManyBytes{503, "too_many_bytes",
                                       "this server is receiving as much as it takes at a time\n"};
inline constexpr Refusal kTooManyConnections{503, "too_many_connections",
                                             "this server has as many connections as it takes\n"};
inline constexpr Refusal kAnswersTooLarge{503, "answers_too_large",
                                          "peers that read slowly hold too many large answers\n"};
inline constexpr Refusal kStopping{503, "stopping", "this server is stopping\n"};
inline constexpr Refusal kHttp2{
    400, "http2_preface",
    "this is the HTTP port, and it speaks HTTP/1.1; OTLP/gRPC is on another\n"};

// For pages in browsers (host_check.h).
std::string foreign_host_text(const ServerSettings& settings, std::string_view host);
std::string cross_site_text(std::string_view origin);

// What a failed read means for the peer. Null where the connection broke, or ended between two
// requests.
const Refusal* refusal_of(const boost::system::error_code& error);

Response response_of(const Refusal& refusal);

}  // namespace kolben::net::http
