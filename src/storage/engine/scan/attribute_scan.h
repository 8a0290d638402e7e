// AttributeScan: a condition on an attribute of the spans of a row group, their events or their
// links: one place. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "storage/engine/part/span_group.h"
#include "storage/engine/scan/filter_plan.h"
#include "storage/engine/scan/found.h"
#include "storage/engine/scan/shapes_walk.h"

namespace kolben::storage::scan {

class AttributeScan {
 public:
  // `plan` outlives the scan.
  AttributeScan(const ConditionPlan& plan, part::Place place, const std::vector<KeyColumn>& columns)
      : plan_(plan), place_(place), keys_(columns) {}

  Result<Prospect> prepare(part::RowGroup& group);
  // After prepare(). `item_rows` are the rows of events or links; empty for those of rows.
  Status find(part::RowGroup& group, std::span<const std::uint32_t> item_rows, Found& found);

  part::Place place() const { return place_; }
  // After prepare(): whether any item has a value, and whether one may satisfy the condition.
  bool is_there() const { return !keys_.empty(); }
  bool may_satisfy() const;

 private:
  Status find_items(part::RowGroup& group, Found& items);
  Status find_simple(part::RowGroup& group, const ShapesWalk& walk, Found& items);
  Status find_first(part::RowGroup& group, const ShapesWalk& walk, Found& items);

  const ConditionPlan& plan_;
  const part::Place place_;
  std::vector<KeyColumn> keys_;      // after prepare(): those that the row group has
  std::vector<ColumnScan> columns_;  // theirs
};

// What pairs of keys and values, as columns of type kRest hold them, say to a condition.
enum class PairVerdict : std::uint8_t { kOtherKey, kUnsatisfied, kSatisfied };
Result<std::vector<PairVerdict>> pair_verdicts(part::RowGroup& group, std::uint32_t column,
                                               const std::string& key, const Condition& condition);

}  // namespace kolben::storage::scan
