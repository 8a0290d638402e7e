#include "storage/engine/scan/value_counts.h"

#include <algorithm>

#include "storage/engine/scan/questions.h"

namespace kolben::storage::scan {

void ValueCounts::add(const FieldValues& values, const Selection& rows, Control& control) {
  std::vector<std::uint64_t> times(values.size(), 0);
  rows.for_each([&](std::uint32_t row) {
    const std::uint32_t number = values.numbers()[row];
    ++total_;
    ++(number == FieldValues::kNone ? missing_ : times[number]);
  });
  for (std::uint32_t number = 0; number < times.size(); ++number) {
    if (times[number] > 0) count(values.text(number), times[number], control);
  }
}

void ValueCounts::count(std::string value, std::uint64_t times, Control& control) {
  const auto [at, is_new] = counts_.try_emplace(std::move(value), 0);
  at->second += times;
  if (is_new) control.take(kEntryBytes + at->first.size());
}

void ValueCounts::add(const ValueCounts& other) {
  for (const auto& [value, count] : other.counts_) counts_[value] += count;
  total_ += other.total_;
  missing_ += other.missing_;
}

std::vector<ValueCount> ValueCounts::most_frequent(std::string_view prefix,
                                                   std::uint32_t limit) const {
  std::vector<ValueCount> sorted;
  for (const auto& [value, count] : counts_) {
    if (std::string_view(value).substr(0, prefix.size()) == prefix)
      sorted.push_back({value, count});
  }
  const std::size_t kept = std::min<std::size_t>(sorted.size(), std::min(limit, kValuesMax));
  std::partial_sort(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(kept),
                    sorted.end(), [](const ValueCount& a, const ValueCount& b) {
                      return a.count != b.count ? a.count > b.count : a.value < b.value;
                    });
  sorted.resize(kept);
  return sorted;
}

Result<TopValues> top_values(Context& context, const TopValuesQuery& query) {
  Control control(context, query.limits);
  const Filter* const filters[] = {&query.filter};
  KOLBEN_TRY(const std::unique_ptr<BoundQuery> bound,
             BoundQuery::bind(context.snapshot, filters, query.range));
  std::array<ValueCounts, kLanes> lanes;
  TopValues top;
  KOLBEN_TRY(top.coverage,
             GroupWalk(context, control, *bound)
                 .run([&](std::size_t lane, GroupScan& scan, Workplace& place) -> Status {
                   KOLBEN_TRY(const Selection rows, scan.select(0, place.judge));
                   if (rows.none()) return Status::ok();
                   KOLBEN_TRY(const FieldValues values,
                              FieldValues::read(query.field, scan, rows, place));
                   lanes[lane].add(values, rows, control);
                   return Status::ok();
                 }));
  KOLBEN_RETURN_IF_ERROR(control.check_memory());
  ValueCounts all;
  for (const ValueCounts& lane : lanes) all.add(lane);
  top.values = all.most_frequent({}, query.limit);
  top.different = all.counts().size();
  top.total = all.total();
  top.missing = all.missing();
  top.spans_scanned = control.rows_scanned();
  return top;
}

}  // namespace kolben::storage::scan
