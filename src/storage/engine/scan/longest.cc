// No row group says how long its traces are, so all that have matching rows are looked at. A trace
// that lies in one row group, as nearly all do, is measured there and then, beside the others on
// the scan threads; those that are split are noted, and read from all their places in the end.
#include "storage/engine/scan/longest.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "storage/engine/scan/group_walk.h"
#include "storage/engine/scan/questions.h"
#include "storage/engine/scan/trace_match.h"

namespace kolben::storage::scan {
namespace {

// Traces that are read between two looks at the clock and the memory.
constexpr std::size_t kTracesAtOnce = 100;
constexpr std::string_view kCursor = "longest-";

// A trace's place in the order.
struct Place {
  std::uint64_t duration = 0;
  TraceId id;

  friend bool operator<(const Place& a, const Place& b) {
    return a.duration != b.duration ? a.duration > b.duration : a.id < b.id;
  }
};

std::string cursor_of(const Place& place) {
  return std::string(kCursor) + std::to_string(place.duration) + "-" + place.id.to_hex();
}

Result<Place> parse_cursor(std::string_view cursor) {
  Place place;
  if (cursor.starts_with(kCursor)) {
    cursor.remove_prefix(kCursor.size());
    const char* const end = cursor.data() + cursor.size();
    const auto [rest, error] = std::from_chars(cursor.data(), end, place.duration);
    if (error == std::errc() && rest != end && *rest == '-') {
      const auto id = TraceId::from_hex({rest + 1, static_cast<std::size_t>(end - rest - 1)});
      if (id) {
        place.id = *id;
        return place;
      }
    }
  }
  return invalid_argument("the cursor is none that a search for the longest returned");
}

// The first so many places after another.
class Best {
 public:
  Best(std::size_t wanted, std::optional<Place> after) : wanted_(wanted), after_(after) {}

  void add(const Place& place) {
    if (after_ && !(*after_ < place)) return;
    if (places_.size() == wanted_ && !(place < *places_.rbegin())) return;
    places_.insert(place);
    if (places_.size() > wanted_) places_.erase(std::prev(places_.end()));
  }
  const std::set<Place>& places() const { return places_; }

 private:
  std::size_t wanted_;
  std::optional<Place> after_;
  std::set<Place> places_;
};

// A trace to be measured, and when a span of it begins.
struct Split {
  TraceId id;
  std::uint64_t start = 0;
};

// Each once, in the order in which they lie: so what is read for one is there for the next.
void order(std::vector<Split>& split) {
  std::sort(split.begin(), split.end(), [](const Split& a, const Split& b) {
    return a.id != b.id ? a.id < b.id : a.start < b.start;
  });
  const auto same_id = [](const Split& a, const Split& b) { return a.id == b.id; };
  split.erase(std::unique(split.begin(), split.end(), same_id), split.end());
  std::sort(split.begin(), split.end(), [](const Split& a, const Split& b) {
    return a.start != b.start ? a.start > b.start : a.id < b.id;
  });
}

struct Lane {
  Best best;
  std::vector<Split> split;
};

// From the earliest start to the latest end of its rows that are not deleted.
std::uint64_t duration_of(const part::TraceRun& run, const GroupScan& scan,
                          std::span<const std::uint64_t> starts,
                          std::span<const std::uint64_t> durations) {
  std::uint64_t first = UINT64_MAX;
  std::uint64_t last = 0;
  const bool has_deleted = scan.has_deleted();
  for (std::uint32_t row = run.first; row < run.first + run.rows; ++row) {
    if (has_deleted && scan.is_deleted(row)) continue;
    first = std::min(first, starts[row]);
    last = std::max(last, end_of(starts[row], durations[row]));
  }
  return last - first;  // a matching row is not deleted
}

class Longest {
 public:
  Longest(Context& context, Control& control, const BoundQuery& query, const TraceQuery& question,
          std::uint32_t limit, std::optional<Place> after)
      : control_(control),
        query_(query),
        question_(question),
        walk_(context, control, query),
        limit_(limit),
        best_(std::size_t{limit} + 1, after) {}  // one more, to know whether there is a next page

