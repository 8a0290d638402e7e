#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "agent/preload/carried_header.h"
#include "agent/preload/telemetry.h"
#include "agent/preload/testing/connections_fixture.h"

namespace kolben::agent {
namespace {

kolben_text text_of(std::string_view text) {
  return {text.data(), text.size()};
}

// A thread that serves requests on 5, and asks on 8.
class CarriedHeadersTest : public ConnectionsTest {
 protected:
  void SetUp() override {
    ConnectionsTest::SetUp();
    telemetry_.init(system_, ring_, sampler_, connections_);
    telemetry_.forked(1, 42);
  }
  void serve(const std::string& headers) {
    accept(5);
    receive(5, std::string("GET / HTTP/1.1\r\n") + kHeader + headers + "\r\n");
    ASSERT_TRUE(Connections::serves(thread_));
  }
  kolben_span begin(std::string_view name) {
    return telemetry_.begin(thread_, text_of(name), KOLBEN_INTERNAL);
  }
  void end(kolben_span span) { telemetry_.end(thread_, span); }
  bool set(std::string_view key, std::string_view value) {
    return telemetry_.set_baggage(thread_, text_of(key), text_of(value));
  }
  std::string get(std::string_view key) {
    char value[64];
    const std::size_t size = telemetry_.baggage(thread_, text_of(key), value, sizeof(value));
    return {value, size};
  }
  // What a request that is asked now has of this header; "": nothing.
  std::string sent(const std::string& name, const std::string& own = "") {
    connections_.connected(thread_, 8, nullptr, 0);
    const std::string wire = injection(8, {"GET /up HTTP/1.1\r\n" + own + "\r\n"});
    const std::size_t begin = wire.find("\r\n" + name + ": ");
    if (begin == std::string::npos) return "";
    const std::size_t value = begin + name.size() + 4;
    return wire.substr(value, wire.find("\r\n", value) - value);
  }

