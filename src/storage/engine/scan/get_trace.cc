// A trace by its id, put together from all parts.
#include "storage/engine/scan/assembly.h"
#include "storage/engine/scan/questions.h"
#include "storage/engine/scan/trace_reader.h"

namespace kolben::storage::scan {
namespace {

// Spans between two looks at the clock and the size.
constexpr std::size_t kSpansAtOnce = 1000;

}  // namespace

Result<Batch> get_trace(Context& context, const TraceId& id) {
  const Control control(context, Limits());
  const std::unique_ptr<BoundQuery> bound = BoundQuery::of_traces(context.snapshot);
  GroupCache groups(*bound);
  TraceReader reader(*bound, groups, nullptr);
  reader.read_ahead();
  KOLBEN_TRY(const std::vector<TraceRow> rows, reader.rows(id));
  if (rows.empty()) return not_found("trace " + id.to_hex() + " is not in the store");
  Assembly<ResourceSpans, ScopeSpans> assembly(Signal::kTraces);
  Batch& batch = assembly.batch();
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    if (i % kSpansAtOnce == 0) {
      KOLBEN_RETURN_IF_ERROR(control.check());
      if (batch.bytes() > kAnswerBytesMax) {
        return resource_exhausted("trace " + id.to_hex() + " is too large to be read at once");
      }
    }
    if (rows[i].copy_of != i) continue;
    Arena arena;  // what is copied in a moment
    KOLBEN_TRY(const TraceReader::FullSpan full, reader.read(rows[i], arena));
    assembly.scope_of(batch.traces().resources, *full.resource, *full.scope)
        .spans.push_back(batch.arena(), clone(full.span, batch.arena()));
  }
  return assembly.finish();
}

}  // namespace kolben::storage::scan
