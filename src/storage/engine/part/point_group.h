// PointGroup: a row group of metric points. One thread. Every error is DATA_LOSS, or what the disk
// said.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "storage/engine/part/attribute_reader.h"
#include "storage/engine/part/point_part_writer.h"
#include "storage/engine/part/row_group.h"

namespace kolben::storage::part {

// The points of one series in a row group.
struct SeriesRun {
  std::uint32_t series = 0;  // of the part's table
  std::uint32_t first = 0;
  std::uint32_t rows = 0;
};

class PointGroup {
 public:
  // `series` is the part's table, decoded: it says which kind each run is of.
  static Result<PointGroup> open(std::shared_ptr<const Part> part, std::size_t index,
                                 const std::vector<SeriesKey>& series);
  PointGroup(PointGroup&&) = default;
  PointGroup& operator=(PointGroup&&) = default;

  const Part& part() const { return group_.part(); }
  std::uint32_t rows() const { return group_.rows(); }
  std::span<const SeriesRun> runs() const { return runs_; }
  // One of each row.
  std::span<const std::uint64_t> times() const { return times_; }

  // Appends every point, in the order of rows, with all fields; they live in `arena`.
  Status read(Arena& arena, std::vector<PointRow>& out);

 private:
  explicit PointGroup(RowGroup group) : group_(std::move(group)) {}
  Status load_runs(std::size_t series_count);
  Status load_times();
  Status read_exemplars(Arena& arena, std::vector<List<Exemplar>>& out);

  RowGroup group_;
  const std::vector<SeriesKey>* series_ = nullptr;
  std::vector<SeriesRun> runs_;
  std::vector<std::uint64_t> times_, starts_;
  AttributeReader attributes_;
};

}  // namespace kolben::storage::part
