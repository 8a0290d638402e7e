// Which service calls which: spans whose parent is another service's, over all parts.
#include <cstring>
#include <map>
#include <unordered_map>

#include "storage/engine/scan/group_walk.h"
#include "storage/engine/scan/questions.h"

namespace kolben::storage::scan {
namespace {

// Traces that are longer go the way that looks spans up by their ids.
constexpr std::uint32_t kLocalRowsMax = 128;

using Calls = std::map<std::pair<std::string, std::string>, std::uint64_t>;

struct Caller {
  SpanId id, parent;
  std::uint64_t start = 0;
  std::string_view service;
  SpanKind kind = SpanKind::kUnspecified;
};

// The spans of one trace.
class Trace {
 public:
  void add(const Caller& span) { spans_.push_back(span); }

  template <typename Visit>
  void for_each_call(Visit visit) {
    for (std::size_t i = 0; i < spans_.size(); ++i) by_id_.emplace(spans_[i].id, i);
    for (std::size_t i = 0; i < spans_.size(); ++i) {
      const Caller* parent = parent_of(spans_[i]);
      if (parent != nullptr && parent->service != spans_[i].service) visit(*parent, spans_[i], i);
    }
  }

 private:
  // Of several spans of one id the first in their order.
  const Caller* parent_of(const Caller& span) const {
    // Zipkin lets the server's span share the client's id.
    if (span.kind == SpanKind::kServer) {
      if (const Caller* twin =
              first(span.id, [](const Caller& other) { return other.kind == SpanKind::kClient; })) {
        return twin;
      }
    }
    if (span.parent.is_zero()) return nullptr;
    return first(span.parent, [](const Caller&) { return true; });
  }
  template <typename Is>
  const Caller* first(const SpanId& id, Is is) const {
    const auto [begin, end] = by_id_.equal_range(id);
    const Caller* found = nullptr;
    for (auto at = begin; at != end; ++at) {
      const Caller& other = spans_[at->second];
      if (is(other) && (found == nullptr || &other < found)) found = &other;
    }
    return found;
  }

  std::vector<Caller> spans_;
  std::unordered_multimap<SpanId, std::size_t, IdHash> by_id_;
};

Status read_span(GroupCache& groups, const TraceRow& row, Caller& span) {
  KOLBEN_TRY(const std::shared_ptr<GroupScan> group, groups.get(row.place));
  part::RowGroup& columns = group->spans().columns();
  KOLBEN_TRY(const part::NumberColumn* resources, columns.numbers(part::span_column::kResource));
  KOLBEN_TRY(const part::NumberColumn* kinds, columns.numbers(part::span_column::kKind));
  if (row.row >= resources->size || row.row >= kinds->size) {
    return data_loss("a row group has rows without a resource");
  }
  span = {row.id, row.parent, row.start, group->service((*resources)[row.row]),
          static_cast<SpanKind>((*kinds)[row.row])};
  return Status::ok();
}

// The same where all of the trace is in the row group, and nothing of it was deleted.
class LocalTraces {
 public:
  explicit LocalTraces(GroupScan& scan) : scan_(scan) {}

  Status load() {
    part::RowGroup& columns = scan_.spans().columns();
    KOLBEN_TRY(parents_, scan_.spans().parents());
    KOLBEN_TRY(starts_, scan_.spans().starts());
    KOLBEN_TRY(ids_, columns.raw(part::span_column::kSpanId, sizeof(SpanId::bytes)));
    KOLBEN_TRY(resources_, columns.numbers(part::span_column::kResource));
    KOLBEN_TRY(kinds_, columns.numbers(part::span_column::kKind));
    if (resources_->size == scan_.rows() && kinds_->size == scan_.rows() &&
        ids_.size() == scan_.rows() * sizeof(SpanId::bytes)) {
      return Status::ok();
    }
    return data_loss("a row group has rows without a resource");
  }

