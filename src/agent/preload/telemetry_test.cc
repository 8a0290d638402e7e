#include "agent/preload/telemetry.h"

#include <gtest/gtest.h>

#include "agent/preload/testing/connections_fixture.h"

namespace kolben::agent {
namespace {

struct SeenRecord {
  RecordType type{};
  SpanRecord span;
  LogRecordHeader log;
  std::string texts;
};

class TelemetryTest : public ConnectionsTest {
 protected:
  void SetUp() override {
    ConnectionsTest::SetUp();
    telemetry_.init(system_, ring_, sampler_, connections_);
    telemetry_.forked(1, 42);
  }
  kolben_span start(const char* parent = nullptr) {
    return telemetry_.start(thread_, parent, traceparent_);
  }
  std::string started() const { return {traceparent_, sizeof(traceparent_)}; }
  void finish(kolben_span span, const std::string& packed) {
    telemetry_.finish(thread_, span, packed.data(), packed.size());
  }
  std::vector<SeenRecord> records() {
    std::vector<SeenRecord> all;
    std::vector<std::uint8_t> buffer(kRecordBytesMax);
    while (const std::uint32_t size = reader_->next(buffer.data(), 1)) {
      SeenRecord one;
      RecordHeader header;
      std::memcpy(&header, buffer.data(), sizeof(header));
      one.type = header.type;
      const bool is_span = header.type == RecordType::kSpan;
      const std::size_t fixed = is_span ? sizeof(one.span) : sizeof(one.log);
      void* to = is_span ? static_cast<void*>(&one.span) : static_cast<void*>(&one.log);
      std::memcpy(to, buffer.data() + sizeof(header), fixed);
      const auto* texts = reinterpret_cast<const char*>(buffer.data()) + sizeof(header) + fixed;
      one.texts.assign(texts, size - sizeof(header) - fixed);
      all.push_back(one);
    }
    return all;
  }

  // Of a span that is open; after the first one has begun, and nothing else.
  static OpenSpan* spans() { return static_cast<OpenSpan*>(fake_memory); }

  // Whether what the thread may ask now can be on nobody else's behalf.
  bool is_alone() {
    accept(5);
    receive(5, "GET / HTTP/1.1\r\n\r\n");
    const std::uint64_t request = connections_.request(thread_);
    connections_.work_for_alone(thread_, request);
    const bool is_alone = connections_.request(thread_) == request;
    connections_.work_for(thread_, request);
    send(5, "HTTP/1.1 204 No Content\r\n\r\n");
    seen();
    return is_alone;
  }

  Telemetry telemetry_;
  char traceparent_[55] = {};
};

// A packed span of which only some sizes are not zero.
std::string packed_span(std::uint32_t name_size, const std::string& texts,
                        std::uint32_t links_size = 0) {
  kolben_packed_span fixed = {};
  fixed.start_time = 5;
  fixed.end_time = 9;
  fixed.kind = KOLBEN_CONSUMER;
  fixed.name_size = name_size;
  fixed.links_size = links_size;
  return std::string(reinterpret_cast<const char*>(&fixed), sizeof(fixed)) + texts;
}

constexpr char kParent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST_F(TelemetryTest, ASpanIsToldAtItsEndFromAnyThread) {
  const kolben_span span = start(kParent);
  ASSERT_NE(span, 0u);
  EXPECT_EQ(started().substr(0, 36), std::string(kParent).substr(0, 36));
  EXPECT_EQ(thread_.span, 0u);
  ThreadState other;
  const std::string packed = packed_span(4, "namelink", 4);
  telemetry_.finish(other, span, packed.data(), packed.size());
  finish(span, packed);  // once
  const std::vector<SeenRecord> all = records();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].type, RecordType::kSpan);
  EXPECT_EQ(all[0].texts, "namelink");
  EXPECT_EQ(hex(all[0].span.parent_span_id, 8), "b7ad6b7169203331");
  EXPECT_EQ(hex(all[0].span.self.span_id, 8), started().substr(36, 16));
  EXPECT_EQ(all[0].span.start_time, 5u);
  EXPECT_EQ(all[0].span.end_time, 9u);
  EXPECT_EQ(all[0].span.kind, KOLBEN_CONSUMER);
  EXPECT_EQ(all[0].span.links_size, 4u);
}

