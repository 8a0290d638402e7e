// The answer to a search, as docs/page-api.md has it. Pure functions.
#pragma once

#include "query/json.h"
#include "storage/store.h"

namespace kolben::query::page {

// The fields of the answer, without its braces.
void write_search(JsonWriter& json, const storage::TracePage& page);

}  // namespace kolben::query::page