  Telemetry telemetry_;
};

TEST_F(CarriedHeadersTest, WhatCameInGoesOnAndIsRead) {
  serve("tracestate: a=1, b=2\r\nBaggage: user = 7%2C8;x, user2=9\r\nbaggage: c=3\r\n");
  EXPECT_EQ(sent("tracestate"), "a=1,b=2");
  EXPECT_EQ(sent("baggage"), "user = 7%2C8;x,user2=9,c=3");
  EXPECT_EQ(sent("baggage", "Baggage: own=1\r\n"), "") << "the program's own stays alone";
  EXPECT_EQ(get("user"), "7,8");
  EXPECT_EQ(get("c"), "3");
  EXPECT_EQ(get("use"), "");
}

TEST_F(CarriedHeadersTest, TheProgramsOwnStaysAloneWhereverItStands) {
  serve("tracestate: a=1\r\nbaggage: b=2\r\n");
  const std::string long_line = "Forwarded: for=" + std::string(1500, 'x') + "\r\n";
  EXPECT_EQ(sent("baggage", long_line + "Baggage: own=1\r\n"), "");
  EXPECT_EQ(sent("tracestate", long_line + "TraceState: own=1\r\n"), "");
  EXPECT_EQ(sent("tracestate", long_line + "baggage: own=1\r\n"), "a=1");
}

// Of the kept head's 2 KiB there is room for all but its last member.
TEST_F(CarriedHeadersTest, OfLongListsWholeMembersGoOn) {
  std::string members;
  const std::string value(35, 'x');
  for (int i = 100; i < 160; ++i) members += "k" + std::to_string(i) + "=" + value + ",";
  serve("tracestate: a=1\r\nbaggage: " + members + "last=1\r\n");
  const std::string baggage = sent("baggage");
  EXPECT_GT(baggage.size(), 1800u);
  EXPECT_EQ(baggage, members.substr(0, baggage.size()));
  EXPECT_EQ(members[baggage.size()], ',');
  EXPECT_EQ(sent("tracestate"), "a=1");
  EXPECT_GE(reader_->untraced(), 1u);
  char some[100];
  const std::size_t size = connections_.list_for_child(thread_, kBaggageHeader, some, sizeof(some));
  EXPECT_EQ(std::string(some, size), members.substr(0, 2 * 41 - 1));
}

TEST_F(CarriedHeadersTest, OfALongTracestateTheLongEntriesAreLeftOutFirst) {
  const std::string longest = "b=" + std::string(900, 'x');
  const std::string list = longest + "," + std::string(ListWriter::kLongMemberBytes, 'c');
  serve("tracestate: a=1," + list + ",d=4\r\n");
  EXPECT_EQ(sent("tracestate"), "a=1," + list + ",d=4");
  EXPECT_EQ(reader_->untraced(), 0u);
  char value[512];
  const std::size_t size =
      connections_.list_for_child(thread_, kTracestateHeader, value, sizeof(value));
  EXPECT_EQ(std::string(value, size),
            "a=1," + std::string(ListWriter::kLongMemberBytes, 'c') + ",d=4");
}

TEST_F(CarriedHeadersTest, BaggageOfTheRequestIsAddedToWhatCameIn) {
  serve("baggage: a=1,b=2\r\n");
  EXPECT_TRUE(set("b", "x y"));
  EXPECT_TRUE(set("c", "3"));
  EXPECT_TRUE(set("c", "4"));
  EXPECT_EQ(sent("baggage"), "c=4,b=x%20y,a=1");
  EXPECT_EQ(get("a") + get("b") + get("c"), "1x y4");
  send(5, "HTTP/1.1 204 No Content\r\n\r\n");
  serve("");
  EXPECT_EQ(sent("baggage"), "") << "of the request before";
  EXPECT_EQ(get("c"), "");
}

TEST_F(CarriedHeadersTest, BaggageOfASpanHoldsWithinIt) {
  serve("baggage: a=1\r\n");
  const kolben_span outer = begin("outer");
  EXPECT_TRUE(set("b", "2"));
  const kolben_span inner = begin("inner");
  EXPECT_EQ(sent("baggage"), "b=2,a=1");
  EXPECT_TRUE(set("a", "3"));
  EXPECT_EQ(sent("baggage"), "a=3,b=2");
  EXPECT_EQ(get("a") + get("b"), "32");
  end(inner);
  EXPECT_EQ(sent("baggage"), "b=2,a=1");
  end(outer);
  EXPECT_EQ(sent("baggage"), "a=1");
  EXPECT_EQ(get("b"), "");
}

TEST_F(CarriedHeadersTest, BaggageOfASpanHoldsHoweverDeepWithinIt) {
  begin("outer");
  EXPECT_TRUE(set("a", "1"));
  for (int i = 0; i < 40; ++i) begin("inner");
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(sent("baggage"), "a=1");
}

TEST_F(CarriedHeadersTest, OfWhatIsRefusedNothingIsLeft) {
  const kolben_span outer = begin("outer");
  EXPECT_TRUE(set("a", "1"));
  const kolben_span inner = begin("inner");
  EXPECT_FALSE(set("b", std::string(kOwnBaggageBytesMax, 'x')));
  telemetry_.work_for(thread_, 0, outer);
  EXPECT_TRUE(set("a", "2"));
  telemetry_.work_for(thread_, 0, inner);
  EXPECT_EQ(get("a"), "2") << "the outer one's is looked at, not a copy";
}

TEST_F(CarriedHeadersTest, OfManyMembersTheFirstGoOn) {
  std::string members;
  for (int i = 100; i < 170; ++i) members += "k" + std::to_string(i) + "=1,";
  const std::string first = members.substr(0, 32 * 7 - 1);
  serve("tracestate: " + members + "\r\nbaggage: " + members + "\r\n");
  EXPECT_EQ(sent("baggage"), members.substr(0, 64 * 7 - 1));
  EXPECT_EQ(sent("tracestate"), first);
  for (int i = 0; i < 64; ++i) EXPECT_TRUE(set("k" + std::to_string(i), "1"));
  EXPECT_FALSE(set("k64", "1"));
  EXPECT_TRUE(set("k63", "2"));
}

TEST_F(CarriedHeadersTest, ASpanWithoutARequestHasBaggageToo) {
  EXPECT_FALSE(set("a", "1")) << "there is neither";
  const kolben_span span = begin("command");
  EXPECT_TRUE(set("a", "1"));
  EXPECT_EQ(sent("baggage"), "a=1");
  char value[64];
  const std::size_t size =
      connections_.list_for_child(thread_, kBaggageHeader, value, sizeof(value));
  EXPECT_EQ(std::string(value, size), "a=1");
  end(span);
  EXPECT_EQ(sent("baggage"), "");
}

TEST_F(CarriedHeadersTest, AnotherThreadsSpanHasItsOwn) {
  const kolben_span span = begin("one");
  EXPECT_TRUE(set("a", "1"));
  ThreadState other;
  telemetry_.end(other, span);
  // The place is used again.
  const kolben_span next = telemetry_.begin(other, text_of("next"), KOLBEN_INTERNAL);
  EXPECT_TRUE(telemetry_.set_baggage(other, text_of("b"), text_of("2")));
  EXPECT_EQ(get("a") + get("b"), "");
  telemetry_.end(other, next);
}

TEST_F(CarriedHeadersTest, WhatIsNoBaggageIsRefused) {
  serve("");
  for (const char* key : {"", "a b", "a=b", "a,b", "a\r\nX: y"}) EXPECT_FALSE(set(key, "1")) << key;
  EXPECT_TRUE(set("a", "1\r\nX: y"));
  EXPECT_EQ(sent("baggage"), "a=1%0D%0AX:%20y");
  EXPECT_FALSE(set("b", std::string(kOwnBaggageBytesMax, 'x')));
  EXPECT_FALSE(set("b", std::string(kOwnBaggageBytesMax - 10, 'x')));
  EXPECT_EQ(get("a"), "1\r\nX: y") << "what was set stays";
}

}  // namespace
}  // namespace kolben::agent
