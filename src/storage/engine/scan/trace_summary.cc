// What the spans of a trace add up to.
#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <unordered_set>

#include "storage/engine/scan/trace_reader.h"

namespace kolben::storage::scan {
namespace {

// What a summary needs of one span beside its TraceRow.
struct Brief {
  std::uint64_t duration = 0;
  std::string_view service;
  bool is_error = false;
};

Result<Brief> brief_of(GroupScan& group, std::uint32_t row) {
  Brief brief;
  KOLBEN_TRY(const std::span<const std::uint64_t> durations, group.spans().durations());
  KOLBEN_TRY(const part::NumberColumn* resources,
             group.spans().columns().numbers(part::span_column::kResource));
  KOLBEN_TRY(const part::NumberColumn* statuses,
             group.spans().columns().numbers(part::span_column::kStatus));
  if (row >= resources->size || row >= statuses->size) return data_loss("a column is too short");
  brief.duration = durations[row];
  brief.service = group.service((*resources)[row]);
  brief.is_error = (*statuses)[row] == static_cast<std::uint64_t>(SpanStatusCode::kError);
  return brief;
}

Result<std::string> name_of(GroupScan& group, std::uint32_t row) {
  KOLBEN_TRY(const part::TextColumn* names,
             group.spans().columns().texts(part::span_column::kName));
  if (row >= names->size) return data_loss("a column is too short");
  return std::string((*names)[row]);
}

// Roots of one time and id go by service and name.
struct Root {
  std::uint64_t start = 0;
  SpanId id;
  std::string service, name;

  friend bool operator<(const Root& a, const Root& b) {
    return std::tie(a.start, a.id, a.service, a.name) < std::tie(b.start, b.id, b.service, b.name);
  }
};

class Adding {
 public:
  explicit Adding(const std::vector<TraceRow>& rows) {
    for (const TraceRow& row : rows) ids_.insert(row.id);
    summary_.start_unix_nano = rows.empty() ? 0 : rows.front().start;
  }

  Status add(const TraceRow& row, GroupScan& group) {
    KOLBEN_TRY(const Brief brief, brief_of(group, row.row));
    ++summary_.spans;
    ServiceCount& service = services_[std::string(brief.service)];
    ++service.spans;
    if (brief.is_error) {
      ++summary_.errors;
      ++service.errors;
    }
    summary_.end_unix_nano = std::max(summary_.end_unix_nano, end_of(row.start, brief.duration));
    if (row.parent.is_zero()) return add_root(row, group, brief.service);
    if (ids_.count(row.parent) == 0) ++summary_.orphans;
    return Status::ok();
  }

  bool has_root() const { return root_.has_value(); }
  TraceSummary finish() {
    if (root_) {
      summary_.root_service = std::move(root_->service);
      summary_.root_name = std::move(root_->name);
    }
    for (auto& [name, count] : services_) {
      count.name = name;
      summary_.services.push_back(std::move(count));
    }
    return std::move(summary_);
  }

 private:
  Status add_root(const TraceRow& row, GroupScan& group, std::string_view service) {
    if (root_ && std::tie(root_->start, root_->id) < std::tie(row.start, row.id)) {
      return Status::ok();
    }
    KOLBEN_TRY(std::string name, name_of(group, row.row));
    Root candidate{row.start, row.id, std::string(service), std::move(name)};
    if (!root_ || candidate < *root_) root_ = std::move(candidate);
    return Status::ok();
  }

  TraceSummary summary_;
  std::unordered_set<SpanId, IdHash> ids_;
  std::map<std::string, ServiceCount> services_;
  std::optional<Root> root_;
};

}  // namespace

Result<TraceSummary> TraceReader::add_up(const TraceId& id, const RunRef* here, bool& has_root) {
  KOLBEN_TRY(const std::vector<TraceRow> rows, this->rows(id, here));
  Adding adding(rows);
  for (const std::uint32_t i : by_group(rows)) {
    KOLBEN_TRY(const std::shared_ptr<GroupScan> group, groups_.get(rows[i].place));
    KOLBEN_RETURN_IF_ERROR(adding.add(rows[i], *group));
  }
  has_root = adding.has_root();
  TraceSummary summary = adding.finish();
  summary.trace_id = id;
  if (!rows.empty()) {
    KOLBEN_TRY(const std::shared_ptr<GroupScan> group, groups_.get(rows.front().place));
    KOLBEN_TRY(const Brief first, brief_of(*group, rows.front().row));
    summary.first_service = first.service;
    KOLBEN_TRY(summary.first_name, name_of(*group, rows.front().row));
  }
  return summary;
}

Result<TraceSummary> TraceReader::summary(const TraceId& id) {
  bool has_root = false;
  return add_up(id, nullptr, has_root);
}

Result<TraceFacts> TraceReader::facts(const TraceId& id, const RunRef* here) {
  TraceFacts facts;
  KOLBEN_TRY(TraceSummary summary, add_up(id, here, facts.has_root));
  facts.duration = summary.end_unix_nano - summary.start_unix_nano;
  facts.spans = summary.spans;
  facts.root_service = std::move(summary.root_service);
  facts.root_name = std::move(summary.root_name);
  return facts;
}

}  // namespace kolben::storage::scan
