// For which request a thread asks, and where that is only a guess.
#include "agent/preload/testing/connections_fixture.h"

namespace kolben::agent {
namespace {

constexpr char kRequest[] = "GET / HTTP/1.1\r\n\r\n";
constexpr char kDone[] = "HTTP/1.1 204 No Content\r\n\r\n";
constexpr char kOk[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
constexpr char kGet[] = "*2\r\n$3\r\nGET\r\n$1\r\na\r\n";
constexpr int kUpstream = 100;  // and more

// "parent", "link" or "" (none), and of which request.
struct Outcome {
  std::string how;
  std::string span;
  bool operator==(const Outcome&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  return out << outcome.how << ' ' << outcome.span;
}

class AttributionTest : public ConnectionsTest {
 protected:
  // A turn of an event loop, to which so many events came.
  void turn(int events, std::int64_t timeout = -1) {
    connections_.waits_for_events(thread_);
    connections_.events_came(thread_, events, timeout);
  }
  // The request that is read from a connection: its span's id.
  std::string read_request(int file) {
    accept(file);
    receive(file, kRequest);
    return hex(connections_.request(thread_) == 0 ? nothing_ : thread_.request_context.span_id, 8);
  }
  // What becomes of a call over HTTP that is written now.
  Outcome call(int file, bool is_new = true) {
    if (is_new) connect(file);
    send(file, "GET /up HTTP/1.1\r\n\r\n");
    receive(file, kOk);
    return last();
  }
  Outcome last() {
    const std::vector<Seen> all = seen();
    if (all.empty()) return {"not told", ""};
    const Seen& one = all.back();
    const std::string span = hex(one.fixed.parent_span_id, 8);
    if (!one.linked.empty()) return {"link", span};
    return span == std::string(16, '0') ? Outcome{} : Outcome{"parent", span};
  }
  // What becomes of a question to a database.
  Outcome question(int file) {
    static_cast<void>(told());
    send(file, kGet);
    const auto all = told();
    if (all.empty()) return {"not told", ""};
    const StreamPiece& fixed = all.back().fixed;
    const std::string span = hex(fixed.parent_span_id, 8);
    if (hex(fixed.linked_trace_id, 16) != std::string(32, '0')) return {"link", span};
    return span == std::string(16, '0') ? Outcome{} : Outcome{"parent", span};
  }
  static Outcome parent(const std::string& span) { return {"parent", span}; }
  static Outcome link(const std::string& span) { return {"link", span}; }

  const std::uint8_t nothing_[8] = {};
};

// nginx, as Debian's is.
class EventByEventTest : public AttributionTest {
 protected:
  EventByEventTest() { connections_.works_event_by_event(); }
};

// --- threads that serve one request after another ------------------------------------------------

TEST_F(AttributionTest, AThreadAsksForTheRequestThatItServes) {
  ThreadState other;
  const std::string here = read_request(5);
  accept(6);
  const iovec one = {const_cast<char*>(kRequest), sizeof(kRequest) - 1};
  connections_.received(other, 6, &one, 1, one.iov_len);
  EXPECT_EQ(call(kUpstream), parent(here));
}

TEST_F(AttributionTest, ASpanOfTheApplicationComesFirst) {
  read_request(5);
  thread_.span = 1;
  std::memset(thread_.span_context.trace_id, 0x77, 16);
  std::memset(thread_.span_context.span_id, 0x88, 8);
  EXPECT_EQ(call(kUpstream), parent("8888888888888888"));
}

// A thread that reads another request while its own is open is an event loop, whatever it waits
// with.
TEST_F(AttributionTest, AThreadThatServesSeveralAtATimeIsNotCertain) {
  read_request(5);
  const std::string second = read_request(6);
  EXPECT_EQ(call(kUpstream), link(second));
}

TEST_F(AttributionTest, WhoReadsAheadKnowsNotWhoseTurnItIs) {
  accept(5);
  receive(5, std::string(kRequest) + kRequest);
  EXPECT_EQ(call(kUpstream), Outcome());
  send(5, kDone);
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(call(kUpstream + 1).how, "parent");  // of the second, which is alone by now
}

// gRPC's client waits with epoll in the thread that called it.
TEST_F(AttributionTest, ToWaitWhileARequestIsServedMakesNoEventLoop) {
  read_request(5);
  turn(1);
  turn(1);
  send(5, kDone);
  ThreadState other;
  accept(6);
  const iovec one = {const_cast<char*>(kRequest), sizeof(kRequest) - 1};
  connections_.received(other, 6, &one, 1, one.iov_len);
  const std::string second = read_request(7);
  EXPECT_EQ(call(kUpstream), parent(second));
}

// --- event loops ---------------------------------------------------------------------------------

TEST_F(AttributionTest, TheOnlyEventOfATurnIsCertain) {
  turn(1);
  read_request(5);
  turn(1);
  const std::string second = read_request(6);
  EXPECT_EQ(call(kUpstream), parent(second));
  turn(1);
  EXPECT_EQ(call(kUpstream + 1), Outcome());
}

TEST_F(AttributionTest, OneOfSeveralEventsIsOnlyLinked) {
  turn(1);
  turn(2);
  read_request(5);
  const std::string second = read_request(6);
  EXPECT_EQ(call(kUpstream), link(second));
}

TEST_F(AttributionTest, WhoIsServedAloneIsCertain) {
  turn(1);
  turn(2);
  const std::string only = read_request(5);
  EXPECT_EQ(call(kUpstream), parent(only));
}

TEST_F(AttributionTest, ALoopThatHadMoreToDoIsNotCertain) {
  turn(1);
  read_request(5);
  turn(1, 0);  // what it has put off runs now
  const std::string second = read_request(6);
  EXPECT_EQ(call(kUpstream), link(second));
}

TEST_F(AttributionTest, ATimerMayBeWhatTheLoopWorksFor) {
  turn(1);
  read_request(5);
  turn(1, 1'000'000);
  const std::string second = read_request(6);
  connect(kUpstream);
  connect(kUpstream + 1);
  EXPECT_EQ(call(kUpstream, false), parent(second));
  fake_time += 1'000'000;
  EXPECT_EQ(call(kUpstream + 1, false), link(second));
}

TEST_F(AttributionTest, WhereLoopsShareTheirWorkNoEventIsCertain) {
  ThreadState other;
  connections_.waits_for_events(other);
  turn(1);
  read_request(5);
  turn(1);
  const std::string second = read_request(6);
  EXPECT_EQ(call(kUpstream), link(second));
}

TEST_F(AttributionTest, WhoOpenedAConnectionIsOnlyLinkedWhereOthersAreServed) {
  turn(1);
  const std::string first = read_request(5);
  connect(kUpstream);
  connect(kUpstream + 1);
  turn(1);
  read_request(6);
  turn(1);
  EXPECT_EQ(call(kUpstream, false), link(first));
  send(6, kDone);
  turn(1);
  EXPECT_EQ(call(kUpstream + 1, false), parent(first));
}

// What comes after an answer is on behalf of who asked, not of who came in the same turn.
TEST_F(AttributionTest, ANewRequestAndADatabasesAnswerInOneTurn) {
  turn(1);
  const std::string first = read_request(5);
  connect(kUpstream);
  EXPECT_EQ(question(kUpstream), parent(first));
  turn(2);
  const std::string second = read_request(6);
  receive(kUpstream, "$-1\r\n");
  EXPECT_EQ(question(kUpstream), link(first));
  turn(2);
  receive(kUpstream, "$-1\r\n");
  read_request(7);
  EXPECT_NE(question(kUpstream).how, "parent");
}

TEST_F(AttributionTest, ANewRequestAndAnAnswerOverHttpInOneTurn) {
  turn(1);
  read_request(5);
  connect(kUpstream);
  send(kUpstream, "GET /up HTTP/1.1\r\n\r\n");
  turn(2);
  read_request(6);
  receive(kUpstream, kOk);
  EXPECT_EQ(call(kUpstream + 1), Outcome());
}

TEST_F(AttributionTest, AResponseThatGoesOnMakesNothingCertain) {
  turn(1);
  const std::string first = read_request(5);
  turn(1);
  read_request(6);
  turn(2);
  send(5, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
  EXPECT_EQ(call(kUpstream), link(first));
}

TEST_F(AttributionTest, ALinkBeginsATraceOfItsOwn) {
  turn(1);
  turn(2);
  read_request(5);
  read_request(6);
  const std::string trace = hex(thread_.request_context.trace_id, 16);
  connect(kUpstream);
  const std::string wire = injection(kUpstream, {"GET /up HTTP/1.1\r\n\r\n"});
  send(kUpstream, "GET /up HTTP/1.1\r\n\r\n");
  receive(kUpstream, kOk);
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].linked, trace);
  EXPECT_NE(hex(all[0].fixed.self.trace_id, 16), trace);
  EXPECT_NE(wire.find(hex(all[0].fixed.self.trace_id, 16)), std::string::npos);
}

// --- how many are served -------------------------------------------------------------------------

TEST_F(AttributionTest, ManyRequestsAtOnceAreForgottenWhenTheyAreAnswered) {
  turn(1);
  for (int file = 200; file < 500; ++file) read_request(file);
  for (int file = 200; file < 500; ++file) send(file, kDone);
  seen();
  turn(2);
  const std::string only = read_request(5);
  EXPECT_EQ(call(kUpstream), parent(only));
}

TEST_F(AttributionTest, ForksChildrenCountTheirOwn) {
  read_request(5);
  read_request(6);
  connections_.span_begins();  // another thread's
  ThreadState child = {};
  connections_.forked(2, 43);
  connections_.keeps(child);
  connections_.closed(child, 5);
  connections_.closed(child, 6);
  thread_ = child;
  turn(2);
  const std::string only = read_request(7);
  EXPECT_EQ(call(kUpstream), parent(only));
}

TEST_F(AttributionTest, ARequestThatIsNotAnsweredIsServedNoMore) {
  turn(1);
  read_request(5);
  connections_.closed(thread_, 5);
  accept(6);
  receive(6, std::string(kRequest) + "\x16\x03");  // is given up
  turn(2);
  const std::string only = read_request(7);
  EXPECT_EQ(call(kUpstream), parent(only));
}

// --- programs that handle each event to its end --------------------------------------------------

TEST_F(EventByEventTest, TheLastEventIsCertain) {
  turn(1);
  turn(3);
  read_request(5);
  EXPECT_EQ(call(kUpstream).how, "parent");
  const std::string second = read_request(6);
  EXPECT_EQ(call(kUpstream + 1), parent(second));
}

// A proxy that had to wait for its connection, while another request came.
TEST_F(EventByEventTest, AConnectionThatIsThereIsAnEventOfWhoOpenedIt) {
  turn(1);
  const std::string first = read_request(5);
  connect(kUpstream);
  turn(2);
  const std::string second = read_request(6);
  EXPECT_EQ(call(kUpstream, false), parent(first));
  turn(1);
  const std::string third = read_request(7);
  EXPECT_EQ(call(kUpstream, false), parent(third));  // which found it unused again
}

TEST_F(EventByEventTest, AConnectionThatATimerOpenedIsNobodys) {
  turn(1);
  read_request(5);
  turn(0);
  connect(kUpstream);
  turn(2);
  read_request(6);
  EXPECT_EQ(call(kUpstream, false), Outcome());
}

TEST_F(EventByEventTest, AnAnswerLeadsBackToWhoAsked) {
  turn(1);
  const std::string first = read_request(5);
  connect(kUpstream);
  send(kUpstream, "GET /up HTTP/1.1\r\n\r\n");
  turn(2);
  read_request(6);
  receive(kUpstream, kOk);
  seen();
  EXPECT_EQ(call(kUpstream + 1), parent(first));
}

TEST_F(EventByEventTest, AConnectionThatFailsLeadsBackToWhoOpenedIt) {
  turn(1);
  const std::string first = read_request(5);
  connect(kUpstream);
  turn(2);
  read_request(6);
  connections_.closed(thread_, kUpstream);
  EXPECT_EQ(call(kUpstream + 1), parent(first));
}

// nginx asks for SO_ERROR, and says what it got in its log, before it closes.
TEST_F(EventByEventTest, WhoAsksHowAConnectionWentIsAtItsEvent) {
  turn(1);
  const std::string first = read_request(5);
  connect(kUpstream);
  turn(2);
  read_request(6);
  connections_.asks_how_it_went(thread_, kUpstream);
  EXPECT_EQ(call(kUpstream + 1), parent(first));
}

TEST_F(AttributionTest, WhoAsksHowAConnectionWentIsAtNothingKnownElsewhere) {
  turn(1);
  read_request(5);
  connect(kUpstream);
  turn(2);
  const std::string second = read_request(6);
  const ExchangeReference before = thread_.request;
  connections_.asks_how_it_went(thread_, kUpstream);
  EXPECT_EQ(thread_.request, before) << second;
}

TEST_F(EventByEventTest, ABodyLeadsBackToItsRequest) {
  turn(1);
  accept(5);
  receive(5, "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\na");
  const std::string first = hex(thread_.request_context.span_id, 8);
  turn(2);
  read_request(6);
  receive(5, "b");
  EXPECT_EQ(call(kUpstream), parent(first));
}

TEST_F(EventByEventTest, WhatIsNotKnownIsNobodys) {
  for (const bool is_tls : {true, false}) {
    turn(1);
    accept(7);
    receive(7, "\x16\x03\x01");
    turn(2);
    read_request(5);
    receive(is_tls ? 7 : 300, "\1\2\3\4\5\6\7\10");  // 300: an eventfd
    EXPECT_EQ(call(kUpstream), Outcome());
  }
}

TEST_F(EventByEventTest, ATimerMayBeWhatItWorksFor) {
  turn(1);
  read_request(5);
  turn(2, 1'000'000);
  const std::string second = read_request(6);
  connect(kUpstream);
  turn(1, 1'000'000);
  fake_time += 1'000'000;
  read_request(7);
  EXPECT_EQ(call(kUpstream + 1).how, "link");
  EXPECT_EQ(call(kUpstream, false), parent(second));
}

}  // namespace
}  // namespace kolben::agent
