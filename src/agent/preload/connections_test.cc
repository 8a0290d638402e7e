#include "agent/preload/connections.h"

#include "agent/preload/testing/connections_fixture.h"

namespace kolben::agent {
namespace {

TEST_F(ConnectionsTest, RequestAndResponseBecomeOneRecord) {
  accept(5);
  receive(5, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(Connections::serves(thread_));
  EXPECT_EQ(count_open_requests(*open_table(ring_)), 1);
  send(5, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
  EXPECT_TRUE(seen().empty());
  send(5, "ok");
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].type, RecordType::kServerExchange);
  EXPECT_EQ(all[0].request, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(all[0].fixed.response_body_bytes, 2u);
  EXPECT_EQ(all[0].fixed.end_reason, EndReason::kComplete);
  EXPECT_EQ(all[0].fixed.self.flags, 1);
  EXPECT_EQ(all[0].fixed.peer_port, 4711);
  EXPECT_EQ(all[0].fixed.local_port, 80);
  EXPECT_GT(all[0].fixed.end_time, all[0].fixed.start_time);
  EXPECT_EQ(count_open_requests(*open_table(ring_)), 0);
  EXPECT_FALSE(Connections::serves(thread_));
}

TEST_F(ConnectionsTest, AHeadThatIsNotWholeIsAnswered) {
  accept(5);
  receive(5, "GET /a HTTP/1.1\r\nHost: x\r\nbro");
  send(5, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  connections_.closed(thread_, 5);
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].request.substr(0, 17), "GET /a HTTP/1.1\r\n");
  EXPECT_EQ(all[0].fixed.response_status, 400);
  EXPECT_EQ(all[0].fixed.end_reason, EndReason::kComplete);
}

TEST_F(ConnectionsTest, WhatIsNoAnswerIsNotTakenForOneToAHeadThatIsNotWhole) {
  accept(5);
  receive(5, "GET /a HTTP/1.1\r\nHost: x\r\n");
  send(5, "the rest of an answer before");
  receive(5, "\r\n");
  send(5, "HTTP/1.1 204 No Content\r\n\r\n");
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].fixed.response_status, 204);
}

TEST_F(ConnectionsTest, TraceOfTheCallerIsContinued) {
  accept(5);
  receive(5, std::string("GET / HTTP/1.1\r\n") + kHeader + "\r\n");
  send(5, "HTTP/1.1 204 No Content\r\n\r\n");
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(hex(all[0].fixed.self.trace_id, 16), kTraceId);
  EXPECT_EQ(hex(all[0].fixed.parent_span_id, 8), "b7ad6b7169203331");
  EXPECT_EQ(all[0].fixed.parent_is_remote, 1);
}

TEST_F(ConnectionsTest, AnExcludedUrlIsServedWithoutASpanAndSoIsWhatItAsksFor) {
  TextPatterns patterns;
  patterns.init("/health", TextPatterns::Kind::kSearched);
  connections_.exclude(patterns);
  accept(5);
  receive(5, std::string("GET /health HTTP/1.1\r\n") + kHeader + "\r\n");
  send(5, "HTTP/1.1 204 No Content\r\n\r\n");
  receive(5, "GET /other HTTP/1.1\r\n\r\n");
  send(5, "HTTP/1.1 204 No Content\r\n\r\n");
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].fixed.is_excluded, 1);
  EXPECT_EQ(all[0].fixed.self.flags, 0) << "what is below follows";
  EXPECT_EQ(hex(all[0].fixed.self.trace_id, 16), kTraceId);
  EXPECT_EQ(all[1].fixed.is_excluded, 0);
  EXPECT_EQ(all[1].fixed.self.flags, 1);
}

