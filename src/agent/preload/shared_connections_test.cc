// A parent and its fork's child on one connection. Both are here: two Connections over one ring, of
// which the child's memory is a copy of the parent's, as a fork makes it.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "agent/preload/testing/connections_fixture.h"

namespace kolben::agent {
namespace {

constexpr char kAsked[] = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
constexpr char kAnswered[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class SharedConnectionsTest : public ConnectionsTest {
 protected:
  // What a fork's child does with the connections that it has, to its end by _exit().
  template <typename Does>
  void in_child(Does does) {
    const pid_t child = fork();
    if (child == 0) {
      connections_.forked(++generation_, static_cast<std::uint32_t>(getpid()));
      fake_time += 10;
      does();
      connections_.process_ends(thread_);
      _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    fake_time += 1'000'000;
    connections_.has_forked();
  }
  // The request's numbers, by order: each once, and no error.
  void expect_answered(const std::vector<Seen>& all, std::size_t count) {
    ASSERT_EQ(all.size(), count);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(all[i].fixed.response_status, 200) << i;
      EXPECT_EQ(all[i].fixed.end_reason, EndReason::kComplete) << i;
      for (std::size_t other = 0; other < i; ++other) {
        EXPECT_NE(hex(all[i].fixed.self.span_id, 8), hex(all[other].fixed.self.span_id, 8));
      }
    }
  }

  std::uint32_t generation_ = 1;
};

TEST_F(SharedConnectionsTest, TheParentReadsEachRequestAndAChildAnswers) {
  accept(5);
  for (int i = 0; i < 20; ++i) {
    receive(5, kAsked);
    in_child([&] { send(5, kAnswered); });
  }
  connections_.closed(thread_, 5);
  expect_answered(seen(), 20);
  EXPECT_EQ(reader_->untraced(), 0u);
}

TEST_F(SharedConnectionsTest, SomeRequestsAreAnsweredByTheParentItself) {
  accept(5);
  for (int i = 0; i < 4; ++i) {
    receive(5, kAsked);
    if (i % 2 == 0) {
      in_child([&] { send(5, kAnswered); });
    } else {
      send(5, kAnswered);
    }
  }
  connections_.closed(thread_, 5);
  expect_answered(seen(), 4);
}

// The child has written, but not noted yet what: the next request is there before.
TEST_F(SharedConnectionsTest, TheNextChildKnowsThatTheOneBeforeAnswers) {
  accept(5);
  receive(5, kAsked);
  in_child([&] {});  // it is slow
  receive(5, kAsked);
  in_child([&] { send(5, kAnswered); });
  connections_.closed(thread_, 5);
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].fixed.response_status, 200);
  EXPECT_EQ(all[1].fixed.end_reason, EndReason::kLeft) << "it may come";
  EXPECT_LT(all[1].fixed.start_time, all[0].fixed.start_time);
}

TEST_F(SharedConnectionsTest, TheParentWritesTheRestOfWhatAChildHasBegun) {
  accept(5);
  for (int i = 0; i < 2; ++i) {
    receive(5, kAsked);
    in_child([&] { send(5, std::string(kAnswered).substr(0, 20)); });
    send(5, std::string(kAnswered).substr(20));
  }
  receive(5, kAsked);
  send(5, kAnswered);
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 3u);
  for (int i : {0, 1}) {
    EXPECT_EQ(all[static_cast<std::size_t>(i)].fixed.response_status, 200);
    EXPECT_EQ(all[static_cast<std::size_t>(i)].fixed.end_reason, EndReason::kUnseen);
  }
  EXPECT_EQ(all[2].fixed.end_reason, EndReason::kComplete);
}

TEST_F(SharedConnectionsTest, TheParentAsksAndAChildReadsTheAnswer) {
  connect(5);
  for (int i = 0; i < 20; ++i) {
    EXPECT_NE(injection(5, {kAsked}), "") << i;
    send(5, kAsked);
    in_child([&] { receive(5, kAnswered); });
  }
  connections_.closed(thread_, 5);
  expect_answered(seen(), 20);
}

TEST_F(SharedConnectionsTest, AChildAsksAndTheParentReadsTheAnswer) {
  connect(5);
  for (int i = 0; i < 3; ++i) {
    in_child([&] { send(5, kAsked); });
    receive(5, kAnswered);
  }
  send(5, kAsked);
  receive(5, kAnswered);
  connections_.closed(thread_, 5);
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 4u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(all[i].fixed.end_reason, EndReason::kUnseen) << "it was answered, who knows how";
    EXPECT_EQ(all[i].fixed.response_status, 0);
  }
  EXPECT_EQ(all[3].fixed.response_status, 200) << "the parent's own";
  EXPECT_EQ(all[3].fixed.end_reason, EndReason::kComplete);
}

// Which answer is whose nobody knows who has not forked.
TEST_F(SharedConnectionsTest, RequestsThatOneProcessAsksAheadAreAnsweredInTheirOrder) {
  accept(5);
  for (int i = 0; i < 3; ++i) receive(5, kAsked);
  in_child([] {});
  for (int i = 0; i < 3; ++i) send(5, kAnswered);
  expect_answered(seen(), 3);
}