  void count(const part::TraceRun& run, TimeRange range, Calls& calls) const {
    for (std::uint32_t row = run.first; row < run.first + run.rows; ++row) {
      const std::uint32_t parent = parent_of(run, row);
      if (parent >= scan_.rows() || (*resources_)[row] == (*resources_)[parent]) continue;
      const std::string_view service = scan_.service((*resources_)[row]);
      const std::string_view caller = scan_.service((*resources_)[parent]);
      if (service == caller || !range.contains(starts_[row])) continue;
      ++calls[{std::string(caller), std::string(service)}];
    }
  }

 private:
  bool is(std::uint32_t row, SpanKind kind) const {
    return (*kinds_)[row] == static_cast<std::uint64_t>(kind);
  }
  std::uint64_t id(std::uint32_t row) const {
    std::uint64_t id;
    std::memcpy(&id, ids_.data() + std::size_t{row} * sizeof id, sizeof id);
    return id;
  }
  std::uint32_t parent_of(const part::TraceRun& run, std::uint32_t row) const {
    if (is(row, SpanKind::kServer)) {
      for (std::uint32_t twin = run.first; twin < run.first + run.rows; ++twin) {
        if (id(twin) == id(row) && is(twin, SpanKind::kClient)) return twin;
      }
    }
    return parents_[row];
  }

  GroupScan& scan_;
  std::span<const std::uint32_t> parents_;
  std::span<const std::uint64_t> starts_;
  std::string_view ids_;
  const part::NumberColumn* resources_ = nullptr;
  const part::NumberColumn* kinds_ = nullptr;
};

// The calls of one trace whose child is in the row group at hand: every child is in one.
Status count_trace(GroupScan& scan, const part::TraceRun& run, Workplace& place, TimeRange range,
                   Calls& calls) {
  const RunRef here{scan.place(), run.first};
  KOLBEN_TRY(const std::vector<TraceRow> rows, place.reader.rows(run.id, &here));
  Trace trace;
  std::vector<bool> is_here;
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    if (rows[i].copy_of != i) continue;
    Caller span;
    KOLBEN_RETURN_IF_ERROR(read_span(place.groups, rows[i], span));
    trace.add(span);
    is_here.push_back(rows[i].place == scan.place());
  }
  trace.for_each_call([&](const Caller& parent, const Caller& child, std::size_t number) {
    if (!is_here[number] || !range.contains(child.start)) return;
    ++calls[{std::string(parent.service), std::string(child.service)}];
  });
  return Status::ok();
}

Status count_group(GroupScan& scan, Workplace& place, const SplitTraces* split, TimeRange range,
                   Calls& calls) {
  KOLBEN_TRY(const std::span<const part::TraceRun> runs, scan.spans().traces());
  LocalTraces local(scan);
  KOLBEN_RETURN_IF_ERROR(local.load());
  for (const part::TraceRun& run : runs) {
    const bool is_local = split != nullptr && !split->contains(run.id) &&
                          run.rows <= kLocalRowsMax && !scan.has_deleted();
    if (is_local) {
      local.count(run, range, calls);
    } else {
      KOLBEN_RETURN_IF_ERROR(count_trace(scan, run, place, range, calls));
    }
  }
  return Status::ok();
}

}  // namespace

Result<std::vector<ServiceLink>> dependencies(Context& context, TimeRange range) {
  Control control(context, Limits());
  KOLBEN_TRY(const std::unique_ptr<BoundQuery> bound,
             BoundQuery::bind(context.snapshot, {}, range));
  std::array<Calls, kLanes> lanes;
  GroupWalk walk(context, control, *bound);
  KOLBEN_RETURN_IF_ERROR(walk.find_split());
  const Result<const SplitTraces*> split = walk.split();
  const Result<Coverage> coverage =
      walk.run([&](std::size_t lane, GroupScan& scan, Workplace& place) {
        return count_group(scan, place, *split, range, lanes[lane]);
      });
  KOLBEN_RETURN_IF_ERROR(coverage.status());
  Calls all;
  for (const Calls& calls : lanes) {
    for (const auto& [services, count] : calls) all[services] += count;
  }
  std::vector<ServiceLink> links;
  for (const auto& [services, count] : all) {
    links.push_back({services.first, services.second, count});
  }
  return links;
}

}  // namespace kolben::storage::scan
