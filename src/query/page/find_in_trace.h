// Which spans of a trace have a text in them: in the value of an attribute (of the span, its
// resource or one of its events), the name of an event, the status message, or a log record of the
// span. Upper and lower case of ASCII are the same. Pure functions.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/batch.h"
#include "query/page/trace_rows.h"

namespace kolben::query::page {

// Ascending indexes of `rows`, not more than `most`. `text` is not empty.
std::vector<std::uint32_t> find_in_trace(const std::vector<TraceRow>& rows, const DecodedLogs& logs,
                                         std::string_view text, std::size_t most);

}  // namespace kolben::query::page