// A child that was there before the requests: it finds them in the open table.
class EarlierChildTest : public SharedConnectionsTest {
 protected:
  ~EarlierChildTest() override {
    for (const int file : files_) close(file);
  }
  // It answers on connection 5 each time that it is let.
  template <typename Before>
  void start_child(Before before) {
    int ask[2];
    int answered[2];
    ASSERT_EQ(pipe(ask), 0);
    ASSERT_EQ(pipe(answered), 0);
    child_ = fork();
    files_ = child_ == 0 ? std::array{ask[0], answered[1]} : std::array{answered[0], ask[1]};
    for (const int file : {ask[0], ask[1], answered[0], answered[1]}) {
      if (file != files_[0] && file != files_[1]) close(file);
    }
    if (child_ != 0) return connections_.has_forked();
    connections_.forked(++generation_, static_cast<std::uint32_t>(getpid()));
    while (is_let()) {
      fake_time += 1'000'000;
      before();
      send(5, kAnswered);
      let();
    }
    connections_.process_ends(thread_);
    _exit(0);
  }
  void let_answer() {
    let();
    ASSERT_TRUE(is_let());
  }
  void child_ends() {
    close(std::exchange(files_[1], -1));
    int status = 0;
    ASSERT_EQ(waitpid(child_, &status, 0), child_);
    EXPECT_EQ(status, 0);
    connections_.closed(thread_, 5);
  }
  // Of the parent's one request.
  OpenEntry& entry() {
    OpenTable& table = *open_table(ring_);
    for (std::uint32_t block = 0; block < ready_blocks_of(table); ++block) {
      for (OpenEntry& entry : table.entries[block]) {
        if (entry.pid == 42) return entry;
      }
    }
    ADD_FAILURE() << "no request is open";
    return table.entries[0][0];
  }

 private:
  bool is_let() const {
    char word = 0;
    return read(files_[0], &word, 1) == 1;
  }
  void let() const { ASSERT_EQ(write(files_[1], "x", 1), 1); }

  pid_t child_ = -1;
  std::array<int, 2> files_ = {-1, -1};  // to read from, and to write to
};

TEST_F(EarlierChildTest, AnswersWhatItFindsInTheOpenTable) {
  accept(5);
  start_child([] {});
  constexpr int kCount = 3 * kPipelinedMax;
  const std::string longer = "GET /b HTTP/1.1\r\nHost: x\r\nUser-Agent: " + std::string(600, 'x') +
                             "\r\n" + kHeader + "\r\n";
  for (int i = 0; i < kCount; ++i) {
    fake_time += 1000;
    receive(5, i == 0 ? longer : kAsked);
    let_answer();
  }
  child_ends();
  const std::vector<Seen> all = seen();
  expect_answered(all, kCount);
  EXPECT_EQ(all[0].request.substr(0, 6), "GET /b") << "as far as it stands there";
  EXPECT_EQ(hex(all[0].fixed.self.trace_id, 16), kTraceId);
  EXPECT_EQ(all[0].fixed.parent_is_remote, 1);
  EXPECT_EQ(all[0].fixed.has_no_sizes, 1);
  EXPECT_EQ(reader_->untraced(), 0u);
  EXPECT_EQ(count_open_requests(*open_table(ring_)), 0);
}

// Where the headers that say how long it is are kept, they stand in the table without it.
TEST_F(EarlierChildTest, AnswersARequestWithABody) {
  CapturedHeaders headers;
  headers.set(0, "content-length, transfer-encoding");
  connections_.capture(headers);
  accept(5);
  start_child([] {});
  for (int i = 0; i < 2; ++i) {
    receive(5, "POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
    let_answer();
    receive(5, "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    let_answer();
  }
  child_ends();
  expect_answered(seen(), 4);
  EXPECT_EQ(reader_->untraced(), 0u);
}

TEST_F(EarlierChildTest, HasNoSizesAlsoWhereThereIsNoRoomForItInTheTable) {
  accept(5);
  start_child([&] {
    for (auto& owner : open_table(ring_)->owners) {
      std::uint32_t free = 0;
      owner.compare_exchange_strong(free, 1);
    }
  });
  receive(5, kAsked);
  let_answer();
  child_ends();
  const std::vector<Seen> all = seen();
  expect_answered(all, 1);
  EXPECT_EQ(all[0].fixed.has_no_sizes, 1);
}

// The parent has handed it over and closed the connection: its place is another request's while the
// child begins to answer.
TEST_F(EarlierChildTest, TellsWhatItHasFoundAlsoWhereThePlaceIsAnothersNow) {
  accept(5);
  receive(5, kAsked);
  send(5, kAnswered);
  seen();
  Exchange another;
  start_child([&] {
    OpenEntry& place = entry();
    fake_other_thread = [&place] {
      place.pid = 0;
      place.fixed.self.span_id[0] ^= 0x80;
      place.fixed.start_time += 7;
      place.texts[place.fixed.local_address_size + place.fixed.peer_address_size + 5] = 'b';
      place.pid = 42;
    };
  });
  receive(5, kAsked);
  const Exchange asked = entry().fixed;
  let_answer();
  another = entry().fixed;
  EXPECT_FALSE(is_taken_over(entry(), another.self));
  child_ends();
  const std::vector<Seen> all = seen();
  expect_answered(all, 1);
  EXPECT_EQ(all[0].request.substr(0, 6), "GET /a");
  EXPECT_EQ(all[0].fixed.start_time, asked.start_time);
  EXPECT_EQ(hex(all[0].fixed.self.span_id, 8), hex(asked.self.span_id, 8));
  EXPECT_NE(hex(all[0].fixed.self.span_id, 8), hex(another.self.span_id, 8));
}

TEST_F(EarlierChildTest, TellsWhatItHasFoundAlsoWhereThePlaceIsScribbledOver) {
  accept(5);
  receive(5, kAsked);
  send(5, kAnswered);
  seen();
  start_child([&] {
    OpenEntry& place = entry();
    fake_other_thread = [&place] {
      place.fixed.request_head_size = 0xffff;
      place.fixed.local_address_size = 0xff;
      std::memset(place.texts, 0xff, sizeof(place.texts));
    };
  });
  receive(5, kAsked);
  let_answer();
  child_ends();
  const std::vector<Seen> all = seen();
  expect_answered(all, 1);
  EXPECT_EQ(all[0].request, kAsked);
}

// It would be memory that is not there.
TEST_F(EarlierChildTest, LooksForNothingBeyondTheReadyBlocks) {
  accept(5);
  start_child([&] { open_table(ring_)->ready_blocks = 0; });
  receive(5, kAsked);
  let_answer();
  child_ends();
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].fixed.response_status, 0);
}