TEST_F(ConnectionsTest, HeadersThatSomebodyNamedAreKept) {
  CapturedHeaders headers;
  headers.set(0, "X-Request-Id, Accept.*");
  headers.set(1, "content-type");
  connections_.capture(headers);
  accept(5);
  receive(5, "GET / HTTP/1.1\r\nHost: x\r\nCookie: secret\r\nx-request-");
  receive(5, "id: 7\r\nAccept-Language: de\r\nContent-Length: 0\r\n\r\n");
  send(5,
       "HTTP/1.1 200 OK\r\nSet-Cookie: secret\r\nContent-Type: text/plain\r\n"
       "Content-Length: 0\r\n\r\n");
  receive(5, "GET / HTTP/1.1\r\n\r\n");
  send(5, "HTTP/1.1 204 No Content\r\n\r\n");
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].request,
            "GET / HTTP/1.1\r\nHost: x\r\nx-request-id: 7\r\nAccept-Language: de\r\n\r\n");
  EXPECT_EQ(all[0].response, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n");
  EXPECT_EQ(all[1].response, "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST_F(ConnectionsTest, KeepAliveAndPipelining) {
  accept(5);
  receive(5, "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HT");
  receive(5, "TP/1.1\r\n\r\n");
  send(5, "HTTP/1.1 204 A\r\n\r\nHTTP/1.1 200 B\r\nContent-Length: 1\r\n\r\nb");
  send(5, "HTTP/1.1 304 C\r\n\r\n");
  receive(5, "GET /4 HTTP/1.1\r\n\r\n");
  send(5, "HTTP/1.1 204 D\r\n\r\n");
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(all[i].request.substr(4, 2), "/" + std::to_string(i + 1));
    EXPECT_EQ(all[i].fixed.response_status, std::vector<int>({204, 200, 304, 204})[i]);
  }
}

TEST_F(ConnectionsTest, TooManyPipelinedRequestsAreCountedAndLeftAlone) {
  accept(5);
  for (std::uint32_t i = 0; i <= kPipelinedMax; ++i) receive(5, "GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(reader_->untraced(), 1u);
  EXPECT_EQ(count_open_requests(*open_table(ring_)), 0);
  send(5, "HTTP/1.1 204 A\r\n\r\n");
  EXPECT_TRUE(seen().empty());
}

TEST_F(ConnectionsTest, InterimResponsesAreSkipped) {
  accept(5);
  receive(5, "POST / HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  send(5, "HTTP/1.1 100 Continue\r\n\r\n");
  receive(5, "abc");
  send(5, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].fixed.response_status, 201);
  EXPECT_EQ(all[0].fixed.request_body_bytes, 3u);
}

TEST_F(ConnectionsTest, AnswerBeforeTheBodyWasRead) {
  accept(5);
  receive(5, "POST / HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc");
  send(5, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(seen().size(), 1u);
  receive(5, "defGET /next HTTP/1.1\r\n\r\n");
  send(5, "HTTP/1.1 204 N\r\n\r\n");
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].request.substr(4, 5), "/next");
}

TEST_F(ConnectionsTest, SentFileCountsAsBody) {
  accept(5);
  receive(5, "GET / HTTP/1.1\r\n\r\n");
  send(5, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
  connections_.sent_unseen(thread_, 5, 1000);
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].fixed.response_body_bytes, 1000u);
}

TEST_F(ConnectionsTest, ClosingEndsWhatIsOpen) {
  accept(5);
  receive(5, "GET /until HTTP/1.0\r\n\r\n");
  send(5, "HTTP/1.0 200 OK\r\n\r\nabc");
  connections_.closed(thread_, 5);
  accept(5);
  receive(5, "GET /cut HTTP/1.1\r\n\r\n");
  send(5, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
  connections_.closed(thread_, 5);
  accept(5);
  receive(5, "GET /half HTT");
  connections_.closed(thread_, 5);
  accept(6);
  receive(6, "GET /end HTTP/1.1\r\n\r\n");
  connections_.process_ends(thread_);
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].fixed.end_reason, EndReason::kComplete);
  EXPECT_EQ(all[0].fixed.response_body_bytes, 3u);
  EXPECT_EQ(all[1].fixed.end_reason, EndReason::kClosed);
  EXPECT_EQ(all[2].fixed.end_reason, EndReason::kProcessEnded);
  EXPECT_EQ(count_open_requests(*open_table(ring_)), 0);
}

