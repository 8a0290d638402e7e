// Log records, oldest or newest first: row groups are looked at in that order, and when the page is
// full of records that all come before the next rows, no later row can change it.
#include <algorithm>
#include <queue>
#include <string>
#include <unordered_map>

#include "model/clone.h"
#include "storage/engine/scan/bound_log_query.h"
#include "storage/engine/scan/questions.h"

namespace kolben::storage::scan {
namespace {

// Row groups that are looked at together; the same with any number of threads.
constexpr std::size_t kWaveMax = 16;
// Records of a row group between two looks at the clock.
constexpr std::size_t kRecordsAtOnce = 1000;

// A place in the order that is asked for: the least comes first.
struct LogRef {
  std::uint64_t time = 0;  // newest first: all its bits turned, as those of the row
  std::uint32_t part = 0, group = 0, row = 0;

  friend auto operator<=>(const LogRef&, const LogRef&) = default;
};

class LogSearch {
 public:
  LogSearch(Context& context, Control& control, const LogQuery& query, const BoundLogQuery& bound)
      : context_(context),
        control_(control),
        query_(query),
        bound_(bound),
        is_newest_first_(query.order == LogOrder::kNewestFirst),
        groups_(bound.groups()),
        limit_(std::size_t{query.skip} + query.limit) {
    std::stable_sort(groups_.begin(), groups_.end(),
                     [this](const auto& a, const auto& b) { return first_of(a) < first_of(b); });
  }

  Status run() {
    if (query_.limit == 0) return Status::ok();
    if (query_.skip >= kLogsMax) {
      return resource_exhausted("more than " + std::to_string(kLogsMax) +
                                " log records would be passed over; ask for a time range that ends "
                                "before them");
    }
    if (query_.limit > kLogsMax) {
      return resource_exhausted("more than " + std::to_string(kLogsMax) +
                                " log records are asked for at once; ask for less");
    }
    std::size_t wave = 1;
    for (std::size_t next = 0; next < groups_.size(); wave = std::min(wave * 2, kWaveMax)) {
      const bool is_full = first_.size() == limit_;
      if (is_full && first_of(groups_[next]) > first_.top().time) break;
      KOLBEN_RETURN_IF_ERROR(control_.check());
      const std::size_t count = std::min(wave, groups_.size() - next);
      KOLBEN_RETURN_IF_ERROR(look_at(next, count));
      next += count;
    }
    return Status::ok();
  }

  Result<Batch> result() {
    std::vector<LogRef> refs;
    for (; first_.size() > query_.skip; first_.pop()) refs.push_back(first_.top());
    std::reverse(refs.begin(), refs.end());
    // Row groups are read one after the other, records stand in the order of their times.
    std::vector<std::size_t> order(refs.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&refs](std::size_t a, std::size_t b) {
      return std::pair(refs[a].part, refs[a].group) < std::pair(refs[b].part, refs[b].group);
    });
    Batch batch(Signal::kLogs);
    std::vector<Read> records(refs.size());
    std::optional<part::LogGroup> group;
    for (std::size_t i = 0; i < order.size(); ++i) {
      const LogRef& ref = refs[order[i]];
      const bool is_next =
          i == 0 || refs[order[i - 1]].part != ref.part || refs[order[i - 1]].group != ref.group;
      if (is_next || i % kRecordsAtOnce == 0) {
        KOLBEN_RETURN_IF_ERROR(control_.check());
      }
      if (is_next) {
        KOLBEN_TRY(group, part::LogGroup::open(part_of(ref).part, ref.group));
      }
      KOLBEN_RETURN_IF_ERROR(read(*group, turned(ref.row), batch, records[order[i]]));
      KOLBEN_RETURN_IF_ERROR(check_bytes(batch));
    }
    KOLBEN_RETURN_IF_ERROR(append_in_order(records, batch));
    batch.recount();
    return batch;
  }

 private:
  struct Read {
    const part::ResourceEntry* resource = nullptr;
    const part::ScopeEntry* scope = nullptr;
    LogRecord record;  // in the batch's arena
  };

  // Copies in a batch's arena, one of each resource and scope, however often it is named.
  class Copies {
   public:
    explicit Copies(Arena& arena) : arena_(arena) {}

    const ResourceLogs& of(const part::ResourceEntry& entry) {
      const auto [known, is_new] = resources_.try_emplace(&entry);
      if (is_new) {
        known->second = {clone(entry.resource, arena_), {}, arena_.copy(entry.schema_url)};
      }
      return known->second;
    }
    const ScopeLogs& of(const part::ScopeEntry& entry) {
      const auto [known, is_new] = scopes_.try_emplace(&entry);
      if (is_new) known->second = {clone(entry.scope, arena_), {}, arena_.copy(entry.schema_url)};
      return known->second;
    }

