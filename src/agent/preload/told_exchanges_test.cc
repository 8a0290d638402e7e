// What a runtime's shim tells: requests whose bytes nobody sees, and whose work a thread does.
#include "agent/preload/testing/connections_fixture.h"

namespace kolben::agent {
namespace {

class ToldExchangesTest : public ConnectionsTest {
 protected:
  std::uint64_t begin(bool is_client, const std::string& head, int file = -1,
                      std::uint8_t what = ToldRequest::kEncrypted) {
    ToldRequest told;
    told.what = what;
    told.is_client = is_client;
    told.file = file;
    told.head = head.data();
    told.head_size = head.size();
    return connections_.begin_told(thread_, told);
  }
  std::string headers_of(std::uint64_t request) {
    char lines[kInjectedBytesMax];
    return {lines, connections_.told_headers(request, lines)};
  }
  // Two requests that wait for their answers.
  std::uint64_t serve(int file) {
    accept(file);
    receive(file, "GET / HTTP/1.1\r\n\r\n");
    return connections_.request(thread_);
  }
};

TEST_F(ToldExchangesTest, AServersRequestGoesOnWithTheCallersTrace) {
  const std::uint64_t request =
      begin(false, std::string("GET /a HTTP/1.1\r\nHost: x\r\n") + kHeader + "\r\n", 7);
  EXPECT_EQ(connections_.request(thread_), request);
  EXPECT_EQ(count_open_requests(*open_table(ring_)), 1);
  connections_.end_told(thread_, request, 204, true);
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].type, RecordType::kServerExchange);
  EXPECT_EQ(all[0].request, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(hex(all[0].fixed.self.trace_id, 16), kTraceId);
  EXPECT_EQ(all[0].fixed.parent_is_remote, 1);
  EXPECT_EQ(all[0].fixed.is_encrypted, 1);
  EXPECT_EQ(all[0].fixed.local_port, 80);
  EXPECT_EQ(all[0].fixed.response_status, 204);
  EXPECT_EQ(all[0].fixed.end_reason, EndReason::kComplete);
  EXPECT_EQ(count_open_requests(*open_table(ring_)), 0);
  EXPECT_EQ(connections_.request(thread_), 0u);
}

TEST_F(ToldExchangesTest, AClientsRequestIsBelowTheOneThatIsServedAndSaysSo) {
  const std::uint64_t served = serve(5);
  const std::string parent = hex(thread_.request_context.span_id, 8);
  const std::uint64_t request = begin(true, "GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(connections_.request(thread_), served);
  const std::string lines = headers_of(request);
  connections_.name_told(request, 9);
  connections_.end_told(thread_, request, 500, true);
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].type, RecordType::kClientExchange);
  EXPECT_EQ(hex(all[0].fixed.parent_span_id, 8), parent);
  EXPECT_EQ(all[0].fixed.local_port, 80);
  EXPECT_EQ(lines, "traceparent: 00-" + hex(all[0].fixed.self.trace_id, 16) + "-" +
                       hex(all[0].fixed.self.span_id, 8) + "-01\r\n");
}

TEST_F(ToldExchangesTest, AHeadWithAHeaderOfItsOwnGetsNoOther) {
  const std::uint64_t request = begin(true, std::string("GET /b HTTP/1.1\r\n") + kHeader + "\r\n");
  EXPECT_EQ(headers_of(request), "");
  connections_.end_told(thread_, request, 0, false);
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(hex(all[0].fixed.self.trace_id, 16), kTraceId);
  EXPECT_EQ(all[0].fixed.response_status, 0);
  EXPECT_EQ(all[0].fixed.end_reason, EndReason::kClosed);
}

TEST_F(ToldExchangesTest, LongAndBrokenHeads) {
  const std::string cut = "GET /" + std::string(5000, 'a') + " HTTP/1.1\r\nHost: x\r\nUser-Ag";
  const std::uint64_t request = begin(false, cut);
  EXPECT_NE(request, 0u);
  connections_.end_told(thread_, request, 200, true);
  ASSERT_EQ(seen().size(), 1u);
  EXPECT_EQ(begin(false, ""), 0u);
  EXPECT_EQ(begin(true, "GET\r\n\r\n"), 0u);
  EXPECT_EQ(count_open_requests(*open_table(ring_)), 0);
}