  Status run() {
    KOLBEN_RETURN_IF_ERROR(walk_.find_split());
    KOLBEN_TRY(split_, walk_.split());
    std::vector<Lane> lanes(kLanes, Lane{best_, {}});
    KOLBEN_TRY(coverage_, walk_.run([&](std::size_t lane, GroupScan& scan, Workplace& place) {
      return look_at(scan, place, lanes[lane]);
    }));
    workplace_.emplace(query_, split_);
    std::vector<Split> split;
    for (const Lane& lane : lanes) {
      for (const Place& place : lane.best.places()) best_.add(place);
      split.insert(split.end(), lane.split.begin(), lane.split.end());
    }
    return measure(std::move(split));
  }

  Result<TracePage> result() {
    TracePage page;
    TraceMatches matches(*workplace_, question_);
    for (const Place& place : best_.places()) {
      if (page.traces.size() == limit_) {
        page.next_cursor = cursor_of(*std::prev(best_.places().end(), 2));
        break;
      }
      if (const Status status = control_.check(); !status && !is_end_of_part(status)) return status;
      KOLBEN_TRY(TraceSummary summary, matches.summary(place.id));
      page.traces.push_back(std::move(summary));
    }
    page.coverage = coverage_;
    page.spans_scanned = control_.rows_scanned();
    return page;
  }

 private:
  Status look_at(GroupScan& scan, Workplace& place, Lane& lane) {
    KOLBEN_TRY(const Selection rows, scan.select(0, place.judge));
    if (rows.none()) return Status::ok();
    KOLBEN_TRY(const std::span<const part::TraceRun> runs, scan.spans().traces());
    KOLBEN_TRY(const std::span<const std::uint64_t> starts, scan.spans().starts());
    KOLBEN_TRY(const std::span<const std::uint64_t> durations, scan.spans().durations());
    for (const part::TraceRun& run : runs) {
      if (!rows.any(run.first, run.first + run.rows)) continue;
      if (split_ == nullptr || split_->contains(run.id)) {
        lane.split.push_back({run.id, starts[run.first]});
        control_.take(sizeof(Split));
      } else {
        lane.best.add({duration_of(run, scan, starts, durations), run.id});
      }
    }
    return Status::ok();
  }

  Status measure(std::vector<Split> split) {
    order(split);
    for (std::size_t i = 0; i < split.size(); ++i) {
      const Status status = i % kTracesAtOnce == 0 ? control_.check() : Status::ok();
      if (is_end_of_part(status)) {
        coverage_ = {.is_complete = false, .searched_back_to = UINT64_MAX};
        break;
      }
      KOLBEN_RETURN_IF_ERROR(status);
      KOLBEN_TRY(const TraceFacts facts, workplace_->reader.facts(split[i].id));
      best_.add({facts.duration, split[i].id});
    }
    return Status::ok();
  }

  // Whether it is no error but the end of the time of an answer of which a part will do.
  bool is_end_of_part(const Status& status) const {
    return status.code() == StatusCode::kDeadlineExceeded && control_.allows_partial();
  }

  Control& control_;
  const BoundQuery& query_;
  const TraceQuery& question_;
  GroupWalk walk_;
  const std::size_t limit_;
  const SplitTraces* split_ = nullptr;
  Best best_;
  Coverage coverage_;
  std::optional<Workplace> workplace_;  // of the calling thread
};

}  // namespace

Result<TracePage> search_longest(Context& context, Control& control, const BoundQuery& query,
                                 const TraceQuery& question) {
  std::optional<Place> after;
  if (!question.cursor.empty()) {
    KOLBEN_TRY(after, parse_cursor(question.cursor));
  }
  if (question.limit == 0) return TracePage();
  Longest longest(context, control, query, question, std::min(question.limit, kTracesMax), after);
  KOLBEN_RETURN_IF_ERROR(longest.run());
  return longest.result();
}

}  // namespace kolben::storage::scan