TEST_F(TelemetryTest, WithoutAParentASpanIsARoot) {
  finish(start(), packed_span(0, ""));
  finish(start("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01 no parent, this"),
         packed_span(0, ""));
  const std::vector<SeenRecord> all = records();
  ASSERT_EQ(all.size(), 2u);
  for (const SeenRecord& one : all) {
    EXPECT_EQ(hex(one.span.parent_span_id, 8), std::string(16, '0'));
    EXPECT_NE(hex(one.span.self.trace_id, 16), kTraceId);
  }
}

TEST_F(TelemetryTest, ASpanEndsUntoldWithoutBytesAndWithOnesThatDisagree) {
  telemetry_.finish(thread_, start(), nullptr, 0);
  finish(start(), packed_span(5, "name"));
  finish(start(), packed_span(0xffffffff, "name", 5));
  finish(start(), "short");
  finish(start(), packed_span(kRecordBytesMax, std::string(kRecordBytesMax, 'x')));
  EXPECT_TRUE(records().empty());
  EXPECT_EQ(reader_->untraced(), 4u);
}

TEST_F(TelemetryTest, WhatAThreadWorksForIsTheParentOfItsCallsAndLogs) {
  const kolben_span span = start(kParent);
  const std::string id = started().substr(36, 16);
  telemetry_.work_for(thread_, 0, span);
  connections_.connected(thread_, 8, nullptr, 0);
  send(8, "GET /up HTTP/1.1\r\n\r\n");
  receive(8, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const std::vector<Seen> calls = seen();
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(hex(calls[0].fixed.parent_span_id, 8), id);
  EXPECT_EQ(hex(calls[0].fixed.self.trace_id, 16), kTraceId);

  const kolben_packed_log log = {.time = 7,
                                 .severity = KOLBEN_WARN,
                                 .severity_text_size = 4,
                                 .scope_name_size = 0,
                                 .body_size = 5,
                                 .attributes_size = 0,
                                 .dropped_attributes_count = 2};
  const std::string packed =
      std::string(reinterpret_cast<const char*>(&log), sizeof(log)) + "WARNhello";
  telemetry_.log_packed(thread_, packed.data(), packed.size());
  telemetry_.log_packed(thread_, packed.data(), packed.size() - 1);
  const std::vector<SeenRecord> logs = records();
  ASSERT_EQ(logs.size(), 1u);
  EXPECT_EQ(hex(logs[0].log.context.span_id, 8), id);
  EXPECT_EQ(logs[0].log.time, 7u);
  EXPECT_EQ(logs[0].log.dropped_attributes_count, 2u);
  EXPECT_EQ(logs[0].texts, "WARNhello");

  finish(span, packed_span(0, ""));
  EXPECT_EQ(thread_.span, 0u);
}

// --- whose spans are open ------------------------------------------------------------------------

TEST_F(TelemetryTest, SpansAroundTheThreadsOwnAreItsOwn) {
  const kolben_span outer = start();
  telemetry_.work_for(thread_, 0, outer);
  const kolben_span inner = start(started().c_str());
  telemetry_.work_for(thread_, 0, inner);
  EXPECT_EQ(thread_.open_spans, 2u);
  EXPECT_TRUE(is_alone());
  finish(outer, packed_span(0, ""));
  EXPECT_EQ(thread_.open_spans, 1u);
  EXPECT_TRUE(is_alone());
  finish(inner, packed_span(0, ""));
  EXPECT_EQ(thread_.open_spans, 0u);
  EXPECT_TRUE(is_alone());
}

TEST_F(TelemetryTest, AnotherThreadsSpanIsNot) {
  const kolben_span own = telemetry_.begin(thread_, {"a", 1}, 0);
  EXPECT_TRUE(is_alone());
  ThreadState other;
  const kolben_span others = telemetry_.begin(other, {"b", 1}, 0);
  EXPECT_FALSE(is_alone());
  telemetry_.end(other, others);
  EXPECT_TRUE(is_alone());
  telemetry_.end(thread_, own);
  start();  // nobody works for it yet
  EXPECT_FALSE(is_alone());
}

// What was open when it was forked is the parent's, whoever ends it here.
TEST_F(TelemetryTest, AForksChildCountsItsOwn) {
  const kolben_span outer = telemetry_.begin(thread_, {"a", 1}, 0);
  const kolben_span others = start();
  connections_.forked(2, 43);
  connections_.keeps(thread_);
  telemetry_.forked(2, 43);
  EXPECT_TRUE(is_alone());
  const kolben_span inner = telemetry_.begin(thread_, {"b", 1}, 0);
  EXPECT_TRUE(is_alone());
  telemetry_.end(thread_, inner);
  telemetry_.end(thread_, outer);
  finish(others, packed_span(0, ""));
  EXPECT_TRUE(is_alone());
  EXPECT_NE(start(), 0u);
  EXPECT_FALSE(is_alone());
}

TEST_F(TelemetryTest, NothingIsLeftOfThePlacesLastUser) {
  kolben_span span = telemetry_.begin(thread_, {"first", 5}, KOLBEN_SERVER);
  telemetry_.status(span, KOLBEN_ERROR, {"gone", 4});
  telemetry_.event(span, {"event", 5}, nullptr, 0);
  telemetry_.end(thread_, span);
  records();
  span = start();
  telemetry_.end(thread_, span);
  const std::vector<SeenRecord> all = records();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].texts, "");
  EXPECT_EQ(all[0].span.kind, 0);
  EXPECT_EQ(all[0].span.status_code, 0);
}

