// Searches, whole traces and what the input fields offer, against a plain evaluation of every span.
#include <algorithm>

#include "storage/engine/scan/oracle_fixture.h"

namespace kolben::storage::scan {
namespace {

class SearchOracle : public ScanOracle {
 protected:
  TraceSummary summary(const TraceId& id) const;
  std::vector<std::string> matching_summaries(const TraceQuery& query) const;
  TraceMatch match(const TraceId& id, const TraceQuery& query) const;
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
  const OracleSpan* first = nullptr;
  for (const std::size_t number : oracle().traces().at(id)) {
    const OracleSpan& one = oracle().spans()[number];
    const Span& span = one.span;
    if (first == nullptr || std::tie(span.start_time_unix_nano, span.span_id) <
                                std::tie(first->span.start_time_unix_nano, first->span.span_id)) {
      first = &one;
    }
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
  summary.first_service = first->service();
  summary.first_name = first->span.name;
  const TraceFacts facts = oracle().facts(id);
  summary.root_service = facts.root_service;
  summary.root_name = facts.root_name;
  return summary;
}

std::string to_text(const TraceSummary& summary) {
  std::string text = summary.trace_id.to_hex() + " " + summary.root_service + "/" +
                     summary.root_name + " " + summary.first_service + "/" + summary.first_name +
                     " " + std::to_string(summary.start_unix_nano) + "-" +
                     std::to_string(summary.end_unix_nano) + " " + std::to_string(summary.spans) +
                     " spans " + std::to_string(summary.errors) + " errors " +
                     std::to_string(summary.orphans) + " orphans";
  for (const ServiceCount& service : summary.services) {
    text += " " + service.name + ":" + std::to_string(service.spans) + "/" +
            std::to_string(service.errors);
  }
  if (const auto& match = summary.match) {
    text += " " + std::to_string(match->spans) + " match: " + match->span_id.to_hex() + " " +
            match->service + "/" + match->name + " " + std::to_string(match->duration) + " " +
            match->detail;
  }
  return text;
}

// At most 300 bytes of it, whole characters.
std::string beginning_of(const std::string& text) {
  std::size_t size = std::min<std::size_t>(text.size(), 300);
  while (size < text.size() && size > 0 && (text[size] & '\xC0') == '\x80') --size;
  return text.substr(0, size);
}

TraceMatch SearchOracle::match(const TraceId& id, const TraceQuery& query) const {
  const auto compiled = CompiledFilter::compile(query.filter);
  const auto order = [](const OracleSpan& one) {
    return std::tuple(UINT64_MAX - one.span.duration_nanos(), one.span.start_time_unix_nano,
                      one.span.span_id);
  };
  TraceMatch match;
  const OracleSpan* best = nullptr;
  for (const std::size_t number : oracle().traces().at(id)) {
    const OracleSpan& one = oracle().spans()[number];
    if (!oracle().matches(*compiled, query.range, one)) continue;
    ++match.spans;
    if (best == nullptr || order(one) < order(*best)) best = &one;
  }
  match.span_id = best->span.span_id;
  match.service = best->service();
  match.name = best->span.name;
  match.duration = best->span.duration_nanos();
  for (const std::string& key : query.detail_keys) {
    const Value* value = find(best->span.attributes, key);
    if (value == nullptr) continue;
    match.detail = beginning_of(value_text(*value));
    break;
  }
  return match;
}

// Of every trace with a span that matches, in the order that is asked for.
std::vector<std::string> SearchOracle::matching_summaries(const TraceQuery& query) const {
  std::set<TraceId> ids;
  for (const OracleSpan* one : matching(query.filter, query.range)) ids.insert(one->span.trace_id);
  std::vector<TraceSummary> summaries;
  for (const TraceId& id : ids) {
    summaries.push_back(summary(id));
    if (query.with_match) summaries.back().match = match(id, query);
  }
  const auto rank = [&query](const TraceSummary& one) {
    return query.order == TraceOrder::kLongest ? one.end_unix_nano - one.start_unix_nano
                                               : one.start_unix_nano;
  };
  std::sort(summaries.begin(), summaries.end(), [&rank](const auto& a, const auto& b) {
    return rank(a) != rank(b) ? rank(a) > rank(b) : a.trace_id < b.trace_id;
  });
  std::vector<std::string> texts;
  for (const TraceSummary& one : summaries) texts.push_back(to_text(one));
  return texts;
}

TEST_F(SearchOracle, PagesTogetherAreAllTracesThatMatch) {
  for_each_query([this](RandomQuery& random) {
    TraceQuery query{.range = random.range(), .filter = random.filter()};
    if (random.one_in(2)) query.order = TraceOrder::kLongest;
    query.with_match = random.one_in(2);
    query.detail_keys = {"url.path", "a", "http.method"};
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

TEST_F(SearchOracle, ACursorIsOfOneOrder) {
  for_each_query([this](RandomQuery&) {
    TraceQuery query{.limit = 1, .order = TraceOrder::kLongest};
    Context now = context();
    const auto page = search(now, query);
    ASSERT_TRUE(page.has_value()) << page.status().to_string();
    if (page->next_cursor.empty()) return;
    query.cursor = page->next_cursor;
    query.order = TraceOrder::kNewest;
    EXPECT_EQ(search(now, query).status().code(), StatusCode::kInvalidArgument);
    query.cursor = search(now, {.limit = 1})->next_cursor;
    query.order = TraceOrder::kLongest;
    EXPECT_EQ(search(now, query).status().code(), StatusCode::kInvalidArgument);
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
