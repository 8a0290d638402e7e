// IntrinsicScan: a condition on what every span has, in one row group: its name, kind, status,
// duration, whether it is a root, the names of its events. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "storage/engine/part/span_group.h"
#include "storage/engine/scan/filter_plan.h"
#include "storage/engine/scan/found.h"

namespace kolben::storage::scan {

class IntrinsicScan {
 public:
  // `plan` outlives the scan. A field that spans do not have, or that is not of the span itself,
  // finds nothing.
  IntrinsicScan(const ConditionPlan& plan, Intrinsic field) : plan_(plan), field_(field) {}

  Result<Prospect> prepare(part::SpanGroup& group);
  // After prepare().
  Status find(part::SpanGroup& group, Found& found);

 private:
  Result<Prospect> prepare_column(part::SpanGroup& group, std::uint32_t column,
                                  const ValueTest& test, bool is_text);
  Result<Prospect> prepare_number(part::SpanGroup& group, std::uint32_t column);
  Result<Prospect> prepare_duration(part::SpanGroup& group);
  Status find_column(part::SpanGroup& group, Selection& satisfied);
  Status find_number(part::SpanGroup& group, Selection& satisfied);
  Status find_duration(part::SpanGroup& group, Selection& satisfied);
  Status find_event_names(part::SpanGroup& group, Found& found);

  const ConditionPlan& plan_;
  const Intrinsic field_;
  std::optional<ColumnScan> column_;
  std::vector<std::uint8_t> verdicts_;  // of numbers: kinds, statuses, whether there is a parent
};

}  // namespace kolben::storage::scan
