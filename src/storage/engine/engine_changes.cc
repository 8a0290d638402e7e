// What an operator does to what is stored: deleting, copying.
#include <optional>

#include "storage/engine/engine.h"
#include "storage/engine/part/span_group.h"
#include "storage/engine/scan/log_group_scan.h"
#include "storage/evaluate.h"

namespace kolben::storage::engine {
namespace {

using part::SpanGroup;
using scan::FilterPlan;
using scan::LogGroupScan;

// The rows of the trace that begin at `place`, where it is that trace.
Status add_trace(const StoredPart& stored, const TraceId& id, part::TracePlace place,
                 RowSet& rows) {
  KOLBEN_TRY(SpanGroup group, SpanGroup::open(stored.part, place.group));
  KOLBEN_TRY(const std::span<const part::TraceRun> runs, group.traces());
  for (const part::TraceRun& run : runs) {
    if (run.first != place.row || run.id != id) continue;
    for (std::uint32_t row = run.first; row < run.first + run.rows; ++row) {
      rows.add(place.group, row);
    }
  }
  return Status::ok();
}

Result<RowSet> rows_of_traces(const StoredPart& stored, std::span<const TraceId> ids) {
  RowSet rows;
  for (const TraceId& id : ids) {
    std::vector<part::TracePlace> places;
    KOLBEN_RETURN_IF_ERROR(stored.part->find_trace(id, places));
    for (const part::TracePlace& place : places) {
      KOLBEN_RETURN_IF_ERROR(add_trace(stored, id, place, rows));
    }
  }
  return rows;
}

Status add_matching(const StoredPart& stored, std::uint32_t number, const CompiledFilter& filter,
                    TimeRange range, RowSet& rows) {
  KOLBEN_TRY(SpanGroup group, SpanGroup::open(stored.part, number));
  KOLBEN_TRY(const std::span<const std::uint64_t> starts, group.starts());
  KOLBEN_TRY(const part::NumberColumn* resources,
             group.columns().numbers_of_rows(part::span_column::kResource));
  KOLBEN_TRY(const part::NumberColumn* scopes,
             group.columns().numbers_of_rows(part::span_column::kScope));
  for (std::uint32_t row = 0; row < group.rows(); ++row) {
    if (!range.contains(starts[row])) continue;
    Arena arena;
    Span span;
    KOLBEN_RETURN_IF_ERROR(group.read(row, arena, span));
    const std::uint64_t resource = (*resources)[row];
    const std::uint64_t scope = (*scopes)[row];
    if (resource >= stored.part->resources().size() || scope >= stored.part->scopes().size()) {
      return data_loss("a row names a resource or scope that the part does not have");
    }
    if (matches(filter, stored.part->resources()[resource].resource,
                stored.part->scopes()[scope].scope, span)) {
      rows.add(number, row);
    }
  }
  return Status::ok();
}

Result<RowSet> rows_that_match(const StoredPart& stored, const CompiledFilter& filter,
                               TimeRange range) {
  RowSet rows;
  for (std::uint32_t number = 0; number < stored.part->groups(); ++number) {
    const part::GroupFacts& facts = stored.part->group(number);
    if (!range.overlaps(facts.first_time, facts.last_time)) continue;
    KOLBEN_RETURN_IF_ERROR(add_matching(stored, number, filter, range, rows));
  }
  return rows;
}

// Log records of the traces, or with no ids given all, that match.
Result<RowSet> records_that_match(const StoredPart& stored, const FilterPlan& filter,
                                  TimeRange range, std::optional<std::span<const TraceId>> ids) {
  RowSet rows;
  const LivePart live{stored.part, stored.deleted};
  const scan::PartPlan plan(filter, *stored.part);
  for (std::uint32_t number = 0; number < stored.part->groups(); ++number) {
    KOLBEN_TRY(LogGroupScan group, LogGroupScan::open(live, number, filter, plan));
    const auto add = [&](const std::optional<TraceId>& id) -> Status {
      KOLBEN_TRY(const scan::Selection found, group.select(range, id));
      found.for_each([&](std::uint32_t row) { rows.add(number, row); });
      return Status::ok();
    };
    if (!ids) {
      KOLBEN_RETURN_IF_ERROR(add(std::nullopt));
      continue;
    }
    for (const TraceId& id : *ids) KOLBEN_RETURN_IF_ERROR(add(id));
  }
  return rows;
}

// What a copy that failed has left; the rest is the operator's to remove.
void remove_copy(FileSystem& files, const std::string& path) {
  const std::string parts = path + "/parts";
  if (const auto names = files.list(parts)) {
    for (const std::string& name : *names) static_cast<void>(files.remove(parts + "/" + name));
  }
  static_cast<void>(files.remove_directory(parts));
  static_cast<void>(files.remove(path + "/MANIFEST"));
}

}  // namespace

Result<Deleted> Engine::delete_traces(std::span<const TraceId> ids) {
  KOLBEN_TRY(const std::unique_ptr<FilterPlan> everything, FilterPlan::compile(Filter{And{}}));
  return delete_rows(
      [&](const StoredPart& stored) {
        return stored.facts.table == part::Table::kSpans
                   ? rows_of_traces(stored, ids)
                   : records_that_match(stored, *everything, {}, ids);
      },
      {});
}

Result<Deleted> Engine::delete_matching(const Filter& filter, TimeRange range,
                                        WorkProgress progress) {
  KOLBEN_TRY(const CompiledFilter of_spans, CompiledFilter::compile(filter));
  KOLBEN_TRY(const std::unique_ptr<FilterPlan> of_logs, FilterPlan::compile(filter));
  if (of_logs->needs_traces()) {
    return invalid_argument("what is deleted is chosen span by span; ask for traces by their id");
  }
  return delete_rows(
      [&](const StoredPart& stored) {
        return stored.facts.table == part::Table::kSpans
                   ? rows_that_match(stored, of_spans, range)
                   : records_that_match(stored, *of_logs, range, std::nullopt);
      },
      std::move(progress));
}

// Merges stand still, so that no row escapes into a part that was not looked at.
Result<Deleted> Engine::delete_rows(UniqueFunction<Result<RowSet>(const StoredPart& stored)> choose,
                                    WorkProgress progress) {
  KOLBEN_RETURN_IF_ERROR(flush());
  Deleted deleted;
  KOLBEN_RETURN_IF_ERROR(keeper_->without_merges([&] {
    PartChange change;
    const std::vector<StoredPart> parts = parts_.view().parts;
    std::size_t done = 0;
    for (const StoredPart& stored : parts) {
      if (progress) progress(done++, parts.size());
      if (stored.facts.table == part::Table::kPoints) continue;
      KOLBEN_TRY(RowSet rows, choose(stored));
      const std::uint64_t before = stored.deleted ? stored.deleted->size() : 0;
      if (stored.deleted) rows.add(*stored.deleted);
      if (rows.size() == before) continue;
      (stored.facts.table == part::Table::kSpans ? deleted.spans : deleted.log_records) +=
          rows.size() - before;
      change.deleted.push_back(
          {stored.facts.number, std::make_shared<const RowSet>(std::move(rows))});
    }
    return change.deleted.empty() ? Status::ok() : parts_.change(std::move(change));
  }));
  keeper_->wake();
  return deleted;
}

// The directory is whole once FORMAT is there, which comes last: without it no store is opened
// where parts are.
Status Engine::save(const std::string& path) {
  KOLBEN_RETURN_IF_ERROR(flush());
  FileSystem& files = directory_->files();
  KOLBEN_RETURN_IF_ERROR(files.create_directories(path));
  KOLBEN_TRY(const std::vector<std::string> names, files.list(path));
  if (!names.empty()) return failed_precondition(path + " is not empty");
  Status saved = parts_.save(path);
  if (saved) saved = directory_->copy_format(path);
  if (!saved) remove_copy(files, path);
  return saved;
}

}  // namespace kolben::storage::engine
