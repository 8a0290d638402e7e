// Search, newest trace first. A trace is as old as its earliest span, and none of its spans starts
// before that; so pages of rows are looked at from the newest on, and when the page is full of
// traces that are all newer than the next rows, no later row can change it. Exact, whatever the
// order in which spans arrived.
#include <algorithm>
#include <charconv>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "storage/engine/queries.h"
#include "storage/engine/span_scan.h"
#include "storage/engine/trace_finder.h"

namespace kolben::storage::engine {
namespace {

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

struct PageRef {
  std::size_t view = 0;
  std::size_t page = 0;
  std::uint64_t last = 0;
};

class Search {
 public:
  Search(QueryContext& context, const SpanQuery& query, std::uint32_t limit,
         std::optional<Place> after)
      : context_(context),
        query_(query),
        wanted_(std::size_t{limit} + 1),  // one more, to know whether there is a next page
        after_(after),
        bodies_(context.cache),
        finder_(context.views),
        trace_duration_([this](const TraceId& id) { return finder_.duration(id); }),
        scans_(context.views.size()) {}

  Status run() {
    for (const PageRef& page : pages_newest_first()) {
      if (best_.size() == wanted_ && page.last < best_.rbegin()->start) break;
      KOLBEN_RETURN_IF_ERROR(context_.budget.check());
      KOLBEN_RETURN_IF_ERROR(scan(page));
    }
    return Status::ok();
  }

  TracePage result() const {
    TracePage page;
    for (const Place& place : best_) {
      if (page.traces.size() + 1 == wanted_) {
        page.next_cursor = cursor_of(*std::prev(best_.end(), 2));
        break;
      }
      page.traces.push_back(finder_.summary(place.id));
    }
    for (const auto& scan : scans_) page.spans_scanned += scan ? scan->rows_scanned() : 0;
    return page;
  }

 private:
  std::vector<PageRef> pages_newest_first() {
    std::vector<PageRef> pages;
    for (std::size_t i = 0; i < context_.views.size(); ++i) {
      const SegmentView& view = *context_.views[i];
      auto scan = std::make_unique<SpanScan>(query_, view, bodies_, trace_duration_);
      if (!scan->may_match()) continue;
      scans_[i] = std::move(scan);
      for (std::size_t page = 0; page < view.spans.pages.size(); ++page) {
        if (!scans_[i]->may_match_page(page)) continue;
        pages.push_back({i, page, view.spans.pages[page].last});
      }
    }
    std::stable_sort(pages.begin(), pages.end(),
                     [](const PageRef& a, const PageRef& b) { return a.last > b.last; });
    return pages;
  }

  Status scan(const PageRef& page) {
    rows_.clear();
    KOLBEN_RETURN_IF_ERROR(scans_[page.view]->scan(page.page, rows_));
    const SegmentView& view = *context_.views[page.view];
    for (const std::uint32_t row : rows_) consider(view, view.spans.trace_id[row]);
    if (seen_.size() <= kTracesSeenMax) return Status::ok();
    return resource_exhausted("the search met too many traces; ask for a shorter time range");
  }

  void consider(const SegmentView& view, const TraceId& id) {
    if (!seen_.insert(id).second) return;
    const bool is_full = best_.size() == wanted_;
    // A bound that costs less than looking into every segment.
    const std::optional<std::uint64_t> here = view.traces->earliest(id);
    if (is_full && here && *here < best_.rbegin()->start) return;
    const Place place{finder_.earliest(id).value_or(0), id};
    if (after_ && !(*after_ < place)) return;
    best_.insert(place);
    if (is_full) best_.erase(std::prev(best_.end()));
  }

  QueryContext& context_;
  const SpanQuery& query_;
  const std::size_t wanted_;
  const std::optional<Place> after_;
  BodyReader bodies_;
  TraceFinder finder_;
  TraceDuration trace_duration_;
  std::vector<std::unique_ptr<SpanScan>> scans_;
  std::unordered_set<TraceId, IdHash> seen_;
  std::set<Place> best_;
  std::vector<std::uint32_t> rows_;
};

}  // namespace

Result<TracePage> search(QueryContext& context, const TraceQuery& query) {
  Result<SpanQuery> compiled = SpanQuery::compile(query.filter, query.range);
  if (!compiled) return compiled.error();
  std::optional<Place> after;
  if (!query.cursor.empty()) {
    Result<Place> place = parse_cursor(query.cursor);
    if (!place) return place.error();
    after = *place;
  }
  if (query.limit == 0) return TracePage();
  Search search(context, *compiled, std::min(query.limit, kTracesMax), after);
  KOLBEN_RETURN_IF_ERROR(search.run());
  return search.result();
}

}  // namespace kolben::storage::engine
