// Connections of HTTP/2, as the library tells of them.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "agent/preload/testing/connections_fixture.h"

namespace kolben::agent {
namespace {

using Http2StreamsTest = ConnectionsTest;

constexpr char kGet[] = "*2\r\n$3\r\nGET\r\n$1\r\na\r\n";  // Redis
constexpr char kPreface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const std::string kSettings = std::string("\0\0\0\4\0\0\0\0\0", 9);

TEST_F(Http2StreamsTest, AServerThatSpeaksFirst) {
  connect(8);
  receive(8, kSettings);
  send(8, kPreface + kSettings);
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].fixed.protocol, static_cast<std::uint8_t>(Protocol::kHttp2));
  EXPECT_EQ(all[0].fixed.direction, 1);
  EXPECT_EQ(all[1].fixed.direction, 0);
  EXPECT_EQ(all[1].bytes, kPreface + kSettings);
}

// The library reads a role before it takes a connection: it may have become another one by then.
TEST_F(Http2StreamsTest, AGreetingThatIsReadWhileTheFirstRequestIsWritten) {
  constexpr int kConnections = 5000;
  system_.now = [] {
    static std::atomic<std::uint64_t> time{0};
    return time += 1000;
  };
  const std::string first = kPreface + kSettings;
  std::atomic<int> writes{0};
  std::atomic<int> reads{0};
  std::thread reader([&] {
    ThreadState thread;
    const iovec one = piece(kSettings);
    for (int i = 1; i <= kConnections; ++i) {
      while (writes.load() != i) std::this_thread::yield();
      connections_.received(thread, 8, &one, 1, kSettings.size());
      reads = i;
    }
  });
  int whole = 0;
  for (int i = 1; i <= kConnections; ++i) {
    connect(8);
    writes = i;
    send(8, first);
    while (reads.load() != i) std::this_thread::yield();
    std::size_t asked = 0;
    std::size_t answered = 0;
    for (const Told& one : told()) {
      if (one.type != RecordType::kStreamPiece) continue;
      (one.fixed.direction == 0 ? asked : answered) += one.bytes.size();
    }
    whole += asked == first.size() && answered == kSettings.size() ? 1 : 0;
  }
  reader.join();
  // Not all: one thread does not wait for long where the system stops the other one.
  EXPECT_GE(whole, kConnections * 99 / 100);
}

// --- the program as the server ---------------------------------------------------------------

TEST_F(Http2StreamsTest, AServedConnectionOfHttp2IsTold) {
  accept(5);
  receive(5, kPreface + kSettings);
  send(5, kSettings);
  connections_.closed(thread_, 5);
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].fixed.protocol, static_cast<std::uint8_t>(Protocol::kHttp2));
  EXPECT_EQ(all[0].fixed.is_served, 1);
  EXPECT_EQ(all[0].fixed.direction, 0);
  EXPECT_EQ(all[0].bytes, kPreface + kSettings);
  EXPECT_EQ(all[0].peer, "127.0.0.1");
  EXPECT_EQ(all[0].fixed.peer_port, 4711);
  EXPECT_EQ(all[0].local, "10.0.0.1");
  EXPECT_EQ(all[0].fixed.local_port, 80);
  EXPECT_EQ(hex(all[0].fixed.parent_span_id, 8), std::string(16, '0'));
  EXPECT_NE(hex(all[0].fixed.self.trace_id, 16), std::string(32, '0'));
  EXPECT_EQ(all[1].fixed.direction, 1);
  EXPECT_EQ(all[1].bytes, kSettings);
  EXPECT_EQ(all[2].end_reason, EndReason::kClosed);
}

TEST_F(Http2StreamsTest, AServerMayGreetBeforeItHasReadAnything) {
  accept(5);
  send(5, kSettings);
  receive(5, kPreface + kSettings);
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].fixed.direction, 1);
  EXPECT_EQ(all[0].fixed.is_served, 1);
  EXPECT_EQ(all[1].fixed.direction, 0);
}

TEST_F(Http2StreamsTest, AServerThatGreetsWhileItReadsIsNotFollowed) {
  accept(5);
  fake_other_thread = [&] { send(5, kSettings); };
  receive(5, kPreface + kSettings);
  receive(5, kSettings);
  EXPECT_TRUE(told().empty());
  EXPECT_EQ(reader_->untraced(), 1u);
}

TEST_F(Http2StreamsTest, AServerThatGreetsInAnotherThreadWaitsForWhoReads) {
  std::atomic<bool> waits{false};
  std::atomic<bool> is_read{false};
  fake_yield = [&] {
    waits = true;
    while (!is_read) std::this_thread::yield();
  };
  std::thread writer;
  fake_other_thread = [&] {
    writer = std::thread([&] {
      ThreadState thread;
      const iovec one = piece(kSettings);
      connections_.sent(thread, 5, &one, 1, kSettings.size());
    });
    while (!waits) std::this_thread::yield();
  };
  accept(5);
  receive(5, kPreface + kSettings);
  is_read = true;
  writer.join();
  fake_yield = nullptr;
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].fixed.direction, 0);
  EXPECT_EQ(all[1].fixed.direction, 1);
  EXPECT_EQ(all[1].bytes, kSettings);
}

