// Searches, whole traces and what the input fields offer, against a plain evaluation of every span.
#include <algorithm>

#include "storage/engine/scan/oracle_fixture.h"

namespace kolben::storage::scan {
namespace {

class SearchOracle : public ScanOracle {
 protected:
  TraceSummary summary(const TraceId& id) const;
  std::vector<std::string> matching_summaries(const TraceQuery& query) const;
  std::vector<const OracleSpan*> spans_with_values_of(const Field& field) const;
};

TraceSummary SearchOracle::summary(const TraceId& id) const {
  TraceSummary summary;
  summary.trace_id = id;
  summary.start_unix_nano = UINT64_MAX;
  std::set<SpanId> ids;
  for (const std::size_t number : oracle().traces().at(id)) {
    ids.insert(oracle().spans()[number].span.span_id);
  }
  std::map<std::string, ServiceCount> services;
  for (const std::size_t number : oracle().traces().at(id)) {
    const OracleSpan& one = oracle().spans()[number];
    const Span& span = one.span;
    summary.start_unix_nano = std::min(summary.start_unix_nano, span.start_time_unix_nano);
    summary.end_unix_nano =
        std::max(summary.end_unix_nano, span.start_time_unix_nano + span.duration_nanos());
    ++summary.spans;
    ServiceCount& service = services[std::string(one.service())];
    service.name = one.service();
    ++service.spans;
    if (one.is_error()) {
      ++summary.errors;
      ++service.errors;
    }
    if (!span.parent_span_id.is_zero() && ids.count(span.parent_span_id) == 0) ++summary.orphans;
  }
  for (const auto& [name, count] : services) summary.services.push_back(count);
  const TraceFacts facts = oracle().facts(id);
  summary.root_service = facts.root_service;
  summary.root_name = facts.root_name;
  return summary;
}

std::string to_text(const TraceSummary& summary) {
  std::string text = summary.trace_id.to_hex() + " " + summary.root_service + "/" +
                     summary.root_name + " " + std::to_string(summary.start_unix_nano) + "-" +
                     std::to_string(summary.end_unix_nano) + " " + std::to_string(summary.spans) +
                     " spans " + std::to_string(summary.errors) + " errors " +
                     std::to_string(summary.orphans) + " orphans";
  for (const ServiceCount& service : summary.services) {
    text += " " + service.name + ":" + std::to_string(service.spans) + "/" +
            std::to_string(service.errors);
  }
  return text;
}

// Of every trace with a span that matches, the newest first.
std::vector<std::string> SearchOracle::matching_summaries(const TraceQuery& query) const {
  std::set<TraceId> ids;
  for (const OracleSpan* one : matching(query.filter, query.range)) ids.insert(one->span.trace_id);
  std::vector<TraceSummary> summaries;
  for (const TraceId& id : ids) summaries.push_back(summary(id));
  std::sort(summaries.begin(), summaries.end(), [](const auto& a, const auto& b) {
    return a.start_unix_nano != b.start_unix_nano ? a.start_unix_nano > b.start_unix_nano
                                                  : a.trace_id < b.trace_id;
  });
  std::vector<std::string> texts;
  for (const TraceSummary& one : summaries) texts.push_back(to_text(one));
  return texts;
}

TEST_F(SearchOracle, PagesTogetherAreAllTracesThatMatch) {
  for_each_query([this](RandomQuery& random) {
    TraceQuery query{.range = random.range(), .filter = random.filter()};
    const std::vector<std::string> want = matching_summaries(query);
    query.limit = static_cast<std::uint32_t>(1 + random.below(want.size() + 3));
    std::vector<std::string> got;
    Context now = context();
    do {
      const auto page = search(now, query);
      ASSERT_TRUE(page.has_value()) << page.status().to_string();
      ASSERT_LE(page->traces.size(), query.limit);
      for (const TraceSummary& one : page->traces) got.push_back(to_text(one));
      query.cursor = page->next_cursor;
    } while (!query.cursor.empty() && got.size() <= want.size());
    EXPECT_EQ(got, want);
  });
}

TEST_F(SearchOracle, ATraceIsWholeAndEachSpanOnce) {
  for_each_query([this](RandomQuery& random) {
    if (oracle().traces().empty()) return;
    auto trace = oracle().traces().begin();
    std::advance(trace, random.below(oracle().traces().size()));
    Context now = context();
    const auto batch = get_trace(now, trace->first);
    ASSERT_TRUE(batch.has_value()) << batch.status().to_string();
    std::vector<std::string> got;
    const auto is_earlier = [](const Span& a, const Span& b) {
      return a.start_time_unix_nano < b.start_time_unix_nano;
    };
    part::for_each_scope(
        batch->traces().resources, [&](const part::Surroundings& around, const ScopeSpans& scope) {
          EXPECT_TRUE(std::is_sorted(scope.spans.begin(), scope.spans.end(), is_earlier));
          for (const Span& span : scope.spans) got.push_back(part::request_of(around, span));
        });
    std::vector<std::string> want;
    for (const std::size_t number : trace->second) {
      want.push_back(oracle().spans()[number].content);
    }
    std::sort(got.begin(), got.end());
    std::sort(want.begin(), want.end());
    EXPECT_EQ(got, want);
  });
}

// The tables count all spans. What is scanned is those of all time, whose end is in no range: a
// span that starts there is not among them.
std::vector<const OracleSpan*> SearchOracle::spans_with_values_of(const Field& field) const {
  const bool is_in_tables = field == Field(Intrinsic::kServiceName) ||
                            field == Field(Intrinsic::kName) || field == Field(Intrinsic::kKind);
  if (!is_in_tables) return matching(Filter{And{}}, TimeRange());
  std::vector<const OracleSpan*> spans;
  for (const OracleSpan& one : oracle().spans()) spans.push_back(&one);
  return spans;
}

TEST_F(SearchOracle, ServicesAndValuesAreThoseOfAllSpans) {
  for_each_query([this](RandomQuery& random) {
    if (sample_->has_deleted()) return;  // the tables know nothing of rows that were deleted
    std::set<std::string> services_wanted;
    for (const OracleSpan& one : oracle().spans()) services_wanted.emplace(one.service());
    Context now = context();
    EXPECT_EQ(*services(now),
              std::vector<std::string>(services_wanted.begin(), services_wanted.end()));
    const Field field = random.field();
    Counts counts;
    for (const OracleSpan* one : spans_with_values_of(field)) {
      const auto text = text_of(field, *one);
      if (text && text->starts_with('v')) ++counts[*text];
    }
    const auto got = values(now, field, "v", 100'000);
    ASSERT_TRUE(got.has_value()) << got.status().to_string();
    std::vector<std::string> want;
    for (const auto& [text, count] : by_count(counts)) want.push_back(text);
    EXPECT_EQ(*got, want);
  });
}

const OracleSpan* caller_of(const OracleSpan& child, const std::vector<const OracleSpan*>& trace) {
  for (const OracleSpan* other : trace) {
    if (!child.span.parent_span_id.is_zero() && other->span.span_id == child.span.parent_span_id) {
      return other;
    }
  }
  return nullptr;
}

// Whether several spans have an id: which of them is a parent is not said then.
bool has_ambiguous_parents(const Oracle& oracle) {
  for (const auto& [id, numbers] : oracle.traces()) {
    std::set<SpanId> ids;
    for (const std::size_t number : numbers) {
      if (!ids.insert(oracle.spans()[number].span.span_id).second) return true;
    }
  }
  return false;
}

using Links = std::map<std::pair<std::string, std::string>, std::uint64_t>;

Links links_of(const Oracle& oracle, TimeRange range) {
  Links links;
  for (const auto& [id, numbers] : oracle.traces()) {
    std::vector<const OracleSpan*> trace;
    for (const std::size_t number : numbers) trace.push_back(&oracle.spans()[number]);
    for (const OracleSpan* child : trace) {
      const OracleSpan* parent = caller_of(*child, trace);
      if (parent == nullptr || parent->service() == child->service()) continue;
      if (!range.contains(child->span.start_time_unix_nano)) continue;
      ++links[{std::string(parent->service()), std::string(child->service())}];
    }
  }
  return links;
}

TEST_F(SearchOracle, DependenciesAreTheCallsBetweenServices) {
  for_each_query([this](RandomQuery& random) {
    const TimeRange range = random.range();
    Context now = context();
    const auto got = dependencies(now, range);
    ASSERT_TRUE(got.has_value()) << got.status().to_string();
    Links links;
    std::uint64_t calls = 0;
    for (const ServiceLink& link : *got) {
      links[{link.parent, link.child}] = link.calls;
      calls += link.calls;
    }
    if (has_ambiguous_parents(oracle())) {
      EXPECT_LE(calls, oracle().spans().size());
    } else {
      EXPECT_EQ(links, links_of(oracle(), range));
    }
  });
}

}  // namespace
}  // namespace kolben::storage::scan
