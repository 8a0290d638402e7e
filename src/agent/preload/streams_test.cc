// Connections in other protocols than HTTP/1.x, as the library tells of them.
#include <sys/un.h>

#include <algorithm>
#include <set>
#include <thread>

#include "agent/preload/testing/connections_fixture.h"

namespace kolben::agent {
namespace {

using StreamsTest = ConnectionsTest;

constexpr char kGet[] = "*2\r\n$3\r\nGET\r\n$1\r\na\r\n";
constexpr char kGetWithoutKey[] = "*2\r\n$3\r\nGET\r\n$1\r\n";

TEST_F(StreamsTest, BytesInAnotherProtocolAreTold) {
  connect(8);
  send(8, kGet);
  receive(8, "$1\r\nx\r\n");
  send(8, kGet);
  connections_.closed(thread_, 8);
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0].type, RecordType::kStreamPiece);
  EXPECT_EQ(all[0].bytes, kGetWithoutKey);
  EXPECT_EQ(all[0].peer, "127.0.0.1");
  EXPECT_EQ(all[0].fixed.peer_port, 6379);
  EXPECT_EQ(all[0].fixed.protocol, static_cast<std::uint8_t>(Protocol::kRedis));
  EXPECT_EQ(all[0].fixed.direction, 0);
  EXPECT_EQ(all[1].bytes, "$1\r\n");
  EXPECT_EQ(all[1].fixed.direction, 1);
  EXPECT_EQ(all[2].fixed.position, sizeof(kGet) - 1);
  EXPECT_EQ(all[3].type, RecordType::kStreamEnd);
  EXPECT_EQ(all[3].end_reason, EndReason::kClosed);
}

TEST_F(StreamsTest, LongValuesAreToldByTheirLength) {
  connect(8);
  const std::string value(50'000, 'v');
  send(8, "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$50000\r\n" + value + "\r\n");
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 1u);
  ASSERT_EQ(all[0].segments.size(), 2u);
  EXPECT_EQ(all[0].segments[0].unseen, 3u);
  EXPECT_EQ(all[0].segments[1].unseen, 50'002u);
  EXPECT_EQ(all[0].bytes, "*3\r\n$3\r\nSET\r\n$1\r\n$50000\r\n");
}

TEST_F(StreamsTest, APipelineLongerThanARecordIsToldInSeveral) {
  connect(8);
  std::string all_bytes;
  std::string shown;
  for (int i = 0; i < 1000; ++i) {
    all_bytes += kGet;
    shown += kGetWithoutKey;
  }
  send(8, all_bytes);
  std::string told_bytes;
  for (const Told& one : told()) {
    EXPECT_LE(one.bytes.size(), kStreamBytesMax);
    EXPECT_LE(one.segments.size(), kStreamSegmentsMax);
    told_bytes += one.bytes;
  }
  EXPECT_TRUE(told_bytes == shown);
}

TEST_F(StreamsTest, AVectorOfManyPiecesIsToldInOneRecord) {
  connect(8);
  const std::string text = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$6\r\nsecret\r\n" + std::string(kGet);
  std::vector<iovec> pieces = {piece("")};
  for (std::size_t at = 0; at < 4; ++at) pieces.push_back({const_cast<char*>(&text[at]), 1});
  for (std::size_t at = 4; at < text.size(); at += 3) {
    const std::size_t size = std::min<std::size_t>(3, text.size() - at);
    pieces.push_back({const_cast<char*>(&text[at]), size});
    pieces.push_back({nullptr, 0});
  }
  connections_.sent(thread_, 8, pieces.data(), static_cast<int>(pieces.size()), text.size());
  EXPECT_TRUE(told().empty());  // the first piece is too short to tell the protocol

  connect(8);
  send(8, kGet);
  connections_.sent(thread_, 8, pieces.data(), static_cast<int>(pieces.size()), text.size());
  connections_.sent(thread_, 8, pieces.data(), 3, 2);  // the kernel took two bytes
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[1].bytes, std::string("*3\r\n$3\r\nSET\r\n$1\r\n$6\r\n") + kGetWithoutKey);
  EXPECT_EQ(all[2].fixed.position, sizeof(kGet) - 1 + text.size());
  EXPECT_EQ(all[2].bytes, "*3");
}

