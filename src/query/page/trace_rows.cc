#include "query/page/trace_rows.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace kolben::query::page {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;

bool starts_before(const TraceRow& a, const TraceRow& b) {
  if (a.span->start_time_unix_nano != b.span->start_time_unix_nano) {
    return a.span->start_time_unix_nano < b.span->start_time_unix_nano;
  }
  return a.span->span_id < b.span->span_id;
}

// In the order of their starts: then every list of children below is in order as well.
std::vector<TraceRow> collect(const DecodedTraces& traces) {
  std::vector<TraceRow> rows;
  for (const ResourceSpans& resource : traces.resources) {
    for (const ScopeSpans& scope : resource.scopes) {
      for (const Span& span : scope.spans) {
        rows.push_back({&span, &scope.scope, &resource.resource, kRootParent, 0});
      }
    }
  }
  std::stable_sort(rows.begin(), rows.end(), starts_before);
  return rows;
}

// Who has which id.
struct Owner {
  std::uint32_t parent_of_children;
  std::uint32_t client = kNone;  // of a shared id
  std::uint32_t server = kNone;
};
using Owners = std::unordered_map<SpanId, Owner, IdHash>;

Owners index_ids(const std::vector<TraceRow>& rows) {
  Owners owners;
  owners.reserve(rows.size());
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    Owner& owner = owners.try_emplace(rows[i].span->span_id, Owner{i}).first->second;
    const SpanKind kind = rows[i].span->kind;
    if (kind == SpanKind::kClient && owner.client == kNone) owner.client = i;
    if (kind == SpanKind::kServer && owner.server == kNone) owner.server = i;
    if (owner.client != kNone && owner.server != kNone) owner.parent_of_children = owner.server;
  }
  return owners;
}

// The row of the parent before any reordering; kNone for roots and orphans.
std::uint32_t parent_of(const std::vector<TraceRow>& rows, std::uint32_t index,
                        const Owners& owners) {
  const Span& span = *rows[index].span;
  const Owner& own = owners.at(span.span_id);
  if (own.server == index && own.client != kNone) return own.client;
  if (span.parent_span_id.is_zero()) return kNone;
  const auto found = owners.find(span.parent_span_id);
  if (found == owners.end()) return kNone;
  const std::uint32_t parent = found->second.parent_of_children;
  return parent == index ? kNone : parent;
}

// Children of each row as chains: first_child[p], then next_sibling[c].
struct Forest {
  std::vector<std::uint32_t> parent;
  std::vector<std::uint32_t> first_child;
  std::vector<std::uint32_t> next_sibling;
};

Forest plant(const std::vector<TraceRow>& rows) {
  const Owners owners = index_ids(rows);
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
  Layout(const std::vector<TraceRow>& rows, const Forest& forest)
      : rows_(rows), forest_(forest), placed_(rows.size(), false) {
    ordered_.reserve(rows.size());
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
    const bool is_root = forest_.parent[top] == kNone && rows_[top].span->parent_span_id.is_zero();
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
    ordered_.push_back(rows_[step.index]);
    ordered_.back().parent = step.parent_row;
    ordered_.back().depth = step.depth;
    const std::size_t first = stack_.size();
    for (std::uint32_t child = forest_.first_child[step.index]; child != kNone;
         child = forest_.next_sibling[child]) {
      if (!placed_[child]) stack_.push_back({child, row, step.depth + 1});
    }
    std::reverse(stack_.begin() + static_cast<std::ptrdiff_t>(first), stack_.end());
  }

  const std::vector<TraceRow>& rows_;
  const Forest& forest_;
  std::vector<bool> placed_;
  std::vector<Step> stack_;
  std::vector<TraceRow> ordered_;
};

}  // namespace

std::vector<TraceRow> trace_rows(const DecodedTraces& traces) {
  const std::vector<TraceRow> rows = collect(traces);
  const Forest forest = plant(rows);
  return Layout(rows, forest).run();
}

}  // namespace kolben::query::page
