#include "query/page/trace_rows.h"

#include <algorithm>
#include <utility>

namespace kolben::query::page {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;

// What the order depends on, out of spans that lie far apart in memory: they are read once, in the
// order in which they lie, because waiting for each again and again is most of the time otherwise.
struct Brief {
  std::uint64_t start;
  SpanId id;
  SpanId parent_id;
  std::uint32_t index;  // among the spans as they came
  SpanKind kind;
};

bool comes_before(const Brief& a, const Brief& b) {
  if (a.start != b.start) return a.start < b.start;
  if (a.id != b.id) return a.id < b.id;
  return a.index < b.index;
}

// Sorts what consists of runs, which end at `ends`; stores give the spans of a scope in order.
void sort_runs(std::vector<Brief>& briefs, std::vector<std::size_t> ends) {
  const auto at = [&briefs](std::size_t i) {
    return briefs.begin() + static_cast<std::ptrdiff_t>(i);
  };
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    if (!std::is_sorted(at(begin), at(end), comes_before)) {
      std::sort(at(begin), at(end), comes_before);
    }
    begin = end;
  }
  while (ends.size() > 1) {  // each time half as many
    std::vector<std::size_t> merged;
    begin = 0;
    for (std::size_t i = 0; i < ends.size(); i += 2) {
      const std::size_t end = ends[std::min(i + 1, ends.size() - 1)];
      std::inplace_merge(at(begin), at(ends[i]), at(end), comes_before);
      merged.push_back(begin = end);
    }
    ends = std::move(merged);
  }
}

// The spans as they came, and the same in the order of their starts: then every list of children
// below is in order as well.
struct Collected {
  std::vector<TraceRow> spans;
  std::vector<Brief> briefs;
};

Collected collect(const DecodedTraces& traces) {
  Collected found;
  std::vector<std::size_t> ends;
  for (const ResourceSpans& resource : traces.resources) {
    for (const ScopeSpans& scope : resource.scopes) {
      for (const Span& span : scope.spans) {
        found.briefs.push_back({span.start_time_unix_nano, span.span_id, span.parent_span_id,
                                static_cast<std::uint32_t>(found.spans.size()), span.kind});
        found.spans.push_back({&span, &scope.scope, &resource.resource, kRootParent, 0});
      }
      ends.push_back(found.briefs.size());
    }
  }
  sort_runs(found.briefs, std::move(ends));
  return found;
}

// Who has which id.
struct Owner {
  std::uint32_t parent_of_children;
  std::uint32_t client = kNone;  // of a shared id
  std::uint32_t server = kNone;
};

// Ids to owners: open addressing, because a node for each of a hundred thousand spans is most of
// what a person waits for.
class Owners {
 public:
  explicit Owners(const std::vector<Brief>& rows) : rows_(rows) {
    std::size_t slots = 16;
    while (slots < rows.size() * 2) slots *= 2;
    slots_.assign(slots, kNone);
    owners_.reserve(rows.size());
    for (std::uint32_t i = 0; i < rows.size(); ++i) add(i);
  }

  // Null where nobody has it.
  const Owner* find(const SpanId& id) const {
    const std::uint32_t owner = slots_[slot_of(id)];
    return owner == kNone ? nullptr : &owners_[owner];
  }

 private:
  void add(std::uint32_t row) {
    std::uint32_t& slot = slots_[slot_of(rows_[row].id)];
    if (slot == kNone) {
      slot = static_cast<std::uint32_t>(owners_.size());
      owners_.push_back({row});
    }
    Owner& owner = owners_[slot];
    const SpanKind kind = rows_[row].kind;
    if (kind == SpanKind::kClient && owner.client == kNone) owner.client = row;
    if (kind == SpanKind::kServer && owner.server == kNone) owner.server = row;
    if (owner.client != kNone && owner.server != kNone) owner.parent_of_children = owner.server;
  }

  // Where the id is, or would be: half of the slots are empty, so there is an end.
  std::size_t slot_of(const SpanId& id) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = IdHash{}(id)&mask;
    while (slots_[slot] != kNone && id_of(slots_[slot]) != id) slot = (slot + 1) & mask;
    return slot;
  }
  // Whichever of its rows gets the children, it has that id.
  const SpanId& id_of(std::uint32_t owner) const {
    return rows_[owners_[owner].parent_of_children].id;
  }

  const std::vector<Brief>& rows_;
  std::vector<std::uint32_t> slots_;
  std::vector<Owner> owners_;
};

