// Limits of attributes, events, links and log records, all of them set.
#include <gtest/gtest.h>

#include "agent/process/recorder_fixture.h"

namespace kolben::agent {
namespace {

using namespace kolben::agent::testing;  // NOLINT: the records' builders

class LimitedRecorderTest : public RecorderTest {
 protected:
  LimitedRecorderTest()
      : RecorderTest(Environment{{"OTEL_ATTRIBUTE_COUNT_LIMIT", "100"},
                                 {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "100"},
                                 {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "2"},
                                 {"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "3"},
                                 {"OTEL_SPAN_EVENT_COUNT_LIMIT", "1"},
                                 {"OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "1"},
                                 {"OTEL_SPAN_LINK_COUNT_LIMIT", "1"},
                                 {"OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "0"},
                                 {"OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "1"},
                                 {"OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", "4"}}) {}
};

TEST_F(LimitedRecorderTest, EachLimitIsItsOwn) {
  const std::string three =
      EncodedAttributes().add("a", "12345").add("b", "12345").add("c", "12345").bytes();
  const std::string link = std::string(16, '\x0a') + std::string(8, '\x0b') +
                           std::string("\14\0\0\0", 4) + std::string("\1\3\0\0\0why\0\0\0\0", 12);
  TestSpan span;
  span.attributes = three;
  span.events = event_bytes("first", three) + event_bytes("second", three);
  span.links = link + link;
  span.dropped_events = 4;
  handle(span_record(span));
  handle(log_record(9, "body is longer", three));
  const Span told = spans().at(0);
  EXPECT_EQ(listed(told.attributes), "a=123\nb=123\n");
  EXPECT_EQ(told.dropped_attributes_count, 1u);
  ASSERT_EQ(told.events.size(), 1u);
  EXPECT_EQ(told.events[0].name, "first");
  EXPECT_EQ(told.dropped_events_count, 5u);
  EXPECT_EQ(listed(told.events[0].attributes), "a=123\n");
  EXPECT_EQ(told.events[0].dropped_attributes_count, 2u);
  ASSERT_EQ(told.links.size(), 1u);
  EXPECT_EQ(told.dropped_links_count, 1u);
  EXPECT_TRUE(told.links[0].attributes.empty());
  EXPECT_EQ(told.links[0].dropped_attributes_count, 1u);
  const LogRecord log = log_records().at(0);
  EXPECT_EQ(log.body.as_string(), "body is longer");
  EXPECT_EQ(listed(log.attributes), "a=1234\n");
  EXPECT_EQ(log.dropped_attributes_count, 2u);
}

TEST_F(LimitedRecorderTest, SpansOfExchangesAreNoExceptionNorAreLines) {
  handle(exchange_record({}));
  EXPECT_EQ(listed(spans().at(0).attributes), "http.method=GET\nhttp.server_name=127\n");
  handle(output_record("hello\n"));
  const LogRecord log = log_records().at(0);
  EXPECT_EQ(listed(log.attributes), "log.iostream=stdo\n");
}

}  // namespace
}  // namespace kolben::agent
