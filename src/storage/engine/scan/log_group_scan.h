// LogGroupScan: a row group of log records with a filter: which of its rows match. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "storage/engine/part/log_group.h"
#include "storage/engine/scan/attribute_scan.h"
#include "storage/engine/scan/filter_plan.h"
#include "storage/engine/scan/snapshot.h"
#include "storage/plan.h"

namespace kolben::storage::scan {

class LogGroupScan {
 public:
  // `filter` and `plan`, of the group's part, outlive it.
  static Result<LogGroupScan> open(const engine::LivePart& live, std::uint32_t group,
                                   const FilterPlan& filter, const PartPlan& plan);

  part::LogGroup& logs() { return logs_; }
  // Rows of the range and, where one is given, of the trace, that match and are not deleted.
  Result<Selection> select(TimeRange range, const std::optional<TraceId>& trace);

 private:
  class Leaves;
  LogGroupScan(const engine::LivePart& live, std::uint32_t group, const FilterPlan& filter,
               const PartPlan& plan, part::LogGroup logs)
      : live_(&live), group_(group), filter_(&filter), plan_(&plan), logs_(std::move(logs)) {}

  Status keep_trace(const TraceId& trace, Selection& rows);
  Status keep_live(TimeRange range, Selection& rows);

  const engine::LivePart* live_;
  std::uint32_t group_;
  const FilterPlan* filter_;
  const PartPlan* plan_;
  part::LogGroup logs_;
};

}  // namespace kolben::storage::scan
