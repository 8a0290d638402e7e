// Search, longest trace first.
#pragma once

#include "storage/engine/scan/bound_query.h"
#include "storage/store.h"

namespace kolben::storage::scan {

// `query` is `question` bound to the context's snapshot.
Result<TracePage> search_longest(Context& context, Control& control, const BoundQuery& query,
                                 const TraceQuery& question);

}  // namespace kolben::storage::scan