TEST_F(TelemetryTest, WhatASpanHasNoRoomForIsCountedWithIt) {
  const std::string large(kSpanBytesMax / 2 + 1, 'x');
  const kolben_attribute attribute = {
      {"key", 3}, KOLBEN_STRING, {.string = {large.data(), large.size()}}};
  const kolben_span span = telemetry_.begin(thread_, {"a", 1}, 0);
  for (int i = 0; i < 3; ++i) telemetry_.attribute(span, attribute);
  telemetry_.event(span, {large.data(), large.size()}, nullptr, 0);
  telemetry_.end(thread_, span);
  const kolben_attribute two[] = {attribute, attribute};
  telemetry_.log(thread_, KOLBEN_WARN, {"b", 1}, two, 2);
  const std::vector<SeenRecord> all = records();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].span.dropped_attributes_count, 2u);
  EXPECT_EQ(all[0].span.dropped_events_count, 1u);
  EXPECT_EQ(all[1].log.dropped_attributes_count, 1u);
  EXPECT_EQ(reader_->untraced(), 0u);
}

TEST_F(TelemetryTest, LinksAreToldWithTheirSpan) {
  const kolben_attribute attribute = {{"key", 3}, KOLBEN_INT, {.integer = 7}};
  const kolben_text other = {kParent, sizeof(kParent) - 1};
  kolben_span span = telemetry_.begin(thread_, {"a", 1}, KOLBEN_CONSUMER);
  telemetry_.link(span, other, &attribute, 1);
  telemetry_.link(span, {kParent, sizeof(kParent) - 2}, nullptr, 0);
  telemetry_.end(thread_, span);
  span = telemetry_.begin(thread_, {"b", 1}, KOLBEN_PRODUCER);
  for (std::uint32_t i = 0; i <= kLinksBytesMax / 28; ++i) telemetry_.link(span, other, nullptr, 0);
  telemetry_.end(thread_, span);
  telemetry_.link(span, other, nullptr, 0);  // too late
  const std::vector<SeenRecord> all = records();
  ASSERT_EQ(all.size(), 2u);
  ASSERT_EQ(all[0].span.links_size, 28u + 1 + 4 + 3 + 8);
  EXPECT_EQ(all[0].texts.size(), 1 + all[0].span.links_size);
  const auto* link = reinterpret_cast<const std::uint8_t*>(all[0].texts.data()) + 1;
  EXPECT_EQ(hex(link, 24), std::string(kParent).substr(3, 32) + "b7ad6b7169203331");
  EXPECT_EQ(link[24], 16);
  EXPECT_EQ(all[0].span.kind, KOLBEN_CONSUMER);
  EXPECT_EQ(all[1].span.links_size, kLinksBytesMax / 28 * 28);
  EXPECT_EQ(all[1].span.dropped_links_count, 1u);
}

