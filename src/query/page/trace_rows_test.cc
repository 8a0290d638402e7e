#include "query/page/trace_rows.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace kolben::query::page {
namespace {

// A trace whose span ids are small numbers.
class Trace {
 public:
  Trace() : batch_(Signal::kTraces) { resource(); }
  // The spans from now on are of another one.
  Trace& resource() {
    spans_ = &batch_.traces().resources.add(batch_.arena()).scopes.add(batch_.arena()).spans;
    return *this;
  }
  Trace& span(std::uint64_t id, std::uint64_t parent, std::uint64_t start,
              SpanKind kind = SpanKind::kInternal) {
    Span& span = spans_->add(batch_.arena());
    span.span_id = to_id(id);
    span.parent_span_id = to_id(parent);
    span.start_time_unix_nano = start;
    span.kind = kind;
    return *this;
  }
  std::vector<TraceRow> rows() const { return trace_rows(batch_.traces()); }

  // "1 -1 0; 2 0 1": id, row of the parent, depth.
  std::string text() const {
    std::string out;
    for (const TraceRow& row : rows()) {
      if (!out.empty()) out += "; ";
      out += std::to_string(from_id(row.span->span_id)) + " " + std::to_string(row.parent) + " " +
             std::to_string(row.depth);
    }
    return out;
  }

 private:
  static SpanId to_id(std::uint64_t number) {
    SpanId id;
    for (std::size_t i = 0; i < 8; ++i) {
      id.bytes[i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
    }
    return id;
  }
  static std::uint64_t from_id(const SpanId& id) {
    std::uint64_t number = 0;
    for (const std::uint8_t byte : id.bytes) number = number << 8 | byte;
    return number;
  }

  Batch batch_;
  List<Span>* spans_;
};

TEST(TraceRows, ParentBeforeChildSiblingsByStart) {
  EXPECT_EQ(Trace().span(4, 2, 30).span(3, 1, 40).span(2, 1, 20).span(1, 0, 10).text(),
            "1 -1 0; 2 0 1; 4 1 2; 3 0 1");
}

TEST(TraceRows, ChildMayStartBeforeItsParent) {
  EXPECT_EQ(Trace().span(1, 0, 10).span(2, 1, 5).text(), "1 -1 0; 2 0 1");
}

TEST(TraceRows, SpansWithoutTheirParentAreOrphans) {
  EXPECT_EQ(Trace().span(1, 0, 10).span(2, 99, 20).span(3, 2, 30).text(), "1 -1 0; 2 -2 0; 3 1 1");
}

TEST(TraceRows, SeveralRoots) {
  EXPECT_EQ(Trace().span(2, 0, 20).span(1, 0, 10).text(), "1 -1 0; 2 -1 0");
}

TEST(TraceRows, CirclesAreCutAtTheirEarliestSpan) {
  EXPECT_EQ(Trace().span(1, 2, 10).span(2, 3, 20).span(3, 1, 30).span(4, 2, 40).text(),
            "1 -2 0; 3 0 1; 2 1 2; 4 2 3");
}

TEST(TraceRows, SpanThatIsItsOwnParent) {
  EXPECT_EQ(Trace().span(1, 1, 10).span(2, 1, 20).text(), "1 -2 0; 2 0 1");
}

TEST(TraceRows, SharedIdOfClientAndServer) {
  EXPECT_EQ(Trace()
                .span(1, 0, 10)
                .span(2, 1, 20, SpanKind::kClient)
                .span(2, 1, 30, SpanKind::kServer)
                .span(3, 2, 40)
                .text(),
            "1 -1 0; 2 0 1; 2 1 2; 3 2 3");
}

TEST(TraceRows, RepeatedIdsKeepAllSpans) {
  EXPECT_EQ(Trace().span(1, 0, 10).span(1, 0, 20).span(2, 1, 30).text(), "1 -1 0; 2 0 1; 1 -1 0");
}

TEST(TraceRows, SpansOfSeveralResourcesStandInOneOrder) {
  EXPECT_EQ(Trace()
                .span(3, 1, 30)
                .span(2, 1, 20)
                .resource()
                .span(1, 0, 10)
                .span(6, 1, 60)
                .resource()
                .resource()
                .span(4, 1, 40)
                .resource()
                .span(5, 1, 50)
                .text(),
            "1 -1 0; 2 0 1; 3 0 1; 4 0 1; 5 0 1; 6 0 1");
}

TEST(TraceRows, NoSpansNoRows) {
  EXPECT_EQ(Trace().text(), "");
}

// Quadratic work or recursion would show here: a chain, a fan and a circle of 100,000 spans.
TEST(TraceRows, HundredThousandSpansOfAnyShape) {
  constexpr std::uint64_t kSpans = 100'000;
  Trace chain;
  Trace fan;
  Trace circle;
  for (std::uint64_t i = 1; i <= kSpans; ++i) {
    chain.span(i, i - 1, i);
    fan.span(i, i == 1 ? 0 : 1, kSpans - i);
    circle.span(i, i % kSpans + 1, i);
  }
  EXPECT_EQ(chain.rows().back().depth, kSpans - 1);
  EXPECT_EQ(fan.rows().back().depth, 1U);
  EXPECT_EQ(circle.rows().size(), kSpans);
}

}  // namespace
}  // namespace kolben::query::page