TEST_F(StreamsTest, ACallBelongsToTheRequestThatIsServed) {
  accept(5);
  receive(5, std::string("GET / HTTP/1.1\r\n") + kHeader + "\r\n");
  connect(8);
  send(8, kGet);
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(hex(all[0].fixed.self.trace_id, 16), kTraceId);
  EXPECT_EQ(hex(all[0].fixed.parent_span_id, 8), hex(thread_.request_context.span_id, 8));
  EXPECT_NE(hex(all[0].fixed.self.span_id, 8), hex(thread_.request_context.span_id, 8));
}

TEST_F(StreamsTest, ACallBelongsToTheApplicationsOwnSpanFirst) {
  connect(8);
  thread_.span = 1;
  std::memset(thread_.span_context.trace_id, 0x77, 16);
  std::memset(thread_.span_context.span_id, 0x88, 8);
  send(8, kGet);
  thread_.span = 0;
  receive(8, "$-1\r\n");
  send(8, kGet);
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(hex(all[0].fixed.self.trace_id, 16), std::string(32, '7'));
  EXPECT_EQ(hex(all[0].fixed.parent_span_id, 8), std::string(16, '8'));
  EXPECT_EQ(hex(all[2].fixed.parent_span_id, 8), std::string(16, '0'));
  EXPECT_NE(hex(all[2].fixed.self.trace_id, 16), std::string(32, '7'));
}

TEST_F(StreamsTest, AnEventLoopGoesOnWithTheRequestThatAsked) {
  accept(5);
  receive(5, "GET / HTTP/1.1\r\n\r\n");
  connect(8);
  send(8, kGet);
  connections_.waits_for_events(thread_);
  receive(8, "$-1\r\n");
  EXPECT_TRUE(Connections::serves(thread_));
}

// Two requests share a connection: nobody knows whose answer comes first.

TEST_F(StreamsTest, AnEventLoopDoesNotGuessWhoAsked) {
  connect(8);
  for (const int file : {5, 6}) {
    accept(file);
    receive(file, "GET / HTTP/1.1\r\n\r\n");
    send(8, kGet);
  }
  connections_.waits_for_events(thread_);
  receive(8, "$-1\r\n");
  EXPECT_FALSE(Connections::serves(thread_));
}

// From then on an answer may be anybody's, also when one has asked alone.

TEST_F(StreamsTest, AConnectionThatWasSharedOnceTellsNobodyFromTheOthers) {
  connect(8);
  for (const int file : {5, 6}) {
    accept(file);
    receive(file, "GET / HTTP/1.1\r\n\r\n");
    send(8, kGet);
  }
  connections_.waits_for_events(thread_);
  receive(8, "$-1\r\n");
  accept(7);
  receive(7, "GET / HTTP/1.1\r\n\r\n");
  send(8, kGet);
  connections_.waits_for_events(thread_);
  receive(8, "$-1\r\n");
  EXPECT_FALSE(Connections::serves(thread_));
}

// What one thread could not look at, because another was at the same direction, is a hole.

TEST_F(StreamsTest, BytesThatNobodyLookedAtEndAConnection) {
  for (const bool is_request : {true, false}) {
    connect(8);
    send(8, kGet);
    const auto act = [&] { is_request ? send(8, kGet) : receive(8, "$-1\r\n"); };
    fake_other_thread = act;
    act();
    receive(8, "$1\r\nx\r\n");
    send(8, kGet);
    const std::vector<Told> all = told();
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[1].type, RecordType::kStreamPiece);
    EXPECT_EQ(all[2].type, RecordType::kStreamEnd);
    EXPECT_EQ(all[2].end_reason, EndReason::kNotUnderstood);
  }
}

TEST_F(StreamsTest, OneThreadMayReadWhileAnotherWrites) {
  connect(8);
  send(8, kGet);
  fake_other_thread = [&] { receive(8, "$-1\r\n"); };
  send(8, kGet);
  receive(8, "$-1\r\n");
  connections_.closed(thread_, 8);
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 5u);
  EXPECT_EQ(all[1].fixed.direction, 1);
  EXPECT_EQ(all[2].fixed.direction, 0);
  EXPECT_EQ(all[4].end_reason, EndReason::kClosed);
}

