// Trace context in the requests of a client that speaks HTTP/2: what the program writes, what the
// kernel takes of it, and what the server makes of that.
#include <random>

#include "agent/preload/testing/connections_fixture.h"
#include "agent/protocols/http2/testing/frames.h"
#include "agent/protocols/testing/conversation.h"
#include "agent/protocols/testing/counted_limit.h"

namespace kolben::agent {
namespace {

using namespace http2::testing;  // NOLINT: frames
using http2::kContinuation;
using http2::kData;
using http2::kHeaders;
using http2::kSettings;
using kolben::agent::testing::Conversation;

const std::string kBegin = std::string(kPreface) + frame(kSettings, 0, 0, "");
const std::string kGetBlock =
    block({{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a"}});
std::string get(std::uint32_t stream, const std::string& more = "") {
  return frame(kHeaders, kEndHeaders | kEndStream, stream, kGetBlock + more);
}

class RequestInjectionTest : public ConnectionsTest {
 protected:
  void SetUp() override {
    ConnectionsTest::SetUp();
    connect(8);
  }

  // As the hooks do; the kernel takes at most `room` bytes. What the program is told.
  ssize_t write(const std::string& bytes, std::size_t room = SIZE_MAX, std::size_t cut = SIZE_MAX) {
    std::vector<iovec> pieces = {piece(bytes)};
    if (cut < bytes.size()) {
      pieces[0].iov_len = cut;
      pieces.push_back({const_cast<char*>(bytes.data()) + cut, bytes.size() - cut});
    }
    const int count = static_cast<int>(pieces.size());
    EXPECT_TRUE(connections_.may_inject(8));
    fake_sent.clear();
    fake_send_most = room;
    fake_send_result = room == 0 ? -1 : 0;
    const bool is_finished = connections_.finish_injection(8);
    wire_ += fake_sent;
    if (!is_finished) return -1;
    room -= room == SIZE_MAX ? 0 : std::min(room, fake_sent.size());
    Injection injection;
    std::string sent = bytes;
    const bool is_ours =
        connections_.prepare_injection(thread_, 8, pieces.data(), count, bytes.size(), &injection);
    if (is_ours) {
      sent.clear();
      for (int i = 0; i < injection.count; ++i) {
        sent.append(static_cast<char*>(injection.pieces[i].iov_base), injection.pieces[i].iov_len);
      }
    }
    sent.resize(std::min(sent.size(), room));
    wire_ += sent;
    std::size_t taken = sent.size();
    if (is_ours) taken = connections_.injected(8, injection, sent.size());
    if (taken == 0) {
      connections_.not_sent(thread_, 8);
      return -1;
    }
    connections_.sent(thread_, 8, pieces.data(), count, taken);
    return static_cast<ssize_t>(taken);
  }

  // The same after withdraw().
  ssize_t write_rest(const std::string& bytes, std::size_t room = SIZE_MAX) {
    const iovec whole = piece(bytes);
    fake_sent.clear();
    fake_send_most = room;
    fake_send_result = room == 0 ? -1 : 0;
    const bool is_finished = connections_.finish_injection(8);
    wire_ += fake_sent;
    if (!is_finished) return -1;
    room -= room == SIZE_MAX ? 0 : std::min(room, fake_sent.size());
    Injection injection;
    if (!connections_.prepare_rest(thread_, 8, &whole, 1, bytes.size(), &injection)) {
      const std::string sent = bytes.substr(0, room);
      wire_ += sent;
      return sent.empty() ? -1 : static_cast<ssize_t>(sent.size());
    }
    std::string sent;
    for (int i = 0; i < injection.count; ++i) {
      sent.append(static_cast<char*>(injection.pieces[i].iov_base), injection.pieces[i].iov_len);
    }
    sent.resize(std::min(sent.size(), room));
    wire_ += sent;
    const auto taken = static_cast<ssize_t>(connections_.injected(8, injection, sent.size()));
    connections_.rest_sent(thread_, 8, &whole, 1, taken == 0 ? -1 : taken);
    return taken == 0 ? -1 : taken;
  }

  // What the server is asked: the calls, without their answers.
  static std::vector<WebCall> calls_in(const std::string& bytes) {
    Conversation talk(Protocol::kHttp2);
    talk.client(bytes);
    EXPECT_FALSE(talk.given_up());
    talk.close();
    return talk.web_calls();
  }
  static std::string parent_in(const WebCall& call) {
    Traceparent context;
    if (!call.trace_headers.context(kTraceContext, &context)) return "";
    return hex(context.trace_id, 16) + "-" + hex(context.span_id, 8);
  }
  // What the agent process is told of the requests, by their stream.
  std::string told_contexts() {
    std::string text;
    for (const Told& one : told()) {
      for (const StreamRequest& request : one.requests) {
        text += std::to_string(request.stream) + " " + hex(one.fixed.self.trace_id, 16) + "-" +
                hex(request.span_id, 8) + "\n";
      }
    }
    return text;
  }

  std::string wire_;
};

TEST_F(RequestInjectionTest, ARequestGetsAContextThatTheAgentProcessIsToldOf) {
  EXPECT_EQ(write(kBegin), static_cast<ssize_t>(kBegin.size()));
  EXPECT_EQ(wire_, kBegin);
  EXPECT_EQ(write(get(1)), static_cast<ssize_t>(get(1).size()));
  const auto calls = calls_in(wire_);
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].path, "/");
  EXPECT_EQ(calls[0].authority, "a");
  ASSERT_NE(parent_in(calls[0]), "");
  EXPECT_EQ(told_contexts(), "1 " + parent_in(calls[0]) + "\n");
  // Nothing else is different.
  EXPECT_EQ(wire_.size(), kBegin.size() + get(1).size() + 69);
}

// Wherever the kernel has stopped when the library goes off.
TEST_F(RequestInjectionTest, WhatHasBegunIsFinishedThoughNothingIsFollowedAnyMore) {
  const std::string request = get(1) + get(3);
  const std::size_t most = request.size() + 2 * 69;
  for (std::size_t stop = 1; stop < most; ++stop) {
    for (const std::size_t room : {std::size_t{7}, std::size_t{SIZE_MAX}}) {
      SCOPED_TRACE(stop);
      connections_.closed(thread_, 8);
      connect(8);
      thread_.tid = 7;
      wire_.clear();
      write(kBegin);
      std::size_t done = static_cast<std::size_t>(std::max<ssize_t>(write(request, stop), 0));
      connections_.withdraw(thread_);
      while (done < request.size()) {
        const ssize_t sent = write_rest(request.substr(done), room);
        if (sent > 0) done += static_cast<std::size_t>(sent);
      }
      write_rest(get(5));
      const auto calls = calls_in(wire_);
      ASSERT_EQ(calls.size(), 3u);
      EXPECT_EQ(parent_in(calls[2]), "");
      EXPECT_NE(parent_in(calls[0]), "") << "its length was sent";
    }
  }
  std::size_t ends = 0;
  for (const Told& one : told()) {
    if (one.type == RecordType::kStreamEnd) ends += one.end_reason == EndReason::kNotUnderstood;
  }
  EXPECT_GE(ends, most - 1);
}

TEST_F(RequestInjectionTest, TheFirstWriteMayHoldTheRequest) {
  write(kBegin + get(1));
  ASSERT_EQ(calls_in(wire_).size(), 1u);
  EXPECT_EQ(told_contexts(), "1 " + parent_in(calls_in(wire_)[0]) + "\n");
}

TEST_F(RequestInjectionTest, ItGoesOnWithTheRequestThatIsServedAndItsBaggage) {
  accept(5);
  receive(5,
          std::string("GET / HTTP/1.1\r\n") + kHeader + "tracestate: a=1\r\nbaggage: b=2\r\n\r\n");
  connect(8);
  write(kBegin + get(1, literal("baggage", "own")) + get(3));
  const auto calls = calls_in(wire_);
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(parent_in(calls[0]).substr(0, 32), kTraceId);
  EXPECT_EQ(calls[0].tracestate, "a=1");
  const auto count = [&](const std::string& text) {
    return wire_.find(text) == std::string::npos   ? 0
           : wire_.rfind(text) == wire_.find(text) ? 1
                                                   : 2;
  };
  EXPECT_EQ(count("baggage"), 2);
  EXPECT_EQ(count("b=2"), 1);
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(hex(all[0].fixed.parent_span_id, 8), hex(thread_.request_context.span_id, 8));
  EXPECT_EQ(all[0].requests.size(), 2u);
}

TEST_F(RequestInjectionTest, OfLongListsWholeMembersGoOn) {
  std::string members;
  for (int i = 100; i < 150; ++i) members += "k" + std::to_string(i) + "=0123456789,";
  accept(5);
  receive(5, std::string("GET / HTTP/1.1\r\n") + kHeader + "tracestate: " + members +
                 "\r\nbaggage: " + members + "\r\n\r\n");
  connect(8);
  write(kBegin + get(1));
  const auto calls = calls_in(wire_);
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_GT(calls[0].tracestate.size(), 450u);
  EXPECT_LE(calls[0].tracestate.size(), kTracestateBytesMax);
  EXPECT_EQ(calls[0].tracestate, members.substr(0, calls[0].tracestate.size()));
  EXPECT_EQ(members[calls[0].tracestate.size()], ',');
  const std::size_t begin = wire_.find("baggage");
  ASSERT_NE(begin, std::string::npos);
  EXPECT_NE(wire_.find("k110=", begin), std::string::npos);
  EXPECT_EQ(reader_->untraced(), 2u);
}

// Whose request it is is not certain: the next one goes on with the trace that is only linked.
TEST_F(RequestInjectionTest, AnUncertainRequestsTraceIsItsOwn) {
  for (const int file : {5, 6}) {
    accept(file);
    receive(file, std::string("GET / HTTP/1.1\r\n") + kHeader + "baggage: b=2\r\n\r\n");
  }
  connect(8);
  write(kBegin + get(1));
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(hex(all[0].fixed.linked_trace_id, 16), kTraceId);
  EXPECT_EQ(parent_in(calls_in(wire_)[0]).substr(0, 32), hex(all[0].fixed.self.trace_id, 16));
  EXPECT_EQ(wire_.find("b=2"), std::string::npos);
}

TEST_F(RequestInjectionTest, WhereTheProgramWritesAContextItsOwnStays) {
  const std::string own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  std::string bytes = kBegin + get(1, indexed_literal("traceparent", own, true)) + get(3, "\xbe") +
                      get(5, literal("traceparent", own)) + get(7, "\x0f\x2f\1x");
  write(bytes);
  EXPECT_EQ(wire_, bytes);
  write(get(9));
  EXPECT_EQ(told_contexts().substr(0, 2), "9 ");
}

TEST_F(RequestInjectionTest, NothingIsWrittenIntoWhatIsNoWholeRequest) {
  const std::string request = frame(kHeaders, kEndHeaders, 1, kGetBlock);
  std::string all = kBegin;
  write(kBegin);
  for (const std::string& bytes :
       {request.substr(0, 20), request.substr(20),                        // in two writes
        frame(kData, 0, 1, "body"),                                       // no headers
        frame(kHeaders, kEndHeaders | kEndStream, 1, literal("x", "y")),  // trailers
        frame(kHeaders, 0, 3, kGetBlock), frame(kContinuation, kEndHeaders, 3, ""),
        frame(kHeaders, 0, 5, kGetBlock) + frame(kContinuation, kEndHeaders, 5, ""),
        // As long as a frame may be.
        frame(kHeaders, kEndHeaders, 7, literal("x", std::string(16384 - 60, 'v')))}) {
    write(bytes);
    all += bytes;
  }
  EXPECT_EQ(wire_, all);
  EXPECT_EQ(told_contexts(), "");
}

TEST_F(RequestInjectionTest, ABlockInSeveralFramesGetsItAtTheEndOfTheLast) {
  write(kBegin + frame(kHeaders, kEndStream, 1, kGetBlock.substr(0, 3)) +
        frame(kContinuation, kEndHeaders, 1, kGetBlock.substr(3)));
  const std::string padded = "\2" + kGetBlock + std::string(2, '\0');
  write(frame(kHeaders, kEndHeaders | kEndStream | kPadded, 3, padded));
  for (const WebCall& call : calls_in(wire_)) EXPECT_NE(parent_in(call), "");
  EXPECT_EQ(calls_in(wire_).size(), 2u);
}

TEST_F(RequestInjectionTest, OfManyRequestsInAWriteTheFirstGetIt) {
  std::string bytes = kBegin;
  for (std::uint32_t i = 0; i < kInjectedRequestsMax + 2; ++i) bytes += get(1 + 2 * i);
  write(bytes);
  const auto calls = calls_in(wire_);
  ASSERT_EQ(calls.size(), kInjectedRequestsMax + 2);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    EXPECT_EQ(parent_in(calls[i]) == "", i >= kInjectedRequestsMax) << i;
  }
}

TEST_F(RequestInjectionTest, AServerThatTakesOnlyShortListsGetsNothing) {
  write(kBegin);
  receive(8, frame(kSettings, 0, 0, big_endian(6, 2) + big_endian(1000, 4)));
  write(get(1));
  EXPECT_EQ(wire_, kBegin + get(1));

  connect(8);
  write(kBegin);
  receive(8, frame(kSettings, 0, 0, big_endian(6, 2) + big_endian(16384, 4)));
  wire_.clear();
  write(get(1));
  EXPECT_NE(wire_, get(1));
}

TEST_F(RequestInjectionTest, WhatIsNotUnderstoodEndsIt) {
  write(kBegin);
  write(frame(kHeaders, kEndHeaders, 1, "\xbe"));
  wire_.clear();
  EXPECT_TRUE(connections_.may_inject(8));
  write(get(3));
  EXPECT_EQ(wire_, get(3));
}

// Two threads write at the same time: what the one knows of the table is wrong from then on.
TEST_F(RequestInjectionTest, ThreadsThatWriteAtTheSameTimeEndIt) {
  write(kBegin);
  ThreadState other;
  other.tid = 99;
  const std::string bytes = get(1);
  const iovec one = piece(bytes);
  Injection injection;
  ASSERT_TRUE(connections_.prepare_injection(thread_, 8, &one, 1, bytes.size(), &injection));
  Injection second;
  EXPECT_FALSE(connections_.prepare_injection(other, 8, &one, 1, bytes.size(), &second));
  connections_.sent(other, 8, &one, 1, bytes.size());
  EXPECT_EQ(connections_.injected(8, injection, bytes.size() + 69), bytes.size());
  connections_.sent(thread_, 8, &one, 1, bytes.size());
  wire_.clear();
  write(get(5));
  EXPECT_EQ(wire_, get(5));
}

TEST_F(RequestInjectionTest, AWriteThatFailedIsPreparedAnew) {
  write(kBegin);
  EXPECT_EQ(write(get(1), 0), -1);
  EXPECT_EQ(write(get(1), 0), -1);
  EXPECT_EQ(wire_, kBegin);
  write(get(1));
  EXPECT_EQ(told_contexts(), "1 " + parent_in(calls_in(wire_).at(0)) + "\n");
}

// Wherever the kernel stops, each byte of the program's goes once, and ours are whole.
TEST_F(RequestInjectionTest, WhereverTheKernelStops) {
  const std::string bytes = get(1) + get(3) + frame(kData, 0, 1, "");
  for (std::size_t room = 1; room < bytes.size() + 2 * 69; ++room) {
    for (const std::size_t next_room : {SIZE_MAX, 1UL, 2UL}) {
      connections_.closed(thread_, 8);
      connect(8);
      told();
      wire_.clear();
      write(kBegin);
      std::string rest = bytes;
      std::size_t most = room;
      while (!rest.empty()) {
        const ssize_t taken = write(rest, most, 5);
        most = next_room;
        ASSERT_NE(taken, 0);
        if (taken > 0) rest.erase(0, static_cast<std::size_t>(taken));
      }
      const auto calls = calls_in(wire_);
      ASSERT_EQ(calls.size(), 2u) << room;
      std::string contexts;
      for (const WebCall& call : calls) {
        // What the next write begins while another is not whole goes as it is.
        if (call.stream != 1 && parent_in(call).empty()) continue;
        ASSERT_NE(parent_in(call), "") << room;
        contexts += std::to_string(call.stream) + " " + parent_in(call) + "\n";
      }
      ASSERT_EQ(told_contexts(), contexts) << room;
    }
  }
}

// A client that does what it likes, and a kernel that takes what it likes.
class RandomClient {
 public:
  explicit RandomClient(std::uint32_t seed) : random_(seed) {}
  std::uint32_t up_to(std::uint32_t most) {
    return std::uniform_int_distribution<std::uint32_t>(0, most)(random_);
  }