TEST_F(ToldExchangesTest, Http2IsTheVersionOfBothHeads) {
  const std::uint64_t request =
      begin(false, "GET /1.1 HTTP/1.1\r\nHost: x\r\n\r\n", 7, ToldRequest::kHttp2);
  connections_.end_told(thread_, request, 200, true);
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].request, "GET /1.1 HTTP/2.0\r\nHost: x\r\n\r\n");
  EXPECT_EQ(all[0].fixed.response_minor_version, kMinorVersionOfHttp2);
  EXPECT_EQ(all[0].fixed.is_encrypted, 0);
}

TEST_F(ToldExchangesTest, OneThatWasNeverMadeIsNotTold) {
  const std::uint64_t request = begin(true, "GET / HTTP/1.1\r\n\r\n");
  connections_.end_told(thread_, request, -1, false);
  EXPECT_TRUE(seen().empty());
  EXPECT_EQ(count_open_requests(*open_table(ring_)), 0);
}

TEST_F(ToldExchangesTest, WrongNumbersDoNothing) {
  const std::uint64_t of_bytes = serve(5);
  const std::uint64_t ended = begin(false, "GET / HTTP/1.1\r\n\r\n");
  connections_.end_told(thread_, ended, 200, true);
  EXPECT_EQ(seen().size(), 1u);
  for (const std::uint64_t wrong : {std::uint64_t{0}, of_bytes, ended, ~std::uint64_t{0}}) {
    connections_.end_told(thread_, wrong, 200, true);
    connections_.name_told(wrong, 9);
    EXPECT_EQ(headers_of(wrong), "") << wrong;
  }
  EXPECT_TRUE(seen().empty());
}

TEST_F(ToldExchangesTest, TheForkedChildLeavesTheParentsAlone) {
  const std::uint64_t request = begin(false, "GET / HTTP/1.1\r\n\r\n");
  connections_.forked(2, 43);
  connections_.end_told(thread_, request, 200, true);
  EXPECT_TRUE(seen().empty());
  // Its place in the child's memory is free again.
  EXPECT_EQ(begin(false, "GET / HTTP/1.1\r\n\r\n") & 0x1fff, request & 0x1fff);
}

// A runtime that serves HTTP/2 in the clear: its bytes are seen too.
TEST_F(ToldExchangesTest, AServedConnectionThatIsToldIsNotTakenFromItsBytes) {
  accept(5);
  receive(5, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  const std::string head = "GET / HTTP/1.1\r\n\r\n";
  EXPECT_NE(connections_.begin_told(thread_, {.what = ToldRequest::kTold | ToldRequest::kHttp2,
                                              .is_client = false,
                                              .file = 5,
                                              .head = head.data(),
                                              .head_size = head.size()}),
            0u);
  receive(5, std::string("\0\0\0\4\0\0\0\0\0", 9));
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].end_reason, EndReason::kToldOtherwise);
}

TEST_F(ToldExchangesTest, RequestsThatCameInOneReadAreTakenInTheirOrder) {
  accept(5);
  receive(5, "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
  const std::uint64_t first = connections_.take_request(thread_);
  const std::uint64_t second = connections_.take_request(thread_);
  EXPECT_NE(first, 0u);
  EXPECT_NE(first, second);
  EXPECT_EQ(connections_.take_request(thread_), 0u);
  connections_.work_for(thread_, first);
  EXPECT_EQ(connections_.request(thread_), first);
}

TEST_F(ToldExchangesTest, AGuessCountsOnlyWhileNoOtherRequestIsServed) {
  const std::uint64_t first = serve(5);
  connections_.work_for_alone(thread_, first);
  EXPECT_EQ(connections_.request(thread_), first);
  serve(6);
  connections_.work_for_alone(thread_, first);
  EXPECT_EQ(connections_.request(thread_), 0u);
}

TEST_F(ToldExchangesTest, WhatHasJustEndedIsSpokenOfUntilItsPlaceIsUsedAgain) {
  const std::uint64_t request = serve(5);
  const std::string span = hex(thread_.request_context.span_id, 8);
  send(5, "HTTP/1.1 204 No Content\r\n\r\n");
  connections_.speak_for(thread_, request);
  EXPECT_FALSE(Connections::serves(thread_));
  EXPECT_EQ(hex(thread_.request_context.span_id, 8), span);
  serve(6);
  connections_.speak_for(thread_, request);
  EXPECT_EQ(hex(thread_.request_context.span_id, 8), std::string(16, '0'));
}

}  // namespace
}  // namespace kolben::agent