   private:
    Arena& arena_;
    std::unordered_map<const part::ResourceEntry*, ResourceLogs> resources_;
    std::unordered_map<const part::ScopeEntry*, ScopeLogs> scopes_;
  };

  // Keeps the order of time over all resources: one is named again wherever another came between.
  Status append_in_order(const std::vector<Read>& records, Batch& batch) const {
    Arena& arena = batch.arena();
    Copies copies(arena);
    List<ResourceLogs>& resources = batch.logs().resources;
    const Read* before = nullptr;
    for (const Read& one : records) {
      if (before == nullptr || before->resource != one.resource || before->scope != one.scope) {
        ResourceLogs& resource = resources.add(arena) = copies.of(*one.resource);
        resource.scopes.push_back(arena, copies.of(*one.scope));
        KOLBEN_RETURN_IF_ERROR(check_bytes(batch));
      }
      before = &one;
      resources[resources.size() - 1].scopes[0].records.push_back(arena, one.record);
    }
    return Status::ok();
  }

  // Also between two records: one may be as large as a request.
  Status check_bytes(const Batch& batch) const {
    const std::uint64_t own = query_.limits.bytes_max;
    const std::uint64_t bytes_max = own > 0 ? std::min(own, kAnswerBytesMax) : kAnswerBytesMax;
    if (batch.bytes() <= bytes_max) return Status::ok();
    return resource_exhausted("the log records are too large to be read at once; ask for less");
  }

  const LivePart& part_of(const LogRef& ref) const { return context_.snapshot.logs[ref.part]; }

  template <typename Number>
  Number turned(Number number) const {
    return is_newest_first_ ? static_cast<Number>(~number) : number;
  }
  // No row of the group comes before it.
  std::uint64_t first_of(const LogGroupRef& place) const {
    return turned(is_newest_first_ ? place.last_time : place.first_time);
  }

  Status look_at(std::size_t first, std::size_t count) {
    std::vector<Status> failures(count);
    std::vector<std::vector<LogRef>> found(count);
    context_.threads.run(
        count, [&](std::size_t i) { failures[i] = look_at(groups_[first + i], found[i]); });
    for (std::size_t i = 0; i < count; ++i) {
      KOLBEN_RETURN_IF_ERROR(failures[i]);
      for (const LogRef& ref : found[i]) {
        if (first_.size() == limit_ && !(ref < first_.top())) continue;
        first_.push(ref);
        if (first_.size() > limit_) first_.pop();
      }
    }
    return Status::ok();
  }

  Status look_at(const LogGroupRef& place, std::vector<LogRef>& found) {
    KOLBEN_TRY(LogGroupScan scan, bound_.open(place));
    KOLBEN_TRY(const Selection rows, scan.select(query_.range, query_.trace_id));
    control_.scanned(scan.logs().rows());
    if (rows.none()) return Status::ok();
    KOLBEN_TRY(const std::span<const std::uint64_t> times, scan.logs().effective_times());
    rows.for_each([&](std::uint32_t row) {
      found.push_back({turned(times[row]), place.part, place.group, turned(row)});
    });
    return Status::ok();
  }

  static Status read(part::LogGroup& group, std::uint32_t row, Batch& batch, Read& read) {
    KOLBEN_TRY(const part::NumberColumn* resources,
               group.columns().numbers(part::log_column::kResource));
    KOLBEN_TRY(const part::NumberColumn* scopes, group.columns().numbers(part::log_column::kScope));
    if (row >= resources->size || row >= scopes->size ||
        (*resources)[row] >= group.part().resources().size() ||
        (*scopes)[row] >= group.part().scopes().size()) {
      return data_loss("a log record names a resource or scope that its part does not have");
    }
    read.resource = &group.part().resources()[(*resources)[row]];
    read.scope = &group.part().scopes()[(*scopes)[row]];
    Arena arena;
    LogRecord record;
    KOLBEN_RETURN_IF_ERROR(group.read(row, arena, record));
    read.record = clone(record, batch.arena());
    return Status::ok();
  }

  Context& context_;
  Control& control_;
  const LogQuery& query_;
  const BoundLogQuery& bound_;
  const bool is_newest_first_;
  std::vector<LogGroupRef> groups_;    // in the order that is asked for
  const std::size_t limit_;            // with those that are passed over
  std::priority_queue<LogRef> first_;  // so far, the last of them on top
};

}  // namespace

Result<Batch> find_logs(Context& context, const LogQuery& query) {
  Control control(context, query.limits);
  KOLBEN_TRY(const BoundLogQuery bound,
             BoundLogQuery::bind(context.snapshot, query.filter, query.range));
  LogSearch search(context, control, query, bound);
  KOLBEN_RETURN_IF_ERROR(search.run());
  return search.result();
}

}  // namespace kolben::storage::scan
