// /api/kolben/logs and what is below it: log records of any trace or none (docs/page-api.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "query/call.h"
#include "query/page/page_filter.h"
#include "query/page/trace_json.h"

namespace kolben::query::page {

// Lines that a person reads before asking for more, and the most at once.
inline constexpr std::uint32_t kLogLinesDefault = 200;
inline constexpr std::uint32_t kLogLinesMax = 10'000;

// Nothing where there is no such call. A page of lines ends with the one that makes its text longer
// than `bytes_max`.
std::optional<net::http::Response> answer_logs(const Call& call, std::string_view what,
                                               std::size_t bytes_max = kLogBytesMax);

// start, end, service, severity, text, tag. INVALID_ARGUMENT names the parameter that is wrong.
Result<PageFilter> parse_log_filter(const Parameters& parameters, std::uint64_t now_nanos);

// A regular expression for whatever contains the text, in whatever case.
std::string containing(std::string_view text);

}  // namespace kolben::query::page
