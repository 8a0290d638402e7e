#include "storage/engine/scan/group_scan.h"

#include <utility>

namespace kolben::storage::scan {
namespace {

using Node = FilterPlan::Node;
using Kind = CompiledFilter::Node::Kind;

bool is_of_trace(const Condition& condition) {
  const auto* field = std::get_if<Intrinsic>(&condition.field());
  return field != nullptr &&
         (*field == Intrinsic::kTraceDuration || *field == Intrinsic::kTraceSpans ||
          *field == Intrinsic::kRootService || *field == Intrinsic::kRootName);
}

Outcome opposite(Outcome outcome) {
  if (outcome == Outcome::kSome) return outcome;
  return outcome == Outcome::kAll ? Outcome::kNone : Outcome::kAll;
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

Result<Outcome> GroupScan::prepare(std::size_t filter, const Node& node) {
  switch (node.kind) {
    case Kind::kCondition:
      if (is_of_trace(*query_->filter(filter).conditions()[node.condition].condition)) {
        return Outcome::kSome;
      }
      return condition(filter, node.condition).prepare(spans_);
    case Kind::kNot:
      return prepare(filter, node.children.front()).transform(opposite);
    case Kind::kRelated:
      return Outcome::kSome;
    case Kind::kAnd:
    case Kind::kOr:
      break;
  }
  return prepare_terms(filter, node);
}

// Of And, one term that never holds decides; of Or, one that always does.
Result<Outcome> GroupScan::prepare_terms(std::size_t filter, const Node& node) {
  const Outcome deciding = node.kind == Kind::kAnd ? Outcome::kNone : Outcome::kAll;
  Outcome outcome = opposite(deciding);
  for (const Node& child : node.children) {
    KOLBEN_TRY(const Outcome term, prepare(filter, child));
    if (term == deciding) return term;
    if (term == Outcome::kSome) outcome = term;
  }
  return outcome;
}

Result<bool> GroupScan::is_hopeless(std::size_t filter) {
  return prepare(filter, query_->filter(filter).root()).transform([](Outcome outcome) {
    return outcome == Outcome::kNone;
  });
}

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
  KOLBEN_TRY(const Outcome outcome, prepare(filter, root));
  if (outcome == Outcome::kNone) return Selection(rows());
  KOLBEN_TRY(Selection rows, live_rows());
  if (outcome != Outcome::kAll) KOLBEN_RETURN_IF_ERROR(narrow(filter, root, rows, traces));
  return rows;
}

Status GroupScan::narrow(std::size_t filter, const Node& node, Selection& rows,
                         TraceLook& traces) {
  KOLBEN_TRY(const Outcome outcome, prepare(filter, node));
  if (outcome == Outcome::kAll) return Status::ok();
  if (outcome == Outcome::kNone) rows.clear();
  if (rows.none()) return Status::ok();
  switch (node.kind) {
    case Kind::kCondition: {
      const Condition& asked = *query_->filter(filter).conditions()[node.condition].condition;
      if (is_of_trace(asked)) return traces.meet(*this, asked, rows);
      KOLBEN_TRY(const Selection* found, condition(filter, node.condition).select(spans_));
      rows.keep(*found);
      return Status::ok();
    }
    case Kind::kRelated:
      return traces.relate(*this, filter, node, rows);
    case Kind::kNot: {
      Selection matching = rows;
      KOLBEN_RETURN_IF_ERROR(narrow(filter, node.children.front(), matching, traces));
      rows.drop(matching);
      return Status::ok();
    }
    case Kind::kAnd:
      for (const Node& child : node.children) {
        KOLBEN_RETURN_IF_ERROR(narrow(filter, child, rows, traces));
      }
      return Status::ok();
    case Kind::kOr:
      return narrow_to_any(filter, node, rows, traces);
  }
  return Status::ok();
}

Status GroupScan::narrow_to_any(std::size_t filter, const Node& node, Selection& rows,
                                TraceLook& traces) {
  Selection matching(rows.rows());
  for (const Node& child : node.children) {
    Selection more = rows;
    KOLBEN_RETURN_IF_ERROR(narrow(filter, child, more, traces));
    matching.add(more);
    rows.drop(more);
  }
  rows = std::move(matching);
  return Status::ok();
}

}  // namespace kolben::storage::scan
