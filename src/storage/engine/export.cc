#include "storage/engine/export.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "model/clone.h"
#include "storage/engine/part/log_group.h"
#include "storage/engine/part/point_group.h"
#include "storage/engine/part/span_group.h"

namespace kolben::storage::engine {
namespace {

using part::RowGroup;

// Rows of one batch: as a request some megabytes, which every receiver takes.
constexpr std::size_t kBatchRows = 4096;

// A batch without what it was made of.
using TakeOwned = UniqueFunction<Status(Batch&& batch)>;

// Rows with the numbers of what surrounds them.
struct Surrounded {
  std::uint32_t resource = 0;
  std::uint32_t scope = 0;
  std::uint32_t row = 0;

  bool has_same_scope(const Surrounded& other) const {
    return resource == other.resource && scope == other.scope;
  }
};

// Rows of one resource and scope behind one another, otherwise in their order.
void gather_surroundings(std::vector<Surrounded>& rows) {
  std::stable_sort(rows.begin(), rows.end(), [](const Surrounded& a, const Surrounded& b) {
    return std::pair(a.resource, a.scope) < std::pair(b.resource, b.scope);
  });
}

bool is_deleted(const LivePart& live, std::uint32_t group, std::uint32_t row) {
  return live.deleted && live.deleted->contains(group, row);
}

Status check_surroundings(const part::Part& part, std::uint64_t resource, std::uint64_t scope) {
  if (resource < part.resources().size() && scope < part.scopes().size()) return Status::ok();
  return data_loss("a row names a resource or scope that its part does not have");
}

// The rows of a group that are wanted, with their surroundings.
Result<std::vector<Surrounded>> wanted_rows(const LivePart& live, RowGroup& columns,
                                            std::span<const std::uint64_t> times, TimeRange range,
                                            std::uint32_t resource_column,
                                            std::uint32_t scope_column) {
  KOLBEN_TRY(const part::NumberColumn* resources, columns.numbers_of_rows(resource_column));
  KOLBEN_TRY(const part::NumberColumn* scopes, columns.numbers_of_rows(scope_column));
  std::vector<Surrounded> rows;
  const auto group = static_cast<std::uint32_t>(columns.index());
  for (std::uint32_t row = 0; row < times.size(); ++row) {
    if (!range.contains(times[row]) || is_deleted(live, group, row)) continue;
    const std::uint64_t resource = (*resources)[row];
    const std::uint64_t scope = (*scopes)[row];
    KOLBEN_RETURN_IF_ERROR(check_surroundings(*live.part, resource, scope));
    rows.push_back({static_cast<std::uint32_t>(resource), static_cast<std::uint32_t>(scope), row});
  }
  gather_surroundings(rows);
  return rows;
}

// Appends resources and scopes to a batch as rows ask for them; `Resources` is the batch's list.
template <typename Resources>
class Surroundings {
 public:
  Surroundings(const part::Part& part, Resources& resources, Arena& arena)
      : part_(part), resources_(resources), arena_(arena) {}

  // The ScopeSpans (ScopeLogs, ScopeMetrics) of the row.
  auto& scope_of(const Surrounded& row) {
    const bool is_first = resources_.empty();
    if (is_first || before_.resource != row.resource) {
      auto& resource = resources_.add(arena_);
      resource.resource = part_.resources()[row.resource].resource;
      resource.schema_url = part_.resources()[row.resource].schema_url;
    }
    auto& resource = resources_[resources_.size() - 1];
    if (is_first || !before_.has_same_scope(row) || resource.scopes.empty()) {
      auto& scope = resource.scopes.add(arena_);
      scope.scope = part_.scopes()[row.scope].scope;
      scope.schema_url = part_.scopes()[row.scope].schema_url;
    }
    before_ = row;
    return resource.scopes[resource.scopes.size() - 1];
  }

