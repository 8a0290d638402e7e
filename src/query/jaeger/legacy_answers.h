// What answers of the legacy API have in common, whichever call gives them.
#pragma once

#include <string>
#include <string_view>

#include "query/call.h"

namespace kolben::query::jaeger {

// 200 with the JSON, over several lines where `prettyPrint` asks for it.
net::http::Response legacy_success(const Call& call, std::string json);
net::http::Response legacy_failure(const Status& status);
// The error envelope; also for those who refuse before a call is made.
net::http::Response legacy_error(int http_status, std::string_view message);
net::http::Response legacy_not_here(const Call& call);

}  // namespace kolben::query::jaeger
