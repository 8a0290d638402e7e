// A trace by its id.
#include <algorithm>

#include "storage/engine/assembly.h"
#include "storage/engine/queries.h"
#include "storage/engine/trace_finder.h"

namespace kolben::storage::engine {

Result<Batch> get_trace(QueryContext& context, const TraceId& id) {
  std::vector<RowRef> rows = TraceFinder(context.views).rows(id);
  if (rows.empty()) return not_found("trace " + id.to_hex() + " is not in the store");
  // The resource of the earliest span comes first.
  std::sort(rows.begin(), rows.end(), [](const RowRef& a, const RowRef& b) {
    const std::uint64_t start_a = a.view->spans.start[a.row];
    const std::uint64_t start_b = b.view->spans.start[b.row];
    if (start_a != start_b) return start_a < start_b;
    return a.view != b.view ? a.view->number < b.view->number : a.row < b.row;
  });
  Assembly assembly(Signal::kTraces, context.cache);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i % kPageRows == 0) KOLBEN_RETURN_IF_ERROR(context.budget.check());
    const SpanColumns& spans = rows[i].view->spans;
    const std::uint32_t row = rows[i].row;
    KOLBEN_RETURN_IF_ERROR(assembly.add(*rows[i].view, spans.context[row],
                                        {spans.offset[row], spans.bytes[row]}, spans.start[row]));
  }
  return assembly.finish();
}

}  // namespace kolben::storage::engine