  std::string conversation() {
    std::string bytes = kBegin;
    for (std::uint32_t stream = 1; stream < 30; stream += 2) {
      std::string fields = kGetBlock;
      for (std::uint32_t i = up_to(3); i != 0; --i) {
        const std::string value(up_to(30), static_cast<char>('a' + up_to(25)));
        fields += up_to(1) == 0 ? indexed_literal("x-some", value, up_to(1) == 0)
                                : literal("x-other", value, up_to(1) == 0);
      }
      if (up_to(5) == 0) fields += literal("traceparent", "mine", up_to(1) == 0);
      bytes +=
          request(stream, fields) + frame(kData, kEndStream, stream, std::string(up_to(40), 'd'));
    }
    return bytes;
  }

 private:
  std::string request(std::uint32_t stream, const std::string& fields) {
    if (up_to(2) != 0) return frame(kHeaders, kEndHeaders, stream, fields);
    const std::size_t cut = up_to(static_cast<std::uint32_t>(fields.size()));
    const std::string first = "\4" + std::string(5, '\0') + fields.substr(0, cut) + "pads";
    return frame(kHeaders, kPadded | kPriority, stream, first) +
           frame(kContinuation, kEndHeaders, stream, fields.substr(cut));
  }

  std::mt19937 random_;
};

TEST_F(RequestInjectionTest, TheServerSeesWhatWasWrittenAndTheHeader) {
  std::size_t with_context = 0;
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    RandomClient client(seed);
    connections_.closed(thread_, 8);
    connect(8);
    told();
    wire_.clear();
    const std::string bytes = client.conversation();
    write(kBegin);  // its first piece tells the protocol
    for (std::size_t at = kBegin.size(); at < bytes.size();) {
      const std::size_t size = 1 + client.up_to(client.up_to(1) == 0 ? 50 : 2000);
      const std::size_t room = client.up_to(3) != 0 ? SIZE_MAX : client.up_to(100);
      const ssize_t taken = write(bytes.substr(at, size), room, client.up_to(300));
      if (taken > 0) at += static_cast<std::size_t>(taken);
    }
    const auto written = calls_in(bytes);
    const auto seen = calls_in(wire_);
    ASSERT_EQ(seen.size(), written.size());
    std::string contexts;
    for (std::size_t i = 0; i < seen.size(); ++i) {
      EXPECT_EQ(seen[i].stream, written[i].stream);
      EXPECT_EQ(seen[i].path, written[i].path);
      EXPECT_EQ(seen[i].request_bytes, written[i].request_bytes);
      const bool has_own = written[i].trace_headers.has(kTraceContext);
      EXPECT_TRUE(!has_own || parent_in(seen[i]).empty());
      if (parent_in(seen[i]).empty()) continue;
      ++with_context;
      contexts += std::to_string(seen[i].stream) + " " + parent_in(seen[i]) + "\n";
    }
    ASSERT_EQ(told_contexts(), contexts);
  }
  EXPECT_GT(with_context, 300u);
}

// Another thread closes a connection while one writes into it, again and again.
TEST_F(RequestInjectionTest, AConnectionThatEndsDuringAWriteLeavesNothingBehind) {
  for (std::uint32_t i = 0; i <= kWritersMax; ++i) {
    ASSERT_EQ(write(kBegin), static_cast<ssize_t>(kBegin.size())) << i;
    const std::string bytes = get(1);
    const iovec one = piece(bytes);
    Injection injection;
    ASSERT_TRUE(connections_.prepare_injection(thread_, 8, &one, 1, bytes.size(), &injection)) << i;
    ThreadState other;
    connections_.closed(other, 8);
    connections_.injected(8, injection, bytes.size());
    connections_.sent(thread_, 8, &one, 1, bytes.size());
    connect(8);
    told();
  }
}

// The trace is in the request that is written; what is written besides begins none.
TEST_F(RequestInjectionTest, OfALimitIsTakenWhatIsWrittenInto) {
  const kolben::agent::testing::CountedLimit limit(1);
  limit.hold_for(sampler_);
  write(kBegin);
  EXPECT_EQ(limit.taken(), 0u);
  write(get(1) + get(3));
  EXPECT_EQ(limit.taken(), 1u);
  write(frame(kData, kEndStream, 1, "body"));
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].fixed.self.flags, kUndecided);
  EXPECT_EQ(all[1].fixed.self.flags, 1);
  EXPECT_EQ(all[1].requests.size(), 2u);
  EXPECT_EQ(all[2].fixed.self.flags, kUndecided);
}

}  // namespace
}  // namespace kolben::agent