TEST_F(ConnectionsTest, OtherProtocolsAreLeftAlone) {
  accept(5);
  receive(5, "\x16\x03\x01 hello");
  receive(5, "GET / HTTP/1.1\r\n\r\n");
  accept(6);
  receive(6, "GET key\r\n");
  send(6, "$-1\r\n");
  accept(7);
  receive(7, "GET /chat HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
  send(7, "HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x02hi");
  receive(7, "GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(seen().size(), 1u);
  EXPECT_EQ(count_open_requests(*open_table(ring_)), 0);
}

TEST_F(ConnectionsTest, ForkedChildLeavesTheParentsRequestsAlone) {
  accept(5);
  receive(5, "GET / HTTP/1.1\r\n\r\n");
  connections_.forked(2, 43);
  connections_.closed(thread_, 5);
  EXPECT_TRUE(seen().empty());
}

TEST_F(ConnectionsTest, RouteBelongsToTheRequest) {
  accept(5);
  receive(5, "GET /delete/7 HTTP/1.1\r\n\r\n");
  connections_.set_route(thread_, "/delete/{id}", 12);
  send(5, "HTTP/1.1 204 A\r\n\r\n");
  connections_.set_route(thread_, "/late", 5);
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].route, "/delete/{id}");
}

TEST_F(ConnectionsTest, HeaderIsPutBeforeTheEmptyLine) {
  connections_.connected(thread_, 8, nullptr, 0);
  const std::string wire = injection(8, {"POST /x HTTP/1.1\r\nHost: y\r", "\n\r\nbody"});
  ASSERT_EQ(wire.size(), 26 + 2 + 1 + 4 + kInjectedBytes) << wire;
  EXPECT_EQ(wire.substr(0, 40), "POST /x HTTP/1.1\r\nHost: y\r\ntraceparent: ");
  EXPECT_EQ(wire.substr(wire.size() - 8), "\r\n\r\nbody");
}

TEST_F(ConnectionsTest, RequestsThatAreNotWrittenInto) {
  connections_.connected(thread_, 8, nullptr, 0);
  EXPECT_EQ(injection(8, {"GET / HTTP/1.1\r\nHost: half"}), "");
  EXPECT_EQ(injection(8, {"CONNECT x:443 HTTP/1.1\r\n\r\n"}), "");
  EXPECT_EQ(injection(8, {"GET key\r\n\r\n"}), "");
  EXPECT_EQ(injection(8, {std::string("GET / HTTP/1.1\r\n") + kHeader + "\r\n"}), "");
  accept(9);
  EXPECT_EQ(injection(9, {"GET / HTTP/1.1\r\n\r\n"}), "");
}

// Servers take line feeds alone for the ends of lines, and so do we where we read.
TEST_F(ConnectionsTest, ABodyIsNotWrittenIntoWhoseHeadEndsInALineFeedAlone) {
  connections_.connected(thread_, 8, nullptr, 0);
  EXPECT_EQ(injection(8, {"POST / HTTP/1.1\nContent-Length: 8\n\n{}\r\n\r\nab"}), "");
  EXPECT_EQ(injection(8, {"POST / HTTP/1.1\r\nContent-Length: 6\r\n\n{}\r\n\r\n"}), "");
  EXPECT_EQ(injection(8, {"PUT / HTTP/1.1\nTransfer-Encoding: chunked\n", "\n0\r\n\r\n"}), "");
  const std::string wire = injection(8, {"POST / HTTP/1.1\nContent-Length: 4\n", "\r\n\r\n\r\n"});
  EXPECT_EQ(wire.substr(0, 46), "POST / HTTP/1.1\nContent-Length: 4\ntraceparent:");
  EXPECT_EQ(wire.size(), 34 + kInjectedBytes + 6);
}

