#include "storage/engine/trace_finder.h"

#include <algorithm>
#include <map>
#include <unordered_set>

namespace kolben::storage::engine {
namespace {

std::uint64_t end_of(const RowRef& ref) {
  const std::uint64_t start = ref.view->spans.start[ref.row];
  const std::uint64_t duration = ref.view->spans.duration[ref.row];
  return duration > UINT64_MAX - start ? UINT64_MAX : start + duration;
}

void count_service(const RowRef& ref, bool is_error, std::map<std::string_view, ServiceCount>& by) {
  const std::string_view name = ref.view->services[ref.view->spans.service[ref.row]];
  ServiceCount& count = by[name];
  if (count.name.empty()) count.name = name;
  ++count.spans;
  if (is_error) ++count.errors;
}

}  // namespace

std::vector<RowRef> TraceFinder::rows(const TraceId& id) const {
  std::vector<RowRef> refs;
  std::vector<std::uint32_t> rows;
  for (const auto& view : views_) {
    rows.clear();
    view->traces->find(id, rows);
    for (const std::uint32_t row : rows) refs.push_back({view.get(), row});
  }
  return refs;
}

std::optional<std::uint64_t> TraceFinder::earliest(const TraceId& id) const {
  std::optional<std::uint64_t> start;
  for (const auto& view : views_) {
    const std::optional<std::uint64_t> here = view->traces->earliest(id);
    if (here && (!start || *here < *start)) start = here;
  }
  return start;
}

std::uint64_t TraceFinder::duration(const TraceId& id) const {
  std::uint64_t start = UINT64_MAX;
  std::uint64_t end = 0;
  for (const RowRef& ref : rows(id)) {
    start = std::min(start, ref.view->spans.start[ref.row]);
    end = std::max(end, end_of(ref));
  }
  return end > start ? end - start : 0;
}

TraceSummary TraceFinder::summary(const TraceId& id) const {
  TraceSummary summary;
  summary.trace_id = id;
  summary.start_unix_nano = UINT64_MAX;
  const std::vector<RowRef> refs = rows(id);
  std::unordered_set<SpanId, IdHash> ids;
  for (const RowRef& ref : refs) ids.insert(ref.view->spans.span_id[ref.row]);

  std::map<std::string_view, ServiceCount> services;
  const RowRef* root = nullptr;
  for (const RowRef& ref : refs) {
    const SpanColumns& spans = ref.view->spans;
    const bool is_error = span_status(spans.facts[ref.row]) == SpanStatusCode::kError;
    const std::uint64_t start = spans.start[ref.row];
    summary.start_unix_nano = std::min(summary.start_unix_nano, start);
    summary.end_unix_nano = std::max(summary.end_unix_nano, end_of(ref));
    ++summary.spans;
    if (is_error) ++summary.errors;
    count_service(ref, is_error, services);
    const SpanId& parent = spans.parent_span_id[ref.row];
    if (!parent.is_zero()) {
      if (ids.count(parent) == 0) ++summary.orphans;
    } else if (root == nullptr || start < root->view->spans.start[root->row]) {
      root = &ref;
    }
  }
  if (root != nullptr) {
    summary.root_service = root->view->services[root->view->spans.service[root->row]];
    summary.root_name = root->view->names[root->view->spans.name[root->row]];
  }
  for (auto& [name, count] : services) summary.services.push_back(std::move(count));
  return summary;
}

}  // namespace kolben::storage::engine
