// ConditionScan: one condition in one row group of spans: first what can be said without reading
// values (prepare), then the rows where it holds (select). One thread.
#pragma once

#include <optional>
#include <vector>

#include "storage/engine/scan/attribute_scan.h"
#include "storage/engine/scan/intrinsic_scan.h"

namespace kolben::storage::scan {

class ConditionScan {
 public:
  // Both outlive it. Not for conditions on the whole trace.
  ConditionScan(const ConditionPlan& plan, const ConditionBinding& binding);

  // Of rows; kept.
  Result<Outcome> prepare(part::SpanGroup& group);
  // All rows where it holds; kept.
  Result<const Selection*> select(part::SpanGroup& group);

 private:
  bool is_negated() const { return plan_->condition->op() == Operator::kNotEqual; }
  Result<Prospect> look(part::SpanGroup& group);
  Status find(part::SpanGroup& group, Found& found);

  const ConditionPlan* plan_;
  const ConditionBinding* binding_;
  std::vector<AttributeScan> attributes_;  // a place each
  std::optional<IntrinsicScan> intrinsic_;
  std::optional<Outcome> outcome_;
  std::optional<Selection> rows_;
};

}  // namespace kolben::storage::scan
