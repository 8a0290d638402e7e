// Which service calls which: spans whose parent is another service's. Traces are taken one by one,
// in the order of their ids, from all segments at once, so that memory holds one trace at a time.
#include <algorithm>
#include <map>
#include <unordered_map>

#include "storage/engine/queries.h"

namespace kolben::storage::engine {
namespace {

// A parent may have begun, and arrived, so much before its child.
constexpr std::uint64_t kParentNanos = 3'600'000'000'000;

struct TraceSpan {
  SpanId id, parent;
  std::uint64_t start = 0;
  std::string_view service;
  SpanKind kind = SpanKind::kUnspecified;
};

class Links {
 public:
  explicit Links(TimeRange range) : range_(range) {}

  void add_trace(const std::vector<TraceSpan>& spans) {
    by_id_.clear();
    for (const TraceSpan& span : spans) by_id_.emplace(span.id, &span);
    for (const TraceSpan& span : spans) {
      const TraceSpan* parent = parent_of(span);
      if (parent == nullptr || parent->service == span.service) continue;
      if (range_.contains(span.start)) ++calls_[{parent->service, span.service}];
    }
  }

  std::vector<ServiceLink> result() const {
    std::vector<ServiceLink> links;
    for (const auto& [services, calls] : calls_) {
      links.push_back({std::string(services.first), std::string(services.second), calls});
    }
    return links;
  }

 private:
  const TraceSpan* parent_of(const TraceSpan& span) const {
    // Zipkin lets the server's span share the client's id.
    if (span.kind == SpanKind::kServer) {
      const auto [begin, end] = by_id_.equal_range(span.id);
      for (auto twin = begin; twin != end; ++twin) {
        if (twin->second->kind == SpanKind::kClient) return twin->second;
      }
    }
    if (span.parent.is_zero()) return nullptr;
    const auto found = by_id_.find(span.parent);
    return found == by_id_.end() ? nullptr : found->second;
  }

  const TimeRange range_;
  std::unordered_multimap<SpanId, const TraceSpan*, IdHash> by_id_;
  std::map<std::pair<std::string_view, std::string_view>, std::uint64_t> calls_;
};

// The traces of one segment, walked by id.
struct Walk {
  const SegmentView* view = nullptr;
  std::vector<TraceEntry> scratch;
  std::span<const TraceEntry> traces;
  std::size_t next = 0;

  bool is_done() const { return next == traces.size(); }
  const TraceId& id() const { return traces[next].id; }
};

void append_spans(const SegmentView& view, const TraceId& id, std::vector<TraceSpan>& spans) {
  std::vector<std::uint32_t> rows;
  view.traces->find(id, rows);
  for (const std::uint32_t row : rows) {
    spans.push_back({view.spans.span_id[row], view.spans.parent_span_id[row], view.spans.start[row],
                     view.services[view.spans.service[row]], span_kind(view.spans.facts[row])});
  }
}

bool overlaps(const TimeSpan& starts, TimeRange range) {
  const std::uint64_t begin = range.begin > kParentNanos ? range.begin - kParentNanos : 0;
  const std::uint64_t end =
      range.end > UINT64_MAX - kParentNanos ? UINT64_MAX : range.end + kParentNanos;
  return starts.first < end && starts.last >= begin;
}

}  // namespace

Result<std::vector<ServiceLink>> dependencies(QueryContext& context, TimeRange range) {
  std::vector<std::unique_ptr<Walk>> walks;
  for (const auto& view : context.views) {
    if (view->spans.size() == 0 || !overlaps(view->facts.span_starts, range)) continue;
    auto walk = std::make_unique<Walk>();
    walk->view = view.get();
    walk->traces = view->traces->sorted(walk->scratch);
    if (!walk->is_done()) walks.push_back(std::move(walk));
  }
  const auto comes_later = [](const auto& a, const auto& b) { return b->id() < a->id(); };
  std::make_heap(walks.begin(), walks.end(), comes_later);
  Links links(range);
  std::vector<TraceSpan> spans;
  for (std::uint64_t traces = 0; !walks.empty(); ++traces) {
    if (traces % kPageRows == 0) KOLBEN_RETURN_IF_ERROR(context.budget.check());
    const TraceId id = walks.front()->id();
    spans.clear();
    while (!walks.empty() && walks.front()->id() == id) {
      std::pop_heap(walks.begin(), walks.end(), comes_later);
      append_spans(*walks.back()->view, id, spans);
      ++walks.back()->next;
      if (walks.back()->is_done()) {
        walks.pop_back();
      } else {
        std::push_heap(walks.begin(), walks.end(), comes_later);
      }
    }
    links.add_trace(spans);
  }
  return links.result();
}

}  // namespace kolben::storage::engine