// The row of the parent before any reordering; kNone for roots and orphans.
std::uint32_t parent_of(const std::vector<Brief>& rows, std::uint32_t index, const Owners& owners) {
  const Brief& span = rows[index];
  if (span.kind == SpanKind::kServer) {
    const Owner* own = owners.find(span.id);
    if (own->server == index && own->client != kNone) return own->client;
  }
  if (span.parent_id.is_zero()) return kNone;
  const Owner* found = owners.find(span.parent_id);
  if (found == nullptr) return kNone;
  const std::uint32_t parent = found->parent_of_children;
  return parent == index ? kNone : parent;
}

// Children of each row as chains: first_child[p], then next_sibling[c].
struct Forest {
  std::vector<std::uint32_t> parent;
  std::vector<std::uint32_t> first_child;
  std::vector<std::uint32_t> next_sibling;
};

Forest plant(const std::vector<Brief>& rows) {
  const Owners owners(rows);
  Forest forest;
  forest.parent.resize(rows.size());
  forest.first_child.assign(rows.size(), kNone);
  forest.next_sibling.assign(rows.size(), kNone);
  // From the last to the first, so that putting in front leaves each chain in order.
  for (auto i = static_cast<std::uint32_t>(rows.size()); i-- > 0;) {
    const std::uint32_t parent = parent_of(rows, i, owners);
    forest.parent[i] = parent;
    if (parent == kNone) continue;
    forest.next_sibling[i] = forest.first_child[parent];
    forest.first_child[parent] = i;
  }
  return forest;
}

// Walks the forest and lays the rows out in reading order.
class Layout {
 public:
  Layout(const Collected& found, const Forest& forest)
      : spans_(found.spans),
        rows_(found.briefs),
        forest_(forest),
        placed_(found.briefs.size(), false) {
    ordered_.reserve(rows_.size());
  }

  std::vector<TraceRow> run() && {
    for (std::uint32_t i = 0; i < rows_.size(); ++i) {
      if (forest_.parent[i] == kNone) walk(i);
    }
    // What no root leads to is a circle, or hangs on one.
    for (std::uint32_t i = 0; i < rows_.size(); ++i) {
      if (!placed_[i]) walk(i);
    }
    return std::move(ordered_);
  }

 private:
  struct Step {
    std::uint32_t index;
    std::int32_t parent_row;
    std::uint32_t depth;
  };

  void walk(std::uint32_t top) {
    const bool is_root = forest_.parent[top] == kNone && rows_[top].parent_id.is_zero();
    stack_.push_back({top, is_root ? kRootParent : kMissingParent, 0});
    while (!stack_.empty()) {
      const Step step = stack_.back();
      stack_.pop_back();
      if (placed_[step.index]) continue;
      place(step);
    }
  }

  void place(const Step& step) {
    placed_[step.index] = true;
    const auto row = static_cast<std::int32_t>(ordered_.size());
    ordered_.push_back(spans_[rows_[step.index].index]);
    ordered_.back().parent = step.parent_row;
    ordered_.back().depth = step.depth;
    const std::size_t first = stack_.size();
    for (std::uint32_t child = forest_.first_child[step.index]; child != kNone;
         child = forest_.next_sibling[child]) {
      if (!placed_[child]) stack_.push_back({child, row, step.depth + 1});
    }
    std::reverse(stack_.begin() + static_cast<std::ptrdiff_t>(first), stack_.end());
  }

  const std::vector<TraceRow>& spans_;
  const std::vector<Brief>& rows_;
  const Forest& forest_;
  std::vector<bool> placed_;
  std::vector<Step> stack_;
  std::vector<TraceRow> ordered_;
};

}  // namespace

std::vector<TraceRow> trace_rows(const DecodedTraces& traces) {
  const Collected found = collect(traces);
  const Forest forest = plant(found.briefs);
  return Layout(found, forest).run();
}

}  // namespace kolben::query::page