TEST_F(StreamsTest, AConnectionThatIsClosedMeanwhileEndsWithItsLastUser) {
  connect(8);
  send(8, kGet);
  fake_other_thread = [&] { connections_.closed(thread_, 8); };
  receive(8, "$-1\r\n");
  connect(8);
  send(8, kGet);
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[1].type, RecordType::kStreamPiece);
  EXPECT_EQ(all[2].type, RecordType::kStreamEnd);
  EXPECT_EQ(all[2].end_reason, EndReason::kClosed);
  EXPECT_EQ(all[3].fixed.position, 0u);
  EXPECT_NE(all[3].fixed.stream, all[1].fixed.stream);
}

TEST_F(StreamsTest, AConnectionWhoseFirstBytesNobodyLookedAtIsNotFollowed) {
  fake_other_thread = [&] { send(8, kGet); };
  connect(8);
  send(8, kGet);
  receive(8, "$-1\r\n$-1\r\n");
  EXPECT_TRUE(told().empty());
}

TEST_F(StreamsTest, BytesThatWereThrownAwayOrOnlyTheKernelSawEndAConnection) {
  for (const bool is_request : {true, false}) {
    connect(8);
    send(8, kGet);
    if (is_request) {
      connections_.sent_unseen(thread_, 8, 100);
    } else {
      connections_.skipped(8);
    }
    receive(8, "$-1\r\n");
    const std::vector<Told> all = told();
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[1].end_reason, EndReason::kNotUnderstood);
  }
}

TEST_F(StreamsTest, BytesOfAValueThatOnlyTheKernelSawAreToldByTheirNumber) {
  connect(8);
  send(8, "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1000\r\n");
  connections_.sent_unseen(thread_, 8, 600);
  connections_.sent_unseen(thread_, 8, 402);
  send(8, kGet);
  std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[1].fixed.position, 27u);
  ASSERT_EQ(all[1].segments.size(), 1u);
  EXPECT_EQ(all[1].segments[0].unseen, 600u);
  EXPECT_EQ(all[3].fixed.position, 27u + 1002u);
  EXPECT_EQ(all[3].bytes, kGetWithoutKey);
  connections_.sent_unseen(thread_, 8, 1);
  send(8, kGet);
  EXPECT_EQ(told().at(0).end_reason, EndReason::kNotUnderstood);
}

TEST_F(StreamsTest, AServerWhoseFirstWordsWeDoNotKnowIsNotFollowed) {
  connect(8);
  receive(8, "220 ready\r\n");
  send(8, kGet);
  EXPECT_TRUE(told().empty());
}

TEST_F(StreamsTest, WhoConnectedIsOnlyLinkedWhereOthersAreServed) {
  accept(5);
  receive(5, "GET / HTTP/1.1\r\n\r\n");
  connect(8);
  const Context connected = thread_.request_context;
  accept(6);
  receive(6, "GET / HTTP/1.1\r\n\r\n");
  connections_.waits_for_events(thread_);
  send(8, kGet);
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(hex(all[0].fixed.linked_trace_id, 16), hex(connected.trace_id, 16));
}

// What it does next may be what another request waited for.

TEST_F(StreamsTest, AnEventLoopGoesOnWithNobodyWhereOthersAreServed) {
  accept(5);
  receive(5, "GET / HTTP/1.1\r\n\r\n");
  connect(8);
  send(8, kGet);
  accept(6);
  receive(6, "GET / HTTP/1.1\r\n\r\n");
  connections_.waits_for_events(thread_);
  receive(8, "$-1\r\n");
  EXPECT_FALSE(Connections::serves(thread_));
}

TEST_F(StreamsTest, TheServerOfAUnixSocketIsItsPath) {
  sockaddr_un peer = {};
  peer.sun_family = AF_UNIX;
  std::strcpy(peer.sun_path, "/run/redis.sock");
  connections_.connected(thread_, 8, reinterpret_cast<sockaddr*>(&peer), sizeof(peer));
  send(8, kGet);
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].peer, "/run/redis.sock");
  EXPECT_EQ(all[0].fixed.peer_port, 0);
}

// One reads, one writes, one makes a new connection of it: each connection ends once.

