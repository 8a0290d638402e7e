// A filter as text, for tests: (service = "todo" and any.http.host = "localhost" and duration >=
// 5).
#pragma once

#include <string>

#include "storage/plan.h"

namespace kolben::query::testing {

std::string to_text(const storage::Field& field);
std::string to_text(const storage::Filter& filter);

}  // namespace kolben::query::testing
