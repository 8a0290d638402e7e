#include "storage/engine/scan/log_group_scan.h"

#include <algorithm>
#include <string>

#include "base/arena.h"
#include "storage/engine/part/filter.h"
#include "storage/engine/scan/filter_tree.h"
#include "storage/engine/scan/table_scan.h"

namespace kolben::storage::scan {
namespace {

using part::ColumnType;
namespace log_column = part::log_column;

bool holds(const Condition& condition, bool is_there, bool is_satisfied) {
  return condition.op() == Operator::kNotEqual ? is_there && !is_satisfied : is_satisfied;
}

Status too_short() {
  return data_loss("a row group of log records has rows without a value");
}

}  // namespace

// The conditions of the filter, for FilterTree.
class LogGroupScan::Leaves {
 public:
  explicit Leaves(LogGroupScan& scan) : scan_(scan), columns_(scan.logs_.columns()) {}

  Result<Outcome> prepare(std::size_t number) {
    const ConditionPlan& plan = this->plan(number);
    if (plan.condition->op() == Operator::kNotEqual) return Outcome::kSome;
    const ConditionBinding& binding = (*scan_.plan_)[number];
    Prospect prospect;
    KOLBEN_TRY(prospect, resources(binding).look());
    KOLBEN_TRY(const Prospect of_scopes, scopes(binding).look());
    prospect.add(of_scopes);
    if (std::holds_alternative<Intrinsic>(plan.condition->field())) {
      const Intrinsic field = std::get<Intrinsic>(plan.condition->field());
      if (is_in_rows(field)) prospect.satisfied = Outcome::kSome;
      return prospect.satisfied;
    }
    AttributeScan attribute = attributes(plan, binding);
    KOLBEN_TRY(const Prospect of_rows, attribute.prepare(columns_));
    prospect.add(of_rows);
    return prospect.satisfied;
  }

  Status narrow(std::size_t number, Selection& rows) {
    const ConditionPlan& plan = this->plan(number);
    const ConditionBinding& binding = (*scan_.plan_)[number];
    if (const auto* field = std::get_if<Intrinsic>(&plan.condition->field())) {
      if (*field == Intrinsic::kBody) return narrow_by_body(*plan.condition, rows);
      if (*field == Intrinsic::kSeverity) return narrow_by_severity(*plan.condition, rows);
      if (*field == Intrinsic::kName) return narrow_by_name(plan, rows);
    }
    const bool is_negated = plan.condition->op() == Operator::kNotEqual;
    Found found(rows.rows(), is_negated);
    KOLBEN_RETURN_IF_ERROR(resources(binding).find(found));
    KOLBEN_RETURN_IF_ERROR(scopes(binding).find(found));
    if (std::holds_alternative<Attribute>(plan.condition->field())) {
      AttributeScan attribute = attributes(plan, binding);
      KOLBEN_RETURN_IF_ERROR(attribute.prepare(columns_).status());
      KOLBEN_RETURN_IF_ERROR(attribute.find(columns_, {}, found));
    }
    if (!is_negated) {
      rows.keep(found.satisfied);
      return Status::ok();
    }
    rows.keep(found.there);
    rows.drop(found.satisfied);
    return Status::ok();
  }

  // Log records have no relatives.
  Status relate(const FilterPlan::Node&, Selection& rows) {
    rows.clear();
    return Status::ok();
  }

 private:
  static bool is_in_rows(Intrinsic field) {
    return field == Intrinsic::kBody || field == Intrinsic::kSeverity || field == Intrinsic::kName;
  }
  const ConditionPlan& plan(std::size_t number) const {
    return scan_.filter_->conditions()[number];
  }
  TableScan resources(const ConditionBinding& binding) {
    return {columns_, log_column::kResource, binding.resources};
  }
  TableScan scopes(const ConditionBinding& binding) {
    return {columns_, log_column::kScope, binding.scopes};
  }
  static AttributeScan attributes(const ConditionPlan& plan, const ConditionBinding& binding) {
    return {plan, part::Place::kRow, binding.columns[static_cast<std::size_t>(part::Place::kRow)]};
  }

  Status narrow_by_body(const Condition& condition, Selection& rows) {
    Status status;
    Selection matching(rows.rows());
    rows.for_each([&](std::uint32_t row) {
      if (!status) return;
      Arena arena;
      Value body;
      status = scan_.logs_.read_body(row, arena, body);
      if (!status || body.type() == ValueType::kEmpty) return;
      if (condition.holds_for(body)) matching.set(row);
    });
    rows = std::move(matching);
    return status;
  }