TEST_F(Http2StreamsTest, AServersOtherProtocolsAreNotTold) {
  for (const std::string& bytes :
       {std::string(kGet), std::string("\x16\x03\x01"), std::string(kPreface).substr(0, 20)}) {
    accept(5);
    receive(5, bytes);
    send(5, "+OK\r\n");
    connections_.closed(thread_, 5);
  }
  accept(5);
  send(5, "220 ready\r\n");
  send(5, "J\0\0\0\012");
  EXPECT_TRUE(told().empty());
}

TEST_F(Http2StreamsTest, BesideAServedConnectionOfHttp2AMultiplexedRequestIsOnlyLinked) {
  accept(6);
  receive(6, kPreface + kSettings);
  accept(5);
  receive(5, "GET / HTTP/1.1\r\n\r\n");
  const Context served = thread_.request_context;
  connect(8);
  send(8, kPreface + kSettings);
  connections_.closed(thread_, 6);
  send(8, kSettings);
  std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(hex(all[1].fixed.linked_trace_id, 16), hex(served.trace_id, 16));
  EXPECT_EQ(hex(all[3].fixed.linked_trace_id, 16), std::string(32, '0'));
  EXPECT_EQ(hex(all[3].fixed.self.trace_id, 16), hex(served.trace_id, 16));
}

// A shim says what the thread works for, but frames are written when the runtime likes.
TEST_F(Http2StreamsTest, WhoseAFrameOfHttp2IsNoShimKnows) {
  connect(8);
  for (const int file : {5, 6}) {
    accept(file);
    receive(file, "GET / HTTP/1.1\r\n\r\n");
  }
  connections_.work_for(thread_, connections_.request(thread_));
  send(8, kPreface + kSettings);
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(hex(all[0].fixed.linked_trace_id, 16), hex(thread_.request_context.trace_id, 16));
  EXPECT_NE(hex(all[0].fixed.self.trace_id, 16), hex(thread_.request_context.trace_id, 16));
}

TEST_F(Http2StreamsTest, AMultiplexedConnectionAdoptsNobody) {
  accept(5);
  receive(5, "GET / HTTP/1.1\r\n\r\n");
  connect(8);
  send(8, kPreface + kSettings);
  connections_.waits_for_events(thread_);
  receive(8, kSettings);
  EXPECT_FALSE(Connections::serves(thread_));
}

TEST_F(Http2StreamsTest, OnAMultiplexedConnectionOneOfSeveralRequestsIsOnlyLinked) {
  accept(5);
  receive(5, "GET / HTTP/1.1\r\n\r\n");
  connect(8);
  send(8, kPreface + kSettings);
  accept(6);
  receive(6, "GET / HTTP/1.1\r\n\r\n");
  const Context served = thread_.request_context;
  send(8, kSettings);
  send(6, "HTTP/1.1 204 No Content\r\n\r\n");
  send(8, kSettings);
  const std::string none(32, '0');
  std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(hex(all[0].fixed.linked_trace_id, 16), none);
  EXPECT_NE(hex(all[0].fixed.parent_span_id, 8), none.substr(16));
  EXPECT_EQ(hex(all[1].fixed.linked_trace_id, 16), hex(served.trace_id, 16));
  EXPECT_EQ(hex(all[1].fixed.parent_span_id, 8), hex(served.span_id, 8));
  EXPECT_NE(hex(all[1].fixed.self.trace_id, 16), hex(served.trace_id, 16));
}

TEST_F(Http2StreamsTest, OnAMultiplexedConnectionOneOfSeveralSpansIsOnlyLinked) {
  connect(8);
  thread_.span = 1;
  thread_.open_spans = 1;
  std::memset(thread_.span_context.trace_id, 0x77, 16);
  std::memset(thread_.span_context.span_id, 0x88, 8);
  connections_.span_begins();
  send(8, kPreface + kSettings);
  connections_.span_begins();  // in another thread
  send(8, kSettings);
  connections_.span_ends();
  send(8, kSettings);
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 3u);
  for (const std::size_t i : {0u, 2u}) {
    EXPECT_EQ(hex(all[i].fixed.self.trace_id, 16), std::string(32, '7'));
    EXPECT_EQ(hex(all[i].fixed.linked_trace_id, 16), std::string(32, '0'));
  }
  EXPECT_NE(hex(all[1].fixed.self.trace_id, 16), std::string(32, '7'));
  EXPECT_EQ(hex(all[1].fixed.linked_trace_id, 16), std::string(32, '7'));
  EXPECT_EQ(hex(all[1].fixed.parent_span_id, 8), std::string(16, '8'));
}

TEST_F(Http2StreamsTest, OnAMultiplexedConnectionARequestBesideAnotherThreadsSpanIsOnlyLinked) {
  accept(5);
  receive(5, "GET / HTTP/1.1\r\n\r\n");
  const Context served = thread_.request_context;
  connections_.span_begins();  // another thread's
  connect(8);
  send(8, kPreface + kSettings);
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(hex(all[0].fixed.linked_trace_id, 16), hex(served.trace_id, 16));
  EXPECT_NE(hex(all[0].fixed.self.trace_id, 16), hex(served.trace_id, 16));
}

}  // namespace
}  // namespace kolben::agent
