// The web page's own calls, /api/kolben/*: docs/page-api.md is the contract.
#pragma once

#include "pipeline/component.h"
#include "query/call.h"

namespace kolben::query::page {

// Rows of a result list.
inline constexpr std::uint32_t kSearchLimitDefault = 20;
inline constexpr std::uint32_t kSearchLimitMax = 1500;
// Finer than the pixels of a wide screen helps nobody.
inline constexpr std::uint32_t kBucketsDefault = 60;
inline constexpr std::uint32_t kBucketsMax = 2000;
// What a completion list can show.
inline constexpr std::uint32_t kSuggestionsMax = 200;
// Log records of one trace; beyond it the answer says that it is truncated.
inline constexpr std::uint32_t kLogsMax = 10'000;
// What is looked for in a trace, and the spans that are told of: more nobody steps through.
inline constexpr std::size_t kFindBytesMax = 200;
inline constexpr std::size_t kFindRowsMax = 10'000;

net::http::Response answer_page(const Call& call, pipeline::Host& host);

// {"error": {"code", "message"}}
net::http::Response page_error(int http_status, StatusCode code, std::string_view message);
net::http::Response page_failure(const Status& status);

}  // namespace kolben::query::page
