#include "storage/engine/scan/condition_scan.h"

#include "storage/engine/scan/table_scan.h"

namespace kolben::storage::scan {
using part::SpanGroup;

ConditionScan::ConditionScan(const ConditionPlan& plan, const ConditionBinding& binding)
    : plan_(&plan), binding_(&binding) {
  if (const auto* intrinsic = std::get_if<Intrinsic>(&plan.condition->field())) {
    intrinsic_.emplace(plan, *intrinsic);
    return;
  }
  for (std::size_t place = 0; place < part::kPlaces; ++place) {
    if (binding.columns[place].empty()) continue;
    attributes_.emplace_back(plan, static_cast<part::Place>(place), binding.columns[place]);
  }
}

Result<Prospect> ConditionScan::look(SpanGroup& group) {
  Prospect prospect;
  const auto add = [&prospect](Result<Prospect> more) {
    if (more) prospect.add(*more);
    return more.status();
  };
  part::RowGroup& columns = group.columns();
  KOLBEN_RETURN_IF_ERROR(
      add(TableScan(columns, part::span_column::kResource, binding_->resources).look()));
  KOLBEN_RETURN_IF_ERROR(
      add(TableScan(columns, part::span_column::kScope, binding_->scopes).look()));
  if (intrinsic_) KOLBEN_RETURN_IF_ERROR(add(intrinsic_->prepare(group)));
  for (AttributeScan& attribute : attributes_) {
    KOLBEN_RETURN_IF_ERROR(add(attribute.prepare(columns)));
  }
  return prospect;
}

Result<Outcome> ConditionScan::prepare(SpanGroup& group) {
  if (outcome_) return *outcome_;
  KOLBEN_TRY(const Prospect prospect, look(group));
  if (!is_negated()) {
    outcome_ = prospect.satisfied;
  } else if (prospect.there == Outcome::kNone || prospect.satisfied == Outcome::kAll) {
    outcome_ = Outcome::kNone;
  } else if (prospect.there == Outcome::kAll && prospect.satisfied == Outcome::kNone) {
    outcome_ = Outcome::kAll;
  } else {
    outcome_ = Outcome::kSome;
  }
  return *outcome_;
}

Status ConditionScan::find(SpanGroup& group, Found& found) {
  part::RowGroup& columns = group.columns();
  KOLBEN_RETURN_IF_ERROR(
      TableScan(columns, part::span_column::kResource, binding_->resources).find(found));
  KOLBEN_RETURN_IF_ERROR(
      TableScan(columns, part::span_column::kScope, binding_->scopes).find(found));
  if (intrinsic_) KOLBEN_RETURN_IF_ERROR(intrinsic_->find(group, found));
  for (AttributeScan& attribute : attributes_) {
    if (found.wants_there ? !attribute.is_there() : !attribute.may_satisfy()) continue;
    std::span<const std::uint32_t> item_rows;
    if (attribute.place() == part::Place::kEvent) {
      KOLBEN_TRY(item_rows, group.event_rows());
    } else if (attribute.place() == part::Place::kLink) {
      KOLBEN_TRY(item_rows, group.link_rows());
    }
    KOLBEN_RETURN_IF_ERROR(attribute.find(columns, item_rows, found));
  }
  return Status::ok();
}

Result<const Selection*> ConditionScan::select(SpanGroup& group) {
  if (rows_) return &*rows_;
  KOLBEN_TRY(const Outcome outcome, prepare(group));
  if (outcome != Outcome::kSome) {
    rows_ = outcome == Outcome::kAll ? Selection::all(group.rows()) : Selection(group.rows());
    return &*rows_;
  }
  Found found(group.rows(), is_negated());
  KOLBEN_RETURN_IF_ERROR(find(group, found));
  if (is_negated()) {
    found.there.drop(found.satisfied);
    rows_ = std::move(found.there);
  } else {
    rows_ = std::move(found.satisfied);
  }
  return &*rows_;
}

}  // namespace kolben::storage::scan
