// A trace by its id, put together from all parts.
#include "storage/engine/scan/assembly.h"
#include "storage/engine/scan/questions.h"
#include "storage/engine/scan/trace_reader.h"

namespace kolben::storage::scan {
namespace {

// Spans between two looks at the clock and the size.
constexpr std::size_t kSpansAtOnce = 1000;

// A span that was read; its resource and scope are the part's.
struct Read {
  const part::ResourceEntry* resource = nullptr;
  const part::ScopeEntry* scope = nullptr;
  Span span;  // in the batch's arena
};

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
  std::vector<Read> spans(rows.size());
  std::size_t read = 0;
  for (const std::uint32_t i : by_group(rows)) {
    if (read++ % kSpansAtOnce == 0) {
      KOLBEN_RETURN_IF_ERROR(control.check());
      if (batch.bytes() > kAnswerBytesMax) {
        return resource_exhausted("trace " + id.to_hex() + " is too large to be read at once");
      }
    }
    Arena arena;  // what is copied in a moment
    KOLBEN_TRY(const TraceReader::FullSpan full, reader.read(rows[i], arena));
    spans[i] = {full.resource, full.scope, clone(full.span, batch.arena())};
  }
  for (const Read& one : spans) {
    if (one.resource == nullptr) continue;  // a copy
    assembly.scope_of(batch.traces().resources, *one.resource, *one.scope)
        .spans.push_back(batch.arena(), one.span);
  }
  return assembly.finish();
}

}  // namespace kolben::storage::scan
