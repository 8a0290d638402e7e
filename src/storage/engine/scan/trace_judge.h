// TraceJudge: answers the conditions of filters that look at whole traces. One thread.
#pragma once

#include <unordered_map>
#include <vector>

#include "storage/engine/scan/trace_reader.h"

namespace kolben::storage::scan {

class TraceJudge final : public TraceLook {
 public:
  TraceJudge(GroupCache& groups, TraceReader& reader) : groups_(groups), reader_(reader) {}

  Status meet(GroupScan& scan, const Condition& condition, Selection& rows) override;
  Status relate(GroupScan& scan, std::size_t filter, const FilterPlan::Node& node,
                Selection& rows) override;

 private:
  Result<const TraceFacts*> facts(const TraceId& id, const RunRef& here);
  Status relate_trace(GroupScan& scan, const part::TraceRun& run, std::size_t filter,
                      const FilterPlan::Node& node, Selection& rows);
  Status find_matching(const std::vector<TraceRow>& trace, std::size_t filter,
                       const FilterPlan::Node& node, std::vector<std::uint8_t>& matching);

  GroupCache& groups_;
  TraceReader& reader_;
  std::unordered_map<TraceId, TraceFacts, IdHash> facts_;
};

}  // namespace kolben::storage::scan