// Two threads at a time may add more to a size than there was room for.
TEST_F(TelemetryTest, WhateverASizeIsNothingIsBeyondIt) {
  const kolben_attribute attribute = {{"key", 3}, KOLBEN_INT, {.integer = 7}};
  const kolben_span span = telemetry_.begin(thread_, {"a", 1}, 0);
  OpenSpan* place = spans();
  ASSERT_EQ(place->name[0], 'a');
  place->attributes_size.set(kSpanBytesMax + 1);
  place->events_size.set(kSpanBytesMax + 1);
  place->links_size.set(kLinksBytesMax + 28);
  telemetry_.attribute(span, attribute);
  telemetry_.event(span, {"event", 5}, &attribute, 1);
  telemetry_.link(span, {kParent, sizeof(kParent) - 1}, &attribute, 1);
  const OpenSpan untouched = {};
  EXPECT_EQ(std::memcmp(place->events, untouched.events, sizeof(place->events)), 0);
  EXPECT_EQ(std::memcmp(place->links, untouched.links, sizeof(place->links)), 0);
  EXPECT_EQ(std::memcmp(&place->baggage, &untouched.baggage, sizeof(place->baggage)), 0);
  EXPECT_EQ(spans()[1].turn.load(), 0u);
  place->attributes_size.set(kSpanBytesMax + 1);
  place->events_size.set(kSpanBytesMax + 1);
  place->links_size.set(kLinksBytesMax + 28);
  telemetry_.end(thread_, span);
  const std::vector<SeenRecord> all = records();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].span.attributes_size, kSpanBytesMax);
  EXPECT_EQ(all[0].span.events_size, kSpanBytesMax);
  EXPECT_EQ(all[0].span.links_size, kLinksBytesMax);
  EXPECT_EQ(all[0].span.dropped_attributes_count, 1u);
  EXPECT_EQ(all[0].span.dropped_events_count, 1u);
  EXPECT_EQ(all[0].span.dropped_links_count, 1u);
}

// It lies on a page of its own.
TEST_F(TelemetryTest, WhoSetsNoBaggageTouchesNone) {
  const kolben_span first = telemetry_.begin(thread_, {"a", 1}, 0);
  OpenSpan* place = spans();
  telemetry_.end(thread_, first);
  place->baggage.span = 77;
  const kolben_span outer = telemetry_.begin(thread_, {"b", 1}, 0);
  ASSERT_EQ(place->name[0], 'b') << "the same place";
  EXPECT_EQ(thread_.baggage, nullptr);
  telemetry_.end(thread_, outer);
  EXPECT_EQ(place->baggage.span, 77u);
}

TEST_F(TelemetryTest, AttributesOfTheRequestGoIntoItsRecord) {
  accept(5);
  receive(5, "GET / HTTP/1.1\r\n\r\n");
  connections_.add_packed(thread_, "abc", 3);
  connections_.add_packed(thread_, std::string(kAttributesBytesMax, 'x').data(),
                          kAttributesBytesMax);  // no room: none of it
  send(5, "HTTP/1.1 204 No Content\r\n\r\n");
  connections_.add_packed(thread_, "abc", 3);  // too late
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].fixed.attributes_size, 3u);
}

}  // namespace
}  // namespace kolben::agent
