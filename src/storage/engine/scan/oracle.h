// The oracle of the tests: parts decoded row by row, and filters evaluated plainly on each span.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "storage/engine/part/memory_part.h"
#include "storage/engine/part/span_group.h"
#include "storage/engine/scan/snapshot.h"
#include "storage/evaluate.h"

namespace kolben::storage::scan {

// A random set of rows that were deleted.
class RandomDeleted final : public engine::DeletedRows {
 public:
  explicit RandomDeleted(std::set<std::pair<std::uint32_t, std::uint32_t>> rows)
      : rows_(std::move(rows)) {}
  bool contains(std::uint32_t group, std::uint32_t row) const override {
    return rows_.count({group, row}) > 0;
  }
  bool any(std::uint32_t group) const override {
    const auto first = rows_.lower_bound({group, 0});
    return first != rows_.end() && first->first == group;
  }

 private:
  std::set<std::pair<std::uint32_t, std::uint32_t>> rows_;
};

struct OracleSpan {
  const part::ResourceEntry* resource = nullptr;
  const part::ScopeEntry* scope = nullptr;
  Span span;
  std::string content;  // as the bytes of a request

  std::string_view service() const { return service_name(resource->resource); }
  bool is_error() const { return span.status_code == SpanStatusCode::kError; }
};

class Oracle {
 public:
  explicit Oracle(const engine::Snapshot& snapshot) : snapshot_(snapshot) {
    for (const engine::LivePart& live : snapshot_.spans) read_part(live);
    for (std::size_t i = 0; i < spans_.size(); ++i) {
      std::vector<std::size_t>& trace = traces_[spans_[i].span.trace_id];
      const bool is_copy = std::any_of(trace.begin(), trace.end(), [&](std::size_t other) {
        return spans_[other].content == spans_[i].content;
      });
      if (!is_copy) trace.push_back(i);
    }
    for (const auto& [id, numbers] : traces_) facts_[id] = facts_of(numbers);
  }

  const std::vector<OracleSpan>& spans() const { return spans_; }
  // Numbers of its spans, each once.
  const std::map<TraceId, std::vector<std::size_t>>& traces() const { return traces_; }

  const TraceFacts& facts(const TraceId& id) const { return facts_.at(id); }

  bool matches(const CompiledFilter::Node& node, const OracleSpan& one) const {
    return CompiledFilter::evaluate(
        node,
        [&](const Condition& condition) {
          return holds(condition, one.resource->resource, one.scope->scope, one.span,
                       facts(one.span.trace_id));
        },
        [&](const CompiledFilter::Node& related) { return has_relative(related, one); });
  }
  bool matches(const CompiledFilter& filter, TimeRange range, const OracleSpan& one) const {
    return range.contains(one.span.start_time_unix_nano) && matches(filter.root(), one);
  }
  std::optional<Value> value_of(const Field& field, const OracleSpan& one,
                                const TraceFacts& facts) const {
    return first_value(field, one.resource->resource, one.scope->scope, one.span, facts);
  }

 private:
  TraceFacts facts_of(const std::vector<std::size_t>& numbers) const {
    TraceFacts facts;
    std::uint64_t first = UINT64_MAX;
    std::uint64_t last = 0;
    const OracleSpan* root = nullptr;
    for (const std::size_t number : numbers) {
      const OracleSpan& one = spans_[number];
      first = std::min(first, one.span.start_time_unix_nano);
      last = std::max(last, one.span.start_time_unix_nano + one.span.duration_nanos());
      ++facts.spans;
      if (one.span.parent_span_id.is_zero() && (root == nullptr || is_earlier(one, *root))) {
        root = &one;
      }
    }
    facts.duration = last - first;
    facts.has_root = root != nullptr;
    if (root != nullptr) {
      facts.root_service = root->service();
      facts.root_name = root->span.name;
    }
    return facts;
  }

  static bool is_earlier(const OracleSpan& a, const OracleSpan& b) {
    return std::tuple(a.span.start_time_unix_nano, a.span.span_id, a.service(), a.span.name) <
           std::tuple(b.span.start_time_unix_nano, b.span.span_id, b.service(), b.span.name);
  }

  void read_part(const engine::LivePart& live) {
    for (std::uint32_t g = 0; g < live.part->groups(); ++g) {
      auto opened = part::SpanGroup::open(live.part, g);
      ASSERT_TRUE(opened.has_value());
      groups_.push_back(std::make_unique<part::SpanGroup>(std::move(*opened)));
      part::SpanGroup& group = *groups_.back();
      const auto* resources = *group.columns().numbers(part::span_column::kResource);
      const auto* scopes = *group.columns().numbers(part::span_column::kScope);
      for (std::uint32_t row = 0; row < group.rows(); ++row) {
        if (live.deleted && live.deleted->contains(g, row)) continue;
        OracleSpan one;
        ASSERT_TRUE(group.read(row, arena_, one.span).is_ok());
        one.resource = &live.part->resources()[(*resources)[row]];
        one.scope = &live.part->scopes()[(*scopes)[row]];
        one.content = part::request_of(
            part::surroundings_of(*live.part, (*resources)[row], (*scopes)[row]), one.span);
        spans_.push_back(std::move(one));
      }
    }
  }

  // Of another span of the trace.
  static bool is_parent(const OracleSpan& parent, const OracleSpan& child) {
    return parent.content != child.content && !child.span.parent_span_id.is_zero() &&
           parent.span.span_id == child.span.parent_span_id;
  }

  bool has_relative(const CompiledFilter::Node& node, const OracleSpan& one) const {
    const std::vector<std::size_t>& trace = traces_.at(one.span.trace_id);
    const bool is_up = node.relation == Relation::kParent || node.relation == Relation::kAncestor;
    const bool is_far =
        node.relation == Relation::kAncestor || node.relation == Relation::kDescendant;
    // What is reached from the span, one step or all.
    std::set<std::string> reached;
    std::vector<const OracleSpan*> next = {&one};
    std::vector<const OracleSpan*> relatives;
    while (!next.empty()) {
      const OracleSpan& from = *next.back();
      next.pop_back();
      for (const std::size_t number : trace) {
        const OracleSpan& other = spans_[number];
        const bool is_related = node.relation == Relation::kSibling
                                    ? other.content != from.content &&
                                          !from.span.parent_span_id.is_zero() &&
                                          other.span.parent_span_id == from.span.parent_span_id
                                    : (is_up ? is_parent(other, from) : is_parent(from, other));
        if (!is_related || !reached.insert(other.content).second) continue;
        relatives.push_back(&other);
        if (is_far) next.push_back(&other);
      }
    }
    return std::any_of(relatives.begin(), relatives.end(), [&](const OracleSpan* relative) {
      return matches(node.children.front(), *relative);
    });
  }

  const engine::Snapshot snapshot_;
  Arena arena_;
  std::vector<std::unique_ptr<part::SpanGroup>> groups_;
  std::vector<OracleSpan> spans_;
  std::map<TraceId, std::vector<std::size_t>> traces_;
  std::map<TraceId, TraceFacts> facts_;
};

}  // namespace kolben::storage::scan