 private:
  const part::Part& part_;
  Resources& resources_;
  Arena& arena_;
  Surrounded before_;
};

// What was read points into the row group: the batch gets a copy that owns everything.
Batch own(Batch&& batch) {
  batch.recount();
  return batch.clone();
}

// Calls `fill` for a batch and some rows after the other, and hands each batch on.
template <typename Fill>
Status take_in_batches(Signal signal, std::span<const Surrounded> rows, TakeOwned& take,
                       Fill fill) {
  while (!rows.empty()) {
    const std::size_t count = std::min(kBatchRows, rows.size());
    Batch batch(signal);
    KOLBEN_RETURN_IF_ERROR(fill(batch, rows.first(count)));
    KOLBEN_RETURN_IF_ERROR(take(own(std::move(batch))));
    rows = rows.subspan(count);
  }
  return Status::ok();
}

Status read_spans(const LivePart& live, std::size_t index, TimeRange range, TakeOwned& take) {
  KOLBEN_TRY(part::SpanGroup group, part::SpanGroup::open(live.part, index));
  KOLBEN_TRY(const auto starts, group.starts());
  KOLBEN_TRY(const std::vector<Surrounded> rows,
             wanted_rows(live, group.columns(), starts, range, part::span_column::kResource,
                         part::span_column::kScope));
  return take_in_batches(
      Signal::kTraces, rows, take, [&](Batch& batch, std::span<const Surrounded> some) {
        Surroundings surroundings(*live.part, batch.traces().resources, batch.arena());
        for (const Surrounded& row : some) {
          Span& span = surroundings.scope_of(row).spans.add(batch.arena());
          KOLBEN_RETURN_IF_ERROR(group.read(row.row, batch.arena(), span));
        }
        return Status::ok();
      });
}

Status read_logs(const LivePart& live, std::size_t index, TimeRange range, TakeOwned& take) {
  KOLBEN_TRY(part::LogGroup group, part::LogGroup::open(live.part, index));
  KOLBEN_TRY(const auto times, group.effective_times());
  KOLBEN_TRY(const std::vector<Surrounded> rows,
             wanted_rows(live, group.columns(), times, range, part::log_column::kResource,
                         part::log_column::kScope));
  return take_in_batches(
      Signal::kLogs, rows, take, [&](Batch& batch, std::span<const Surrounded> some) {
        Surroundings surroundings(*live.part, batch.logs().resources, batch.arena());
        for (const Surrounded& row : some) {
          LogRecord& record = surroundings.scope_of(row).records.add(batch.arena());
          KOLBEN_RETURN_IF_ERROR(group.read(row.row, batch.arena(), record));
        }
        return Status::ok();
      });
}

void append_point(Metric& metric, const Attributes& attributes, Arena& arena,
                  const part::PointRow::Point& point) {
  const auto append = [&](auto& list, const auto* one) {
    auto& added = list.add(arena);
    added = *one;
    added.attributes = attributes;
  };
  if (const auto* number = std::get_if<const NumberPoint*>(&point)) {
    append(metric.number_points, *number);
  } else if (const auto* histogram = std::get_if<const HistogramPoint*>(&point)) {
    append(metric.histogram_points, *histogram);
  } else if (const auto* exponential = std::get_if<const ExponentialHistogramPoint*>(&point)) {
    append(metric.exponential_histogram_points, *exponential);
  } else {
    append(metric.summary_points, std::get<const SummaryPoint*>(point));
  }
}

void append_points(const std::vector<part::PointRow>& points,
                   const std::vector<part::SeriesKey>& series, std::span<const Surrounded> rows,
                   const part::Part& part, Batch& batch) {
  Surroundings surroundings(part, batch.metrics().resources, batch.arena());
  std::uint32_t series_before = UINT32_MAX;
  for (const Surrounded& row : rows) {
    ScopeMetrics& scope = surroundings.scope_of(row);
    const part::PointRow& point = points[row.row];
    const part::SeriesKey& key = series[point.series];
    if (scope.metrics.empty() || point.series != series_before) {
      scope.metrics.push_back(batch.arena(), key.metric);
    }
    series_before = point.series;
    append_point(scope.metrics[scope.metrics.size() - 1], key.attributes, batch.arena(),
                 point.point);
  }
}

Status read_points(const LivePart& live, std::size_t index, TimeRange range, TakeOwned& take) {
  Arena arena;
  part::DecodedSeries table;
  KOLBEN_RETURN_IF_ERROR(live.part->series(arena, table));
  KOLBEN_TRY(part::PointGroup group, part::PointGroup::open(live.part, index, table.series));
  std::vector<part::PointRow> points;
  KOLBEN_RETURN_IF_ERROR(group.read(arena, points));
  std::vector<Surrounded> rows;
  for (std::uint32_t row = 0; row < points.size(); ++row) {
    const part::SeriesKey& key = table.series[points[row].series];
    if (!range.contains(points[row].time)) continue;
    if (is_deleted(live, static_cast<std::uint32_t>(index), row)) continue;
    KOLBEN_RETURN_IF_ERROR(check_surroundings(*live.part, key.resource, key.scope));
    rows.push_back({key.resource, key.scope, row});
  }
  gather_surroundings(rows);
  return take_in_batches(Signal::kMetrics, rows, take,
                         [&](Batch& batch, std::span<const Surrounded> some) {
                           append_points(points, table.series, some, *live.part, batch);
                           return Status::ok();
                         });
}

Status read_group(const LivePart& live, Signal signal, std::size_t index, TimeRange range,
                  TakeOwned& take) {
  switch (signal) {
    case Signal::kTraces:
      return read_spans(live, index, range, take);
    case Signal::kLogs:
      return read_logs(live, index, range, take);
    case Signal::kMetrics:
      return read_points(live, index, range, take);
  }
  return internal_error("a signal that is none");
}

const std::vector<LivePart>& parts_of(const Snapshot& snapshot, Signal signal) {
  if (signal == Signal::kTraces) return snapshot.spans;
  return signal == Signal::kLogs ? snapshot.logs : snapshot.points;
}

}  // namespace

Status export_signal(const Snapshot& snapshot, Signal signal, TimeRange range, TakeBatch take) {
  std::vector<LivePart> parts = parts_of(snapshot, signal);
  std::sort(parts.begin(), parts.end(), [](const LivePart& a, const LivePart& b) {
    return a.part->facts().first_time < b.part->facts().first_time;
  });
  ExportProgress progress;
  for (const LivePart& live : parts) progress.rows_total += live.part->facts().rows;
  TakeOwned take_owned = [&](Batch&& batch) { return take(std::move(batch), progress); };
  for (const LivePart& live : parts) {
    for (std::size_t index = 0; index < live.part->groups(); ++index) {
      const part::GroupFacts& facts = live.part->group(index);
      progress.rows_done += facts.rows;
      if (!range.overlaps(facts.first_time, facts.last_time)) continue;
      KOLBEN_RETURN_IF_ERROR(read_group(live, signal, index, range, take_owned));
    }
  }
  return Status::ok();
}

}  // namespace kolben::storage::engine