TEST_F(StreamsTest, ThreadsThatReadWriteAndConnectAtTheSameTime) {
  constexpr int kTurns = 3000;
  system_.now = [] { return std::uint64_t{1}; };
  system_.random = [](void* bytes, std::size_t size) { std::memset(bytes, 0x5a, size); };
  system_.socket_names = [](int, SocketNames*) {};
  const auto in_a_thread = [](std::uint32_t tid, auto turn) {
    return std::thread([tid, turn] {
      ThreadState thread;
      thread.tid = tid;
      for (int i = 0; i < kTurns; ++i) turn(thread);
    });
  };
  const std::string question = kGet;
  const std::string answer = "$-1\r\n";
  sockaddr_in peer = {};
  peer.sin_family = AF_INET;
  connect(8);
  send(8, kGet);
  std::thread threads[] = {in_a_thread(1,
                                       [&](ThreadState& thread) {
                                         const iovec one = piece(question);
                                         connections_.sent(thread, 8, &one, 1, question.size());
                                       }),
                           in_a_thread(2,
                                       [&](ThreadState& thread) {
                                         const iovec one = piece(answer);
                                         connections_.received(thread, 8, &one, 1, answer.size());
                                       }),
                           in_a_thread(3, [&](ThreadState& thread) {
                             connections_.connected(thread, 8, reinterpret_cast<sockaddr*>(&peer),
                                                    sizeof(peer));
                           })};
  for (std::thread& thread : threads) thread.join();
  connections_.closed(thread_, 8);
  std::set<std::uint32_t> begun;
  std::multiset<std::uint32_t> ended;
  for (const Told& one : told()) {
    const bool is_end = one.type == RecordType::kStreamEnd;
    is_end ? static_cast<void>(ended.insert(one.stream))
           : static_cast<void>(begun.insert(one.stream));
  }
  for (const std::uint32_t stream : ended) EXPECT_EQ(ended.count(stream), 1u);
  for (const std::uint32_t stream : begun) EXPECT_EQ(ended.count(stream), 1u);
  EXPECT_FALSE(begun.empty());
  EXPECT_EQ(reader_->dropped(), 0u);
  connect(8);  // nothing is stuck
  send(8, kGet);
  EXPECT_EQ(told().size(), 1u);
}

TEST_F(StreamsTest, WhatIsNotUnderstoodIsNotToldAnyMore) {
  connect(8);
  send(8, kGet);
  receive(8, "HTTP/1.1 400 Bad Request\r\n");
  send(8, kGet);
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[2].type, RecordType::kStreamEnd);
  EXPECT_EQ(all[2].end_reason, EndReason::kNotUnderstood);
}

// The agent process says so in the ring's memory.
TEST_F(StreamsTest, AConnectionThatIsNotFollowedAnyMoreIsToldNoMore) {
  connect(8);
  connect(9);
  send(8, kGet);
  send(9, kGet);
  std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 2u);
  refuse(*refusal_table(ring_), 42, all[0].stream);
  for (int i = 0; i < 3; ++i) receive(8, "$-1\r\n");
  receive(9, "$-1\r\n");
  const std::vector<Told> rest = told();
  ASSERT_EQ(rest.size(), 2u);
  EXPECT_EQ(rest[0].type, RecordType::kStreamEnd);
  EXPECT_EQ(rest[0].stream, all[0].stream);
  EXPECT_EQ(rest[1].type, RecordType::kStreamPiece);
}

TEST_F(StreamsTest, AForksChildLeavesTheConnectionToItsParent) {
  connect(8);
  send(8, kGet);
  connections_.forked(2, 43);
  receive(8, "$-1\r\n");
  send(8, kGet);
  connections_.closed(thread_, 8);
  EXPECT_EQ(told().size(), 1u);
}

TEST_F(StreamsTest, OtherBytesOfClientsAreNotTold) {
  for (const char* bytes : {"EHLO me\r\n", "\x16\x03\x01\x02", "SSH-2.0-OpenSSH\r\n", "\x01"}) {
    connect(8);
    send(8, bytes);
    receive(8, "+OK\r\n");
    connections_.closed(thread_, 8);
  }
  EXPECT_TRUE(told().empty());
}

}  // namespace
}  // namespace kolben::agent
