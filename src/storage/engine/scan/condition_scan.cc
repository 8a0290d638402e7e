#include "storage/engine/scan/condition_scan.h"

#include <algorithm>
#include <string>

namespace kolben::storage::scan {
namespace {

using part::SpanGroup;
using Seen = Condition::Seen;

// What the resources (scopes) of the rows say, looked up by number in the part's table.
class TableScan {
 public:
  TableScan(SpanGroup& group, std::uint32_t column, const std::vector<Seen>& seen)
      : group_(group), column_(column), seen_(seen) {}

  Result<Prospect> look() {
    Prospect prospect;
    if (!any_of(seen_, &Seen::any)) return prospect;
    KOLBEN_TRY(const part::NumberColumn* numbers, group_.columns().number_dictionary(column_));
    if (!numbers->has_dictionary) {
      prospect.there = prospect.satisfied = Outcome::kSome;
      return prospect;
    }
    prospect.there = outcome(*numbers, &Seen::any);
    prospect.satisfied = outcome(*numbers, &Seen::matched);
    return prospect;
  }

  Status find(Found& found) {
    if (!any_of(seen_, &Seen::any)) return Status::ok();
    KOLBEN_TRY(const part::NumberColumn* numbers, group_.columns().numbers(column_));
    if (numbers->size != group_.rows()) {
      return data_loss("row group " + std::to_string(group_.columns().index()) +
                       " has rows without a resource");
    }
    set_rows(*numbers, &Seen::matched, found.satisfied);
    if (found.wants_there) set_rows(*numbers, &Seen::any, found.there);
    return Status::ok();
  }

 private:
  using Flag = bool Seen::*;

  static bool any_of(const std::vector<Seen>& seen, Flag flag) {
    return std::any_of(seen.begin(), seen.end(), [flag](const Seen& one) { return one.*flag; });
  }
  bool is_set(std::uint64_t number, Flag flag) const {
    return number < seen_.size() && seen_[number].*flag;
  }
  Outcome outcome(const part::NumberColumn& numbers, Flag flag) const {
    const auto count = std::count_if(numbers.entries.begin(), numbers.entries.end(),
                                     [&](std::uint64_t number) { return is_set(number, flag); });
    if (count == 0) return Outcome::kNone;
    return static_cast<std::size_t>(count) == numbers.entries.size() ? Outcome::kAll
                                                                     : Outcome::kSome;
  }
  void set_rows(const part::NumberColumn& numbers, Flag flag, Selection& rows) const {
    std::vector<std::uint8_t> by_entry;
    for (const std::uint64_t number : numbers.entries) by_entry.push_back(is_set(number, flag));
    if (!numbers.has_dictionary) return rows.add_hits(by_entry.data());
    if (numbers.codes.empty()) {
      if (by_entry.at(0) != 0) rows.fill();
      return;
    }
    std::vector<std::uint8_t> hits(numbers.size);
    for (std::size_t row = 0; row < hits.size(); ++row) hits[row] = by_entry[numbers.codes[row]];
    rows.add_hits(hits.data());
  }

  SpanGroup& group_;
  const std::uint32_t column_;
  const std::vector<Seen>& seen_;
};

}  // namespace

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
  KOLBEN_RETURN_IF_ERROR(
      add(TableScan(group, part::span_column::kResource, binding_->resources).look()));
  KOLBEN_RETURN_IF_ERROR(add(TableScan(group, part::span_column::kScope, binding_->scopes).look()));
  if (intrinsic_) KOLBEN_RETURN_IF_ERROR(add(intrinsic_->prepare(group)));
  for (AttributeScan& attribute : attributes_) {
    KOLBEN_RETURN_IF_ERROR(add(attribute.prepare(group.columns())));
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
  KOLBEN_RETURN_IF_ERROR(
      TableScan(group, part::span_column::kResource, binding_->resources).find(found));
  KOLBEN_RETURN_IF_ERROR(TableScan(group, part::span_column::kScope, binding_->scopes).find(found));
  if (intrinsic_) KOLBEN_RETURN_IF_ERROR(intrinsic_->find(group, found));
  for (AttributeScan& attribute : attributes_) {
    if (found.wants_there ? !attribute.is_there() : !attribute.may_satisfy()) continue;
    std::span<const std::uint32_t> item_rows;
    if (attribute.place() == part::Place::kEvent) {
      KOLBEN_TRY(item_rows, group.event_rows());
    } else if (attribute.place() == part::Place::kLink) {
      KOLBEN_TRY(item_rows, group.link_rows());
    }
    KOLBEN_RETURN_IF_ERROR(attribute.find(group.columns(), item_rows, found));
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
