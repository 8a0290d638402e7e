// The parameters of API v3, which come as query.serviceName or as query.service_name. Errors are
// INVALID_ARGUMENT and name the parameter. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "query/parameters.h"
#include "storage/plan.h"

namespace kolben::query::jaeger {

// By whichever of the names the request has.
std::string_view value_of(const Parameters& parameters, std::string_view camel,
                          std::string_view snake);
// An RFC 3339 time; missing: the fallback.
Result<std::uint64_t> optional_time(const Parameters& parameters, std::string_view camel,
                                    std::string_view snake, std::uint64_t fallback);

// The search that the parameters query.* ask for.
Result<storage::TraceQuery> parse_v3_search(const Parameters& parameters);

}  // namespace kolben::query::jaeger
