// What a peer's HTTP answer means for the sender of telemetry (OTLP specification, "OTLP/HTTP
// Response"): 2xx is success; 429, 502, 503 and 504 are worth another try, after Retry-After where
// there is one; everything else is final.
#pragma once

#include <string_view>

#include "base/status.h"
#include "net/http/message.h"

namespace kolben::net::http {

// `peer` goes into the message: "sending to http://a/v1/traces: 503 Service Unavailable: text".
Status status_of_answer(const Response& response, std::string_view peer);

}  // namespace kolben::net::http
