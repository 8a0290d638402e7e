#include "storage/engine/part/point_part_writer.h"

#include <algorithm>
#include <bit>

#include "storage/engine/part/cursor.h"
#include "storage/engine/part/double_run.h"
#include "storage/engine/part/point_columns.h"

namespace kolben::storage::part {

PointPartWriter::PointPartWriter(PartWriter::Append append)
    : part_(Table::kPoints, std::move(append)), group_(part_.schema()) {
  declare_point_columns(group_);
}

void PointPartWriter::add(std::vector<PointRow> rows) {
  const std::vector<std::uint32_t> ranks = series_.ranks();
  for (PointRow& row : rows) row.series = ranks[row.series];
  std::stable_sort(rows.begin(), rows.end(), [](const PointRow& a, const PointRow& b) {
    return a.series != b.series ? a.series < b.series : a.time < b.time;
  });
  std::span<const PointRow> left = rows;
  while (!left.empty()) {
    const std::size_t count = rows_that_fit(left);
    if (count == 0) {
      end_group();
      continue;
    }
    add_run(left.front().series, left.first(count));
    left = left.subspan(count);
  }
}

// So many of the first rows, all of one series, as the row group has room for: one, if it is empty.
std::size_t PointPartWriter::rows_that_fit(std::span<const PointRow> rows) {
  const std::size_t room = std::min<std::size_t>(rows.size(), kGroupRowsMax - facts_.rows);
  std::size_t count = 0;
  for (; count < room && rows[count].series == rows.front().series; ++count) {
    const RowSize with_row =
        size_ + std::visit([](const auto* point) { return size_of(*point); }, rows[count].point);
    if (facts_.rows + count > 0 && !with_row.fits()) break;
    size_ = with_row;
  }
  return count;
}

void PointPartWriter::add_run(std::uint32_t series, std::span<const PointRow> rows) {
  if (facts_.rows == 0) {
    facts_.first_time = rows.front().time;
    facts_.last_time = rows.front().time;
  }
  facts_.first_time = std::min(facts_.first_time, rows.front().time);
  facts_.last_time = std::max(facts_.last_time, rows.back().time);
  facts_.rows += static_cast<std::uint32_t>(rows.size());
  group_.numbers(point_column::kSeries).add(series);
  group_.numbers(point_column::kRunRows).add(rows.size());
  add_times(rows);
  write_points(rows, group_);
  for (const PointRow& row : rows) add_exemplars(row);
}

// Steady series have the same distance from point to point: what is left is zero.
void PointPartWriter::add_times(std::span<const PointRow> rows) {
  std::uint64_t time = rows.front().time;
  std::uint64_t start = facts_of(rows.front().point).start_time_unix_nano;
  std::uint64_t distance = 0;
  group_.numbers(point_column::kRunTime).add(time);
  group_.numbers(point_column::kRunStartTime).add(zigzag(start - time));
  for (const PointRow& row : rows) {
    const PointFacts facts = facts_of(row.point);
    const std::uint64_t distance_now = row.time - time;
    group_.numbers(point_column::kTime).add(zigzag(distance_now - distance));
    group_.numbers(point_column::kStartTime).add(zigzag(facts.start_time_unix_nano - start));
    group_.numbers(point_column::kFlags).add(facts.flags);
    distance = distance_now;
    time = row.time;
    start = facts.start_time_unix_nano;
  }
}

void PointPartWriter::add_exemplars(const PointRow& row) {
  const List<Exemplar>* exemplars = facts_of(row.point).exemplars;
  group_.numbers(point_column::kExemplars).add(exemplars == nullptr ? 0 : exemplars->size());
  if (exemplars == nullptr) return;
  for (const Exemplar& exemplar : *exemplars) {
    group_.numbers(point_column::kExemplarTime).add(zigzag(exemplar.time_unix_nano - row.time));
    group_.numbers(point_column::kExemplarValueType)
        .add(static_cast<std::uint64_t>(exemplar.value.type));
    group_.numbers(point_column::kExemplarValue).add(bits_of(exemplar.value));
    group_.raw(point_column::kExemplarTraceId, 16).append(exemplar.trace_id.as_bytes());
    group_.raw(point_column::kExemplarSpanId, 8).append(exemplar.span_id.as_bytes());
    group_.numbers(point_column::kExemplarShape)
        .add(group_.add_attributes(Place::kEvent, exemplar.filtered_attributes));
  }
}

void PointPartWriter::end_group() {
  if (facts_.rows == 0) return;
  part_.add_group(group_, facts_);
  facts_ = {};
  size_ = {};
}

Status PointPartWriter::finish() {
  end_group();
  part_.blocks().series = part_.write(series_.encode());
  return part_.finish();
}

}  // namespace kolben::storage::part
