#include "storage/engine/scan/group_scan.h"

#include <utility>

#include "storage/engine/scan/filter_tree.h"

namespace kolben::storage::scan {
namespace {

using Node = FilterPlan::Node;

bool is_of_trace(const Condition& condition) {
  const auto* field = std::get_if<Intrinsic>(&condition.field());
  return field != nullptr &&
         (*field == Intrinsic::kTraceDuration || *field == Intrinsic::kTraceSpans ||
          *field == Intrinsic::kRootService || *field == Intrinsic::kRootName);
}

}  // namespace

Result<std::shared_ptr<GroupScan>> GroupScan::open(const BoundQuery& query, GroupRef place) {
  KOLBEN_TRY(part::SpanGroup spans,
             part::SpanGroup::open(query.part(place.part).part, place.group));
  return std::shared_ptr<GroupScan>(new GroupScan(query, place, std::move(spans)));
}

GroupScan::GroupScan(const BoundQuery& query, GroupRef place, part::SpanGroup spans)
    : query_(&query), place_(place), spans_(std::move(spans)) {
  for (std::size_t i = 0; i < query.filters(); ++i) {
    conditions_.emplace_back(query.filter(i).conditions().size());
  }
}

bool GroupScan::is_deleted(std::uint32_t row) const {
  const auto& deleted = query_->part(place_.part).deleted;
  return deleted != nullptr && deleted->contains(place_.group, row);
}

bool GroupScan::has_deleted() const {
  const auto& deleted = query_->part(place_.part).deleted;
  return deleted != nullptr && deleted->any(place_.group);
}

std::string_view GroupScan::service(std::uint64_t resource) const {
  const auto& resources = part().resources();
  return resource < resources.size() ? resources[resource].service : std::string_view();
}

ConditionScan& GroupScan::condition(std::size_t filter, std::size_t number) {
  std::optional<ConditionScan>& scan = conditions_[filter][number];
  if (!scan) {
    scan.emplace(query_->filter(filter).conditions()[number],
                 query_->part_plan(filter, place_.part)[number]);
  }
  return *scan;
}

// The conditions of one filter, for FilterTree.
class GroupScan::Leaves {
 public:
  Leaves(GroupScan& scan, std::size_t filter, TraceLook* traces)
      : scan_(scan), filter_(filter), traces_(traces) {}

  Result<Outcome> prepare(std::size_t number) {
    if (is_of_trace(asked(number))) return Outcome::kSome;
    return scan_.condition(filter_, number).prepare(scan_.spans_);
  }
  Status narrow(std::size_t number, Selection& rows) {
    if (is_of_trace(asked(number))) return traces_->meet(scan_, asked(number), rows);
    KOLBEN_TRY(const Selection* found, scan_.condition(filter_, number).select(scan_.spans_));
    rows.keep(*found);
    return Status::ok();
  }
  Status relate(const Node& node, Selection& rows) {
    return traces_->relate(scan_, filter_, node, rows);
  }

 private:
  const Condition& asked(std::size_t number) const {
    return *scan_.query_->filter(filter_).conditions()[number].condition;
  }

  GroupScan& scan_;
  const std::size_t filter_;
  TraceLook* traces_;
};

Result<Selection> GroupScan::live_rows() {
  Selection rows = Selection::all(this->rows());
  if (has_deleted()) {
    for (std::uint32_t row = 0; row < this->rows(); ++row) {
      if (is_deleted(row)) rows.reset(row);
    }
  }
  const TimeRange& range = query_->range();
  const part::GroupFacts& facts = part().group(place_.group);
  if (range.contains(facts.first_time) && range.contains(facts.last_time)) return rows;
  KOLBEN_TRY(const std::span<const std::uint64_t> starts, spans_.starts());
  for (std::uint32_t row = 0; row < starts.size(); ++row) {
    if (!range.contains(starts[row])) rows.reset(row);
  }
  return rows;
}

Result<Selection> GroupScan::select(std::size_t filter, TraceLook& traces) {
  const Node& root = query_->filter(filter).root();
  Leaves leaves(*this, filter, &traces);
  KOLBEN_TRY(const Outcome outcome, FilterTree(leaves).prepare(root));
  if (outcome == Outcome::kNone) return Selection(rows());
  KOLBEN_TRY(Selection rows, live_rows());
  if (outcome == Outcome::kAll) return rows;
  KOLBEN_RETURN_IF_ERROR(FilterTree(leaves).narrow(root, rows));
  return rows;
}

Status GroupScan::narrow(std::size_t filter, const Node& node, Selection& rows, TraceLook& traces) {
  Leaves leaves(*this, filter, &traces);
  return FilterTree(leaves).narrow(node, rows);
}

}  // namespace kolben::storage::scan
