#include "storage/engine/scan/trace_judge.h"

#include <algorithm>
#include <string>

#include "storage/engine/scan/relatives.h"

namespace kolben::storage::scan {
namespace {

// Facts that are kept, in case the trace has rows elsewhere too: some megabytes.
constexpr std::size_t kFactsMax = 20'000;

bool holds_for_trace(const Condition& condition, const TraceFacts& facts) {
  // Of the whole trace, so any span of it does.
  return holds(condition, Resource(), Scope(), Span(), facts);
}

}  // namespace

Result<const TraceFacts*> TraceJudge::facts(const TraceId& id, const RunRef& here) {
  const auto found = facts_.find(id);
  if (found != facts_.end()) return &found->second;
  KOLBEN_TRY(TraceFacts facts, reader_.facts(id, &here));
  if (facts_.size() == kFactsMax) facts_.clear();
  return &(facts_[id] = std::move(facts));
}

Status TraceJudge::meet(GroupScan& scan, const Condition& condition, Selection& rows) {
  KOLBEN_TRY(const std::span<const part::TraceRun> runs, scan.spans().traces());
  for (const part::TraceRun& run : runs) {
    if (!rows.any(run.first, run.first + run.rows)) continue;
    KOLBEN_TRY(const TraceFacts* facts, this->facts(run.id, {scan.place(), run.first}));
    if (holds_for_trace(condition, *facts)) continue;
    for (std::uint32_t row = run.first; row < run.first + run.rows; ++row) rows.reset(row);
  }
  return Status::ok();
}

Status TraceJudge::relate(GroupScan& scan, std::size_t filter, const FilterPlan::Node& node,
                          Selection& rows) {
  KOLBEN_TRY(const std::span<const part::TraceRun> runs, scan.spans().traces());
  for (const part::TraceRun& run : runs) {
    if (!rows.any(run.first, run.first + run.rows)) continue;
    KOLBEN_RETURN_IF_ERROR(relate_trace(scan, run, filter, node, rows));
  }
  return Status::ok();
}

Status TraceJudge::relate_trace(GroupScan& scan, const part::TraceRun& run, std::size_t filter,
                                const FilterPlan::Node& node, Selection& rows) {
  const RunRef here{scan.place(), run.first};
  KOLBEN_TRY(const std::vector<TraceRow> trace, reader_.rows(run.id, &here));
  std::vector<std::uint8_t> matching(trace.size(), 0);
  KOLBEN_RETURN_IF_ERROR(find_matching(trace, filter, node.children.front(), matching));
  // Each span once.
  std::vector<Kin> spans;
  std::vector<std::size_t> number(trace.size());
  for (std::size_t i = 0; i < trace.size(); ++i) {
    if (trace[i].copy_of != i) {
      number[i] = number[trace[i].copy_of];
      continue;
    }
    number[i] = spans.size();
    spans.push_back({trace[i].id, trace[i].parent, matching[i] != 0});
  }
  const std::vector<std::uint8_t> answers = have_relatives(node.relation, spans);
  for (std::size_t i = 0; i < trace.size(); ++i) {
    if (trace[i].place == scan.place() && answers[number[i]] == 0) rows.reset(trace[i].row);
  }
  return Status::ok();
}

// Which rows of the trace match the condition on the relative: asked of a row group at a time.
Status TraceJudge::find_matching(const std::vector<TraceRow>& trace, std::size_t filter,
                                 const FilterPlan::Node& node,
                                 std::vector<std::uint8_t>& matching) {
  std::vector<GroupRef> done;
  for (std::size_t first = 0; first < trace.size(); ++first) {
    const GroupRef& place = trace[first].place;
    if (std::find(done.begin(), done.end(), place) != done.end()) continue;
    done.push_back(place);
    KOLBEN_TRY(const std::shared_ptr<GroupScan> group, groups_.get(place));
    Selection rows(group->rows());
    for (std::size_t i = first; i < trace.size(); ++i) {
      if (trace[i].place == place) rows.set(trace[i].row);
    }
    KOLBEN_RETURN_IF_ERROR(group->narrow(filter, node, rows, *this));
    for (std::size_t i = first; i < trace.size(); ++i) {
      if (trace[i].place == place && rows.test(trace[i].row)) matching[i] = 1;
    }
  }
  return Status::ok();
}

}  // namespace kolben::storage::scan