// A child that was there before the requests, and is not seen.
TEST_F(SharedConnectionsTest, WhatAnotherProcessAnswersIsToldWithoutItsAnswer) {
  accept(5);
  in_child([] {});
  for (std::uint32_t i = 0; i <= kPipelinedMax; ++i) receive(5, kAsked);
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), kPipelinedMax - 1);
  for (const Seen& one : all) EXPECT_EQ(one.fixed.end_reason, EndReason::kUnseen);
  EXPECT_EQ(reader_->untraced(), 1u) << "it is followed no more";
}

TEST_F(SharedConnectionsTest, AnOpenRequestHasOneWhoTellsOfItsEnd) {
  accept(5);
  receive(5, kAsked);
  EXPECT_EQ(count_open_requests(*open_table(ring_)), 1);
  in_child([&] {
    send(5, "HTTP/1.1 200 OK\r\n");
    EXPECT_EQ(count_open_requests(*open_table(ring_)), 1) << "and not two";
    _exit(0);  // as if killed
  });
  std::uint8_t record[sizeof(RecordHeader) + kOpenEntryBytes];
  EXPECT_EQ(reap_open_request(*open_table(ring_), 42, ~std::uint64_t{0}, fake_time, record), 0u)
      << "the parent, whom it was taken from";
  connections_.closed(thread_, 5);
  EXPECT_TRUE(seen().empty());
}

// --- lengths that are none ---------------------------------------------------------------------

TEST_F(SharedConnectionsTest, AnAnswerOfNoKnownLengthLastsUntilTheConnectionEnds) {
  accept(5);
  receive(5, kAsked);
  send(5, "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok");
  EXPECT_TRUE(seen().empty());
  connections_.closed(thread_, 5);
  expect_answered(seen(), 1);
  EXPECT_EQ(reader_->untraced(), 0u) << "nothing is lost";
}

TEST_F(SharedConnectionsTest, AConnectionThatGoesOnAfterItIsNotFollowed) {
  for (const bool is_client : {false, true}) {
    const auto ask = [&] { is_client ? send(5, kAsked) : receive(5, kAsked); };
    const auto answer = [&](const char* text) { is_client ? receive(5, text) : send(5, text); };
    is_client ? connect(5) : accept(5);
    const std::uint64_t before = reader_->untraced();
    for (int i = 0; i < 3; ++i) {
      ask();
      answer("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nok");
    }
    connections_.closed(thread_, 5);
    expect_answered(seen(), 1);
    EXPECT_EQ(reader_->untraced(), before + 1) << "counted once";
  }
}

TEST_F(SharedConnectionsTest, ARequestOfNoKnownLengthHasItsAnswer) {
  for (const bool is_client : {false, true}) {
    const std::string asked = "POST /a HTTP/1.1\r\nContent-Length: 5, 6\r\n\r\nhello";
    const std::string refused = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    is_client ? connect(5) : accept(5);
    const std::uint64_t before = reader_->untraced();
    for (int i = 0; i < 2; ++i) {
      is_client ? send(5, asked) : receive(5, asked);
      is_client ? receive(5, refused) : send(5, refused);
    }
    connections_.closed(thread_, 5);
    const std::vector<Seen> all = seen();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].fixed.response_status, 400);
    EXPECT_EQ(all[0].fixed.end_reason, EndReason::kComplete);
    EXPECT_EQ(reader_->untraced(), before + 1);
  }
}

}  // namespace
}  // namespace kolben::agent
