// Performance as the page reads it (docs/page-api.md). Pure.
#pragma once

#include <string>

#include "query/page/performance.h"

namespace kolben::query::page {

std::string performance_json(const Performance& performance);

}  // namespace kolben::query::page
