// What a list shows of a span behind its name, in grey: the statement, address or peer that it was
// about. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/traces.h"

namespace kolben::query::page {

// The attributes that are looked for, the most telling first.
const std::vector<std::string>& detail_keys();

// The first of them that is a text, its beginning; empty where there is none or where the name of
// the span says it. A view into the span.
std::string_view span_detail(const Span& span);

}  // namespace kolben::query::page