TEST_F(ConnectionsTest, ForwardedHeaderIsReplaced) {
  accept(5);
  receive(5, std::string("GET / HTTP/1.1\r\n") + kHeader + "\r\n");
  connections_.connected(thread_, 8, nullptr, 0);
  const std::string head = std::string("GET /up HTTP/1.1\r\n") + kHeader + "\r\n";
  const std::string wire = injection(8, {head});
  ASSERT_EQ(wire.size(), head.size());
  EXPECT_NE(wire.find(kTraceId), std::string::npos);
  EXPECT_EQ(wire.find("b7ad6b7169203331"), std::string::npos);
  EXPECT_EQ(connections_.injected(8, injection_, wire.size()), head.size());
}

TEST_F(ConnectionsTest, OfAForwardedHeaderNothingElseIsReplaced) {
  const std::string value(kHeader + 13, 55);
  accept(5);
  receive(5, std::string("GET / HTTP/1.1\r\n") + kHeader + "\r\n");
  connections_.connected(thread_, 8, nullptr, 0);
  const std::string before = "GET /?of=" + value + " HTTP/1.1\r\nX-Asked: " + value + "\r\n";
  const std::string wire = injection(8, {before, "Traceparent:\t" + value + "\r\n\r\n"});
  ASSERT_EQ(wire.size(), before.size() + 13 + 55 + 4);
  EXPECT_EQ(wire.substr(0, before.size() + 13), before + "Traceparent:\t");
  EXPECT_EQ(wire.find(value, before.size()), std::string::npos);
}

TEST_F(ConnectionsTest, AForwardedHeaderThatIsSignedStays) {
  accept(5);
  receive(5, std::string("GET / HTTP/1.1\r\n") + kHeader + "\r\n");
  connections_.connected(thread_, 8, nullptr, 0);
  for (const std::string& line :
       {std::string(
            "Authorization: AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host;traceparent, "
            "Signature=c\r\n"),
        std::string("Signature-Input: sig=(\"@method\" \"traceparent\");created=1\r\n")}) {
    EXPECT_EQ(injection(8, {"GET /up HTTP/1.1\r\n" + line + kHeader + "\r\n"}), "");
    EXPECT_EQ(injection(8, {"GET /up HTTP/1.1\r\n" + std::string(kHeader) + line + "\r\n"}), "");
  }
  const std::string url = "GET /up?X-Amz-SignedHeaders=host%3BTraceParent HTTP/1.1\r\n";
  EXPECT_EQ(injection(8, {url + kHeader + "\r\n"}), "");
}

// Wherever the kernel stops, the peer gets the whole rewritten head and the program its own count.
TEST_F(ConnectionsTest, PartialWrites) {
  const std::string head = "GET / HTTP/1.1\r\nHost: y\r\n\r\n";
  const std::size_t place = head.size() - 2;
  for (std::size_t stop = 1; stop <= head.size() + kInjectedBytes; ++stop) {
    connections_.connected(thread_, 8, nullptr, 0);
    const std::string wire = injection(8, {head});
    ASSERT_EQ(wire.size(), head.size() + kInjectedBytes);
    const std::size_t told = connections_.injected(8, injection_, stop);
    ASSERT_GT(told, 0u);
    send(8, head.substr(0, told));
    fake_sent = wire.substr(0, stop);
    fake_send_result = -1;
    const bool waits = stop > place && stop < place + kInjectedBytes;
    EXPECT_EQ(connections_.finish_injection(8), !waits) << stop;
    fake_send_result = 0;
    ASSERT_TRUE(connections_.finish_injection(8));
    fake_sent += head.substr(told);
    EXPECT_EQ(fake_sent, stop <= place ? head : wire) << stop;
    connections_.closed(thread_, 8);
  }
}

TEST_F(ConnectionsTest, WriteThatWouldBlockIsTriedAgainWithTheSameSpan) {
  connections_.connected(thread_, 8, nullptr, 0);
  const std::string first = injection(8, {"GET / HTTP/1.1\r\n\r\n"});
  EXPECT_EQ(injection(8, {"GET / HTTP/1.1\r\n\r\n"}), first);
}

