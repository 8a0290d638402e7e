// GroupScan: a row group of spans with the filters of a query: which of its rows match. What was
// found out of a condition is kept. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "storage/engine/scan/bound_query.h"
#include "storage/engine/scan/condition_scan.h"

namespace kolben::storage::scan {

class GroupScan;

// Answers for conditions that look at the whole trace of a row. One thread.
class TraceLook {
 public:
  virtual ~TraceLook() = default;
  // Takes rows out of `rows` whose trace does not meet the condition (whose relatives do not).
  virtual Status meet(GroupScan& scan, const Condition& condition, Selection& rows) = 0;
  virtual Status relate(GroupScan& scan, std::size_t filter, const FilterPlan::Node& node,
                        Selection& rows) = 0;
};

class GroupScan {
 public:
  // `query` outlives it.
  static Result<std::shared_ptr<GroupScan>> open(const BoundQuery& query, GroupRef place);

  const GroupRef& place() const { return place_; }
  part::SpanGroup& spans() { return spans_; }
  std::uint32_t rows() const { return spans_.rows(); }
  const part::Part& part() const { return spans_.part(); }
  bool is_deleted(std::uint32_t row) const;
  bool has_deleted() const;
  // The service of each resource of the part.
  std::string_view service(std::uint64_t resource) const;

  // The rows of the query's time range that match the filter.
  Result<Selection> select(std::size_t filter, TraceLook& traces);
  // Takes the rows out that do not match the node.
  Status narrow(std::size_t filter, const FilterPlan::Node& node, Selection& rows,
                TraceLook& traces);

 private:
  class Leaves;
  GroupScan(const BoundQuery& query, GroupRef place, part::SpanGroup spans);
  ConditionScan& condition(std::size_t filter, std::size_t number);
  Result<Selection> live_rows();

  const BoundQuery* query_;
  const GroupRef place_;
  part::SpanGroup spans_;
  std::vector<std::vector<std::optional<ConditionScan>>> conditions_;  // by filter, number
};

}  // namespace kolben::storage::scan
