// Search, newest trace first. A trace is as old as its earliest span, and none of its spans starts
// before that; so row groups are looked at from the newest on, and when the page is full of traces
// that are all newer than the next rows, no later row can change it. Exact, whatever the order in
// which spans arrived, and whatever part they are in.
#include <algorithm>
#include <charconv>
#include <set>
#include <unordered_set>

#include "storage/engine/scan/group_walk.h"
#include "storage/engine/scan/longest.h"
#include "storage/engine/scan/questions.h"
#include "storage/engine/scan/trace_match.h"

namespace kolben::storage::scan {
namespace {

// Row groups that are looked at together; the first is alone, because it may be enough. The same
// with any number of threads, so that every run looks at the same rows.
constexpr std::size_t kWaveMax = 16;
// What is remembered of a trace that was met, as a hash table takes it.
constexpr std::uint64_t kSeenBytes = 40;

// Traces that are met between two looks at the clock and the memory.
constexpr std::size_t kTracesAtOnce = 1000;
// Traces of a page that are shown although the time is up, where a part of the answer will do.
constexpr std::size_t kTracesAnyway = 100;

// A trace's place in the order.
struct Place {
  std::uint64_t start = 0;
  TraceId id;

  // Newest first, then by id.
  friend bool operator<(const Place& a, const Place& b) {
    return a.start != b.start ? a.start > b.start : a.id < b.id;
  }
};

std::string cursor_of(const Place& place) {
  return std::to_string(place.start) + "-" + place.id.to_hex();
}

Result<Place> parse_cursor(std::string_view cursor) {
  Place place;
  const char* end = cursor.data() + cursor.size();
  const auto [rest, error] = std::from_chars(cursor.data(), end, place.start);
  if (error == std::errc() && rest != end && *rest == '-') {
    const auto id = TraceId::from_hex({rest + 1, static_cast<std::size_t>(end - rest - 1)});
    if (id) {
      place.id = *id;
      return place;
    }
  }
  return invalid_argument("the cursor is none that a search returned");
}

// A trace with a matching row, with its earliest start in the row group.
struct Candidate {
  TraceId id;
  std::uint64_t start = 0;
};

struct WaveItem {
  GroupRef place;
  Status status;
  std::vector<Candidate> candidates;  // newest first
};

Status collect(GroupScan& scan, Workplace& workplace, std::vector<Candidate>& candidates) {
  KOLBEN_TRY(const Selection rows, scan.select(0, workplace.judge));
  if (rows.none()) return Status::ok();
  KOLBEN_TRY(const std::span<const part::TraceRun> runs, scan.spans().traces());
  KOLBEN_TRY(const std::span<const std::uint64_t> starts, scan.spans().starts());
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    if (!rows.any(run->first, run->first + run->rows)) continue;
    std::uint32_t row = run->first;
    while (scan.is_deleted(row)) ++row;  // a matching row is not
    candidates.push_back({run->id, starts[row]});
  }
  return Status::ok();
}

class Search {
 public:
  // `question` outlives it: the query as it was asked.
  Search(Context& context, Control& control, const BoundQuery& query, const TraceQuery& question,
         std::uint32_t limit, std::optional<Place> after)
      : context_(context),
        control_(control),
        query_(query),
        question_(question),
        walk_(context, control, query),
        wanted_(std::size_t{limit} + 1),  // one more, to know whether there is a next page
        after_(after) {}

  Status run() {
    control_.expect(query_.rows());
    KOLBEN_TRY(split_, walk_.split());
    workplace_.emplace(query_, split_);
    std::size_t wave = 1;
    for (std::size_t next = 0; next < query_.groups().size(); wave = std::min(wave * 2, kWaveMax)) {
      if (is_decided(query_.groups()[next].last_time)) break;
      const std::size_t count = std::min(wave, query_.groups().size() - next);
      Status status = control_.check();
      if (status) status = look_at(next, count);
      if (!status) return end_early(std::move(status), query_.groups()[next].last_time);
      next += count;
      if (next < query_.groups().size()) {
        control_.searched_back_to(query_.groups()[next].last_time);
      }
    }
    return Status::ok();
  }