// Java's HttpClient writes in one thread and reads in another, which may have the answer before the
// first one has come back from its write.
TEST_F(ConnectionsTest, AnAnswerThatIsReadBeforeTheWriteHasReturned) {
  connections_.connected(thread_, 8, nullptr, 0);
  const std::string get = "GET /a HTTP/1.1\r\n\r\n", head = "HEAD /b HTTP/1.1\r\n\r\n";
  for (int i = 0; i < 3; ++i) {
    ASSERT_NE(injection(8, {get}), "");
    receive(8, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    EXPECT_TRUE(seen().empty());
    send(8, get);
    const std::vector<Seen> all = seen();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].request.substr(0, 7), "GET /a ");
    EXPECT_EQ(all[0].fixed.response_status, 200);
    EXPECT_EQ(all[0].fixed.response_body_bytes, 2u);
    EXPECT_EQ(all[0].fixed.end_reason, EndReason::kComplete);
    EXPECT_GT(all[0].fixed.end_time, all[0].fixed.start_time);

    ASSERT_NE(injection(8, {head}), "");
    receive(8, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\n");
    send(8, head);
    const std::vector<Seen> next = seen();
    ASSERT_EQ(next.size(), 1u);
    EXPECT_EQ(next[0].request.substr(0, 8), "HEAD /b ");
    EXPECT_EQ(next[0].fixed.response_status, 404);
  }
}

TEST_F(ConnectionsTest, TheBeginOfAnAnswerThatIsReadBeforeTheWriteHasReturned) {
  connections_.connected(thread_, 8, nullptr, 0);
  const std::string head = "POST /a HTTP/1.1\r\nContent-Length: 4\r\n\r\n";
  ASSERT_NE(injection(8, {head}), "");
  receive(8, "HTTP/1.1 413 Too Much\r\nContent-Length: 2\r\n\r\n");
  send(8, head);
  receive(8, "no");
  ASSERT_EQ(seen().size(), 1u);
  send(8, "body");
  EXPECT_NE(injection(8, {head}), "") << "the connection goes on";

  ASSERT_NE(injection(8, {head}), "");
  receive(8, "HTTP/1.1 413 Too Much\r\nContent-Length: 0\r\n\r\n");
  send(8, head + "bo");
  ASSERT_EQ(seen().size(), 1u);
  send(8, "dy");
  EXPECT_NE(injection(8, {head}), "");

  connections_.connected(thread_, 9, nullptr, 0);
  const std::string upgrade =
      "GET /chat HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n";
  ASSERT_NE(injection(9, {upgrade}), "");
  receive(9, "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nxx");
  send(9, upgrade);
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].fixed.response_status, 101);
}

// Also where nothing is written into the request: it has a header of its own, or none is wanted.
TEST_F(ConnectionsTest, AnAnswerThatIsReadBeforeWhereNothingIsWrittenInto) {
  const std::string own = std::string("HEAD /a HTTP/1.1\r\n") + kHeader + "\r\n";
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
  for (const std::uint8_t formats : {std::uint8_t{kTraceContext}, std::uint8_t{0}}) {
    connections_.init(system_, ring_, sampler_, formats);
    connections_.connected(thread_, 8, nullptr, 0);
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(injection(8, {own}), "");
      receive(8, answer);
      send(8, own);
      const std::vector<Seen> all = seen();
      ASSERT_EQ(all.size(), 1u);
      EXPECT_EQ(all[0].fixed.response_status, 200);
      EXPECT_EQ(hex(all[0].fixed.self.trace_id, 16) == kTraceId, formats != 0);
      // The write of the next one is refused, and another one written in its place.
      EXPECT_EQ(injection(8, {own}), "");
      const std::string other = "GET /b HTTP/1.1\r\n\r\n";
      EXPECT_EQ(injection(8, {other}) == "", formats == 0);
      receive(8, answer + "hi");
      send(8, other);
      const std::vector<Seen> next = seen();
      ASSERT_EQ(next.size(), 1u);
      EXPECT_EQ(next[0].request.substr(0, 7), "GET /b ");
      EXPECT_EQ(next[0].fixed.response_body_bytes, 2u);
      EXPECT_NE(hex(next[0].fixed.self.trace_id, 16), kTraceId);
    }
    connections_.closed(thread_, 8);
  }
}

