// Reads a flat JSON object of strings, {"key":"value"}: what Jaeger's `tags` and `query.attributes`
// parameters hold. Values that are null count as empty, as in Go; numbers, truth values and nested
// ones are refused, as there.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace kolben::query {

// A filter that a person made has a handful; a bound against requests that are made to be slow.
inline constexpr std::size_t kMapEntriesMax = 64;

// In the order of the text; INVALID_ARGUMENT says what is wrong at which byte.
Result<std::vector<std::pair<std::string, std::string>>> parse_string_map(std::string_view json);

}  // namespace kolben::query