  Status narrow_by_severity(const Condition& condition, Selection& rows) {
    KOLBEN_TRY(const part::NumberColumn* numbers, columns_.numbers(log_column::kSeverityNumber));
    if (numbers->size != rows.rows()) return too_short();
    std::vector<std::uint8_t> by_entry;
    for (const std::uint64_t number : numbers->entries) {
      const auto severity = static_cast<std::int32_t>(static_cast<std::uint32_t>(number));
      by_entry.push_back(condition.holds_for(Value::integer(severity)) ? 1 : 0);
    }
    Selection matching(rows.rows());
    for (std::uint32_t row = 0; row < rows.rows(); ++row) {
      const std::size_t entry = !numbers->has_dictionary ? row
                                : numbers->codes.empty() ? 0
                                                         : numbers->codes[row];
      matching.set(row, by_entry[entry] != 0);
    }
    rows.keep(matching);
    return Status::ok();
  }

  Status narrow_by_name(const ConditionPlan& plan, Selection& rows) {
    KOLBEN_TRY(ColumnScan column, ColumnScan::open(columns_, log_column::kEventName,
                                                   plan.test(ColumnType::kString), true));
    if (column.values() != rows.rows()) return too_short();
    std::vector<std::uint8_t> hits(rows.rows(), column.outcome() == Outcome::kAll ? 1 : 0);
    if (column.outcome() == Outcome::kSome) {
      KOLBEN_RETURN_IF_ERROR(column.read_hits(columns_, 0, hits));
    }
    for (std::uint8_t& hit : hits) hit = scan::holds(*plan.condition, true, hit != 0) ? 1 : 0;
    Selection matching(rows.rows());
    matching.add_hits(hits.data());
    rows.keep(matching);
    return Status::ok();
  }

  LogGroupScan& scan_;
  part::RowGroup& columns_;
};

Result<LogGroupScan> LogGroupScan::open(const engine::LivePart& live, std::uint32_t group,
                                        const FilterPlan& filter, const PartPlan& plan) {
  KOLBEN_TRY(part::LogGroup logs, part::LogGroup::open(live.part, group));
  return LogGroupScan(live, group, filter, plan, std::move(logs));
}

Result<Selection> LogGroupScan::select(TimeRange range, const std::optional<TraceId>& trace) {
  Selection rows = Selection::all(logs_.rows());
  if (trace) KOLBEN_RETURN_IF_ERROR(keep_trace(*trace, rows));
  if (rows.none()) return rows;
  Leaves leaves(*this);
  FilterTree tree(leaves);
  KOLBEN_TRY(const Outcome outcome, tree.prepare(filter_->root()));
  if (outcome == Outcome::kNone) return Selection(logs_.rows());
  KOLBEN_RETURN_IF_ERROR(keep_live(range, rows));
  if (outcome != Outcome::kAll) KOLBEN_RETURN_IF_ERROR(tree.narrow(filter_->root(), rows));
  return rows;
}

// Ids are texts of 16 bytes, or empty.
Status LogGroupScan::keep_trace(const TraceId& trace, Selection& rows) {
  const part::Chunk* chunk = logs_.columns().directory().find(log_column::kTraceId);
  if (chunk != nullptr && chunk->filter.is_there() && !trace.is_zero()) {
    KOLBEN_TRY(const Bytes filter, logs_.part().source().read(chunk->filter));
    if (!part::filter_may_contain(filter.view(), part::filter_hash(trace.as_bytes()))) {
      rows.clear();
      return Status::ok();
    }
  }
  const std::string_view wanted = trace.is_zero() ? std::string_view() : trace.as_bytes();
  KOLBEN_TRY(const part::TextColumn* ids, logs_.columns().text_dictionary(log_column::kTraceId));
  const auto& entries = ids->entries.values;
  if (ids->has_dictionary && !std::binary_search(entries.begin(), entries.end(), wanted)) {
    rows.clear();
    return Status::ok();
  }
  KOLBEN_TRY(ids, logs_.columns().texts(log_column::kTraceId));
  if (ids->size != rows.rows()) return too_short();
  for (std::uint32_t row = 0; row < rows.rows(); ++row) {
    if ((*ids)[row] != wanted) rows.reset(row);
  }
  return Status::ok();
}

Status LogGroupScan::keep_live(TimeRange range, Selection& rows) {
  if (live_->deleted != nullptr && live_->deleted->any(group_)) {
    for (std::uint32_t row = 0; row < rows.rows(); ++row) {
      if (live_->deleted->contains(group_, row)) rows.reset(row);
    }
  }
  const part::GroupFacts& facts = logs_.part().group(group_);
  if (range.contains(facts.first_time) && range.contains(facts.last_time)) return Status::ok();
  KOLBEN_TRY(const std::span<const std::uint64_t> times, logs_.effective_times());
  for (std::uint32_t row = 0; row < rows.rows(); ++row) {
    if (!range.contains(times[row])) rows.reset(row);
  }
  return Status::ok();
}

}  // namespace kolben::storage::scan