  Result<TracePage> result() {
    TracePage page;
    TraceMatches matches(*workplace_, question_);
    for (const Place& place : best_) {
      if (!coverage_.is_complete && place.start < coverage_.searched_back_to) break;
      if (page.traces.size() + 1 == wanted_) {
        page.next_cursor = cursor_of(*std::prev(best_.end(), 2));
        break;
      }
      Status status = control_.check();
      if (!status && !(is_end_of_part(status) && page.traces.size() < kTracesAnyway)) {
        KOLBEN_RETURN_IF_ERROR(end_early(std::move(status), place.start));
        break;
      }
      KOLBEN_TRY(TraceSummary summary, matches.summary(place.id));
      page.traces.push_back(std::move(summary));
    }
    page.coverage = coverage_;
    page.spans_scanned = control_.rows_scanned();
    return page;
  }

 private:
  bool is_full() const { return best_.size() == wanted_; }
  // Whether rows up to this time can't change the page.
  bool is_decided(std::uint64_t last_time) const {
    return is_full() && last_time < best_.rbegin()->start;
  }

  Status look_at(std::size_t first, std::size_t count) {
    std::vector<WaveItem> wave(count);
    for (std::size_t i = 0; i < count; ++i) wave[i].place = query_.groups()[first + i];
    context_.threads.run(count, [&](std::size_t i) { look_at(wave[i]); });
    for (WaveItem& item : wave) {
      KOLBEN_RETURN_IF_ERROR(item.status);
      for (const Candidate& candidate : item.candidates) {
        KOLBEN_RETURN_IF_ERROR(consider(candidate));
      }
    }
    return Status::ok();
  }

  void look_at(WaveItem& item) {
    Workplace workplace(query_, split_, split_ == nullptr ? 1 : GroupCache::kGroupsMax);
    const auto scan = workplace.groups.get(item.place);
    item.status = scan.status();
    if (!item.status) return;
    item.status = collect(**scan, workplace, item.candidates);
    control_.scanned((*scan)->rows());
  }

  Status consider(const Candidate& candidate) {
    // A bound that costs less than looking into every part.
    if (is_full() && candidate.start < best_.rbegin()->start) return Status::ok();
    if (!seen_.insert(candidate.id).second) return Status::ok();
    control_.take(kSeenBytes);
    if (seen_.size() % kTracesAtOnce == 0) KOLBEN_RETURN_IF_ERROR(control_.check());
    KOLBEN_TRY(const std::optional<std::uint64_t> start,
               workplace_->reader.earliest(candidate.id, candidate.start));
    const Place place{start.value_or(candidate.start), candidate.id};
    if (after_ && !(*after_ < place)) return Status::ok();
    best_.insert(place);
    if (best_.size() > wanted_) best_.erase(std::prev(best_.end()));
    return Status::ok();
  }

  // Whether it is no error but the end of the time of an answer of which a part will do.
  bool is_end_of_part(const Status& status) const {
    return status.code() == StatusCode::kDeadlineExceeded && control_.allows_partial();
  }

  Status end_early(Status status, std::uint64_t next_time) {
    if (!is_end_of_part(status)) return status;
    coverage_.is_complete = false;
    coverage_.searched_back_to = next_time == UINT64_MAX ? next_time : next_time + 1;
    return Status::ok();
  }

  Context& context_;
  Control& control_;
  const BoundQuery& query_;
  const TraceQuery& question_;
  GroupWalk walk_;
  const SplitTraces* split_ = nullptr;
  const std::size_t wanted_;
  const std::optional<Place> after_;
  std::optional<Workplace> workplace_;  // of the calling thread
  std::unordered_set<TraceId, IdHash> seen_;
  std::set<Place> best_;
  Coverage coverage_;
};

}  // namespace

Result<TracePage> search(Context& context, const TraceQuery& query) {
  Control control(context, query.limits);
  const Filter* const filters[] = {&query.filter};
  KOLBEN_TRY(const std::unique_ptr<BoundQuery> bound,
             BoundQuery::bind(context.snapshot, filters, query.range));
  if (query.order == TraceOrder::kLongest) return search_longest(context, control, *bound, query);
  std::optional<Place> after;
  if (!query.cursor.empty()) {
    KOLBEN_TRY(after, parse_cursor(query.cursor));
  }
  if (query.limit == 0) return TracePage();
  Search search(context, control, *bound, query, std::min(query.limit, kTracesMax), after);
  KOLBEN_RETURN_IF_ERROR(search.run());
  return search.result();
}

}  // namespace kolben::storage::scan