// Two threads at a connection: who does not get it in time sees nothing of its bytes. What is open
// is not told then, instead of each answer being put to the request before it.
TEST_F(ConnectionsTest, AnAnswerThatWentPastUsCostsItsRequestAlone) {
  const std::string head = "HEAD /a HTTP/1.1\r\n\r\n", get = "GET /b HTTP/1.1\r\n\r\n";
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
  connections_.connected(thread_, 8, nullptr, 0);
  for (int i = 0; i < 3; ++i) {
    fake_other_thread = [&] { receive(8, answer); };
    ASSERT_NE(injection(8, {head}), "");
    ASSERT_FALSE(fake_other_thread);
    send(8, head);
    EXPECT_TRUE(seen().empty());
    EXPECT_NE(injection(8, {get}), "") << "its header is written";
    send(8, get);
    receive(8, answer + "hi");
    const std::vector<Seen> all = seen();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].request.substr(0, 7), "GET /b ");
    EXPECT_EQ(all[0].fixed.response_body_bytes, 2u);
  }
  EXPECT_EQ(reader_->untraced(), 3u);
}

TEST_F(ConnectionsTest, AServersBytesThatWentPastUsCostTheirRequestsAlone) {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  accept(5);
  for (int i = 0; i < 3; ++i) {
    receive(5, "GET /first HTTP/1.1\r\n\r\n");
    fake_other_thread = [&] { send(5, answer); };
    receive(5, "GET /second HTTP/1.1\r\n\r\n");  // the client has the first one's answer already
    ASSERT_FALSE(fake_other_thread);
    send(5, answer);
    EXPECT_TRUE(seen().empty());
    receive(5, "GET /third HTTP/1.1\r\n\r\n");
    send(5, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
    const std::vector<Seen> all = seen();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].request.substr(0, 11), "GET /third ");
    EXPECT_EQ(all[0].fixed.response_status, 404);
  }
  EXPECT_EQ(reader_->untraced(), 6u);
}

TEST_F(ConnectionsTest, AfterAGapAmongRequestsThatWereAskedAheadNothingIsToldAnyMore) {
  const std::string get = "GET / HTTP/1.1\r\n\r\n", answer = "HTTP/1.1 204 No\r\n\r\n";
  accept(5);
  receive(5, get + get);
  fake_other_thread = [&] { send(5, answer); };
  receive(5, get);
  for (int i = 0; i < 2; ++i) send(5, answer);
  receive(5, get);
  send(5, answer);
  EXPECT_TRUE(seen().empty());
  EXPECT_EQ(reader_->untraced(), 3u);
}

TEST_F(ConnectionsTest, ClientSpanIsBelowTheServedRequest) {
  accept(5);
  receive(5, std::string("GET / HTTP/1.1\r\n") + kHeader + "\r\n");
  const Context served = thread_.request_context;
  connections_.connected(thread_, 8, nullptr, 0);
  connections_.waits_for_events(thread_);  // an event loop goes round
  send(8, "GET /up HTTP/1.1\r\n\r\n");
  connections_.waits_for_events(thread_);
  receive(8, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].type, RecordType::kClientExchange);
  EXPECT_EQ(hex(all[0].fixed.self.trace_id, 16), kTraceId);
  EXPECT_EQ(hex(all[0].fixed.parent_span_id, 8), hex(served.span_id, 8));
  EXPECT_TRUE(Connections::serves(thread_));
}

TEST_F(ConnectionsTest, ADatagramSocketHasNoConnection) {
  fake_other_file = 8;
  connections_.connected(thread_, 8, nullptr, 0);
  EXPECT_FALSE(connections_.knows(8));
  fake_other_file = -1;
}

}  // namespace
}  // namespace kolben::agent
