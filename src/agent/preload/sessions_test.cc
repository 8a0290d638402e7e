// TLS sessions: whose plaintext it is, and what of it becomes records.
#include "agent/preload/sessions.h"

#include "agent/preload/ciphertext.h"
#include "agent/preload/testing/connections_fixture.h"

namespace kolben::agent {
namespace {

constexpr char kRequest[] = "GET /a HTTP/1.1\r\nHost: shop\r\n\r\n";
constexpr char kResponse[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// A record of TLS that nobody else has sent.
std::string ciphertext(int number, std::size_t size = 100) {
  std::string bytes("\x16\x03\x03", 3);
  for (std::size_t i = bytes.size(); i < size; ++i) {
    bytes += static_cast<char>((i * 31 + static_cast<std::size_t>(number) * 17) % 251);
  }
  return bytes;
}

class SessionsTest : public ConnectionsTest {
 protected:
  void SetUp() override {
    ConnectionsTest::SetUp();
    sessions_.init(system_, ring_, connections_);
  }

  Session& enter(const void* object, Side side, int file = -1, const void* input = nullptr) {
    Session* session =
        sessions_.enter(thread_, {.object = object, .side = side, .file = file, .input = input});
    EXPECT_NE(session, nullptr);
    return *session;
  }
  // A call on the session, within which `body` runs.
  template <typename Body>
  void during_call(Session& session, const void* object, Body body) {
    thread_.session = object;
    thread_.session_file = kNoFile;
    body();
    thread_.session = nullptr;
    sessions_.found(thread_, session, thread_.session_file);
  }
  void reads(const Session& session, const std::string& text) {
    receive(sessions_.plaintext_of(session), text);
  }
  void writes(const Session& session, const std::string& text) {
    send(sessions_.plaintext_of(session), text);
  }
  void serve_one(const Session& session) {
    reads(session, kRequest);
    writes(session, kResponse);
  }
  void take_over(const void* holder, const std::string& bytes) {
    note_taken_over(thread_, holder, bytes.data(), bytes.size());
  }
  // A connection that has begun with TLS.
  void accept_tls(int file) {
    accept(file);
    receive(file, ciphertext(0));
  }

  Sessions sessions_;
  int object_ = 0, other_object_ = 0, holder_ = 0;
};

TEST_F(SessionsTest, PlaintextIsOfTheFileThatTheLibraryKnows) {
  accept_tls(5);
  const Session& session = enter(&object_, Side::kServer, 5);
  reads(session, kRequest);
  receive(5, kRequest);  // looks like one, by chance: nobody reads ciphertext
  writes(session, kResponse);
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].type, RecordType::kServerExchange);
  EXPECT_EQ(all[0].fixed.response_status, 200);
  EXPECT_EQ(all[0].fixed.is_encrypted, 1);
  EXPECT_EQ(all[0].fixed.peer_port, 4711);
  EXPECT_EQ(all[0].fixed.local_port, 80);
}

TEST_F(SessionsTest, WhatIsNotEncryptedSaysSo) {
  accept(5);
  receive(5, kRequest);
  send(5, kResponse);
  ASSERT_EQ(seen().at(0).fixed.is_encrypted, 0);
}

TEST_F(SessionsTest, PlaintextIsOfTheFileThatACallReads) {
  accept_tls(5);
  Session& session = enter(&object_, Side::kServer);
  during_call(session, &object_, [&] { receive(5, ciphertext(1)); });
  serve_one(session);
  EXPECT_EQ(seen().at(0).fixed.peer_port, 4711);
}

TEST_F(SessionsTest, WhatACallReadsOrWritesBesideIsNotItsFile) {
  accept_tls(5);
  accept_tls(6);
  Session& session = enter(&object_, Side::kServer);
  during_call(session, &object_, [&] {
    send(6, "what a program writes in a callback");
    receive(5, ciphertext(1).substr(0, 5));
    receive(5, ciphertext(1).substr(5));
  });
  EXPECT_EQ(session.file, 5);
}

TEST_F(SessionsTest, OfTwoFilesThatACallReadsItIsNeithers) {
  accept_tls(5);
  accept_tls(6);
  Session& session = enter(&object_, Side::kServer);
  during_call(session, &object_, [&] {
    receive(5, ciphertext(1));
    send(6, ciphertext(2));
    receive(5, ciphertext(3));
  });
  serve_one(session);
  EXPECT_EQ(seen().at(0).fixed.peer_port, 0);
}

TEST_F(SessionsTest, PlaintextIsOfTheFileWhoseBytesTheProgramHandsOver) {
  accept_tls(5);
  accept_tls(6);
  const std::string bytes = ciphertext(1);
  receive(5, bytes);
  take_over(&holder_, bytes);
  const Session& session = enter(&object_, Side::kServer, -1, &holder_);
  serve_one(session);
  EXPECT_EQ(seen().at(0).fixed.peer_port, 4711);
  EXPECT_EQ(session.file, 5);
}

TEST_F(SessionsTest, OtherBytesThanThoseReadTellNothing) {
  const auto file_after = [&](const void* object, const std::string& read, const std::string& taken,
                              const void* input) {
    receive(5, read);
    take_over(&holder_, taken);
    return enter(object, Side::kServer, -1, input).file;
  };
  accept_tls(5);
  int objects[5] = {};
  const std::string bytes = ciphertext(1);
  EXPECT_EQ(file_after(&objects[0], bytes, ciphertext(2), &holder_), -1);
  EXPECT_EQ(file_after(&objects[1], bytes, bytes.substr(0, 50), &holder_), -1);
  EXPECT_EQ(file_after(&objects[2], bytes, bytes, &object_), -1);  // not this session's
  EXPECT_EQ(file_after(&objects[3], "\x16\x03\x03too short", "\x16\x03\x03too short", &holder_),
            -1);
  EXPECT_EQ(file_after(&objects[4], "no record of TLS, but long enough",
                       "no record of TLS, but long enough", &holder_),
            -1);
  // A holder is believed once: its address may be another's soon.
  receive(5, bytes);
  take_over(&holder_, bytes);
  enter(&objects[0], Side::kServer);
  EXPECT_EQ(enter(&objects[1], Side::kServer, -1, &holder_).file, -1);
}

TEST_F(SessionsTest, WithoutAFilePlaintextHasNoAddresses) {
  const Session& session = enter(&object_, Side::kServer);
  serve_one(session);
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].fixed.peer_address_size, 0);
  EXPECT_EQ(all[0].fixed.local_address_size, 0);
  EXPECT_EQ(all[0].fixed.is_encrypted, 1);
}

TEST_F(SessionsTest, WithoutASideNothingIsTold) {
  const Session& session = enter(&object_, Side::kUnknown);
  EXPECT_EQ(sessions_.plaintext_of(session), -1);
}

TEST_F(SessionsTest, WhoseFileIsClosedIsNobodysAnyMore) {
  accept_tls(5);
  const Session& session = enter(&object_, Side::kServer, 5);
  reads(session, kRequest);
  connections_.closed(thread_, 5);
  ASSERT_EQ(seen().at(0).fixed.end_reason, EndReason::kClosed);
  EXPECT_EQ(sessions_.plaintext_of(session), -1);
  // The number is another connection's; a call on the old session does not touch it.
  accept_tls(5);
  enter(&object_, Side::kServer, 5);
  EXPECT_EQ(sessions_.plaintext_of(session), -1);
  const Session& next = enter(&other_object_, Side::kServer, 5);
  serve_one(next);
  EXPECT_EQ(seen().size(), 1u);
}

TEST_F(SessionsTest, AnAddressThatIsUsedAgainIsAnotherSession) {
  accept_tls(5);
  reads(enter(&object_, Side::kServer, 5), kRequest);
  sessions_.ends(thread_, &object_);
  EXPECT_EQ(seen().at(0).fixed.end_reason, EndReason::kClosed);
  const Session& next = enter(&object_, Side::kClient);
  EXPECT_EQ(next.file, -1);
  EXPECT_TRUE(connections_.may_inject(sessions_.plaintext_of(next)));
}

TEST_F(SessionsTest, AFileThatIsClosedAfterItsSessionClosesNobodyElse) {
  accept_tls(5);
  accept_tls(6);
  enter(&object_, Side::kServer, 5);
  sessions_.ends(thread_, &object_);
  const Session& next = enter(&object_, Side::kServer, 6);  // at the same address
  connections_.closed(thread_, 5);
  serve_one(next);
  EXPECT_EQ(seen().size(), 1u);
}

TEST_F(SessionsTest, ASessionThatIsGivenAnotherFileIsAnotherConnection) {
  accept_tls(5);
  accept_tls(6);
  reads(enter(&object_, Side::kServer, 5), kRequest);
  serve_one(enter(&object_, Side::kServer, 6));
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].fixed.end_reason, EndReason::kClosed);
  EXPECT_EQ(all[1].fixed.end_reason, EndReason::kComplete);
}

TEST_F(SessionsTest, WhatIsOpenWhenTheProcessEndsIsTold) {
  accept_tls(5);
  reads(enter(&object_, Side::kServer, 5), kRequest);
  connections_.process_ends(thread_);
  EXPECT_EQ(seen().at(0).fixed.end_reason, EndReason::kProcessEnded);
}

TEST_F(SessionsTest, SessionsBeyondTheBoundAreCounted) {
  std::vector<char> objects(kSessionsMax + 1);
  std::uint32_t refused = 0;
  for (char& object : objects) {
    if (sessions_.enter(thread_, {.object = &object, .side = Side::kServer}) == nullptr) ++refused;
  }
  EXPECT_GE(refused, 1u);
  EXPECT_EQ(reader_->untraced(), refused);
}

TEST_F(SessionsTest, AClientsRequestIsBelowTheRequestThatIsServed) {
  accept_tls(5);
  const Session& served = enter(&object_, Side::kServer, 5);
  reads(served, kRequest);
  connect(8);
  send(8, ciphertext(1));
  const Session& asked = enter(&other_object_, Side::kClient, 8);
  connections_.waits_for_events(thread_);  // an event loop: only the connection knows
  writes(asked, kRequest);
  reads(asked, kResponse);
  writes(served, kResponse);
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].type, RecordType::kClientExchange);
  EXPECT_EQ(hex(all[0].fixed.parent_span_id, 8), hex(all[1].fixed.self.span_id, 8));
  EXPECT_EQ(all[0].fixed.peer_port, 6379);
}

// --- our header within TLS -----------------------------------------------------------------------

class HeldWriteTest : public SessionsTest {
 protected:
  // A call of the program's. The library takes so many bytes at a time, and then no more.
  long write(const std::string& text, bool goes_on = true, bool resumes = false) {
    const void* from = resumes ? nullptr : text.data();
    const std::size_t size = resumes ? 0 : text.size();
    if (session_->held == nullptr) sessions_.hold(thread_, *session_, from, size);
    EXPECT_NE(session_->held, nullptr);
    const auto take = [&](const void* bytes, std::size_t count) -> long {
      if (calls_left_-- == 0) return -1;
      if (count > taken_max_) count = taken_max_;
      wire_.append(static_cast<const char*>(bytes), count);
      return static_cast<long>(count);
    };
    const HeldResult result = write_held(
        *session_->held, from, size, goes_on, take, [&](const void* bytes, std::size_t count) {
          writes(*session_, std::string(static_cast<const char*>(bytes), count));
        });
    if (result.has_gone) sessions_.release(*session_);
    return result.told;
  }
  // The one header of ours in what went over the wire, taken out.
  std::string without_header() {
    const std::size_t at = wire_.find("traceparent: ");
    EXPECT_NE(at, std::string::npos);
    if (at == std::string::npos) return wire_;
    std::string text = wire_;
    text.erase(at, kInjectedBytes);
    EXPECT_EQ(text.find("traceparent: "), std::string::npos);
    return text;
  }
  void SetUp() override {
    SessionsTest::SetUp();
    session_ = &enter(&object_, Side::kClient);
  }

  Session* session_ = nullptr;
  std::string wire_;
  int calls_left_ = 1000;
  std::size_t taken_max_ = ~std::size_t{0};
};

TEST_F(HeldWriteTest, ARequestGoesWithOurHeader) {
  EXPECT_EQ(write(kRequest), static_cast<long>(sizeof(kRequest) - 1));
  EXPECT_EQ(without_header(), kRequest);
  EXPECT_EQ(session_->held, nullptr);
  reads(*session_, kResponse);
  const std::vector<Seen> all = seen();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_NE(wire_.find(hex(all[0].fixed.self.span_id, 8)), std::string::npos);
}

TEST_F(HeldWriteTest, WhatTheLibraryDoesNotTakeComesAgainUnchanged) {
  calls_left_ = 0;
  EXPECT_EQ(write(kRequest), -1);
  const HeldWrite* held = session_->held;
  ASSERT_NE(held, nullptr);
  const std::string before(held->bytes, held->size);
  calls_left_ = 0;
  EXPECT_EQ(write(kRequest), -1);
  EXPECT_EQ(session_->held, held);
  EXPECT_EQ(std::string(held->bytes, held->size), before);
  calls_left_ = 1;
  EXPECT_EQ(write(kRequest), static_cast<long>(sizeof(kRequest) - 1));
  EXPECT_EQ(without_header(), kRequest);
}

TEST_F(HeldWriteTest, WhatIsTakenInPartsIsNotTakenTwice) {
  taken_max_ = 7;
  calls_left_ = 3;
  EXPECT_EQ(write(kRequest), -1);
  calls_left_ = 1000;
  EXPECT_EQ(write(kRequest), static_cast<long>(sizeof(kRequest) - 1));
  EXPECT_EQ(without_header(), kRequest);
}

TEST_F(HeldWriteTest, ALongBodyGoesBehindWithoutACopy) {
  const std::string body(100'000, 'x');
  const std::string post = "POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" + body;
  calls_left_ = 1;
  EXPECT_EQ(write(post), -1);  // the head has gone, the rest has not
  calls_left_ = 0;
  EXPECT_EQ(write(post), -1);
  calls_left_ = 1;
  EXPECT_EQ(write(post), static_cast<long>(post.size()));
  EXPECT_TRUE(without_header() == post);
  reads(*session_, kResponse);
  EXPECT_EQ(seen().at(0).fixed.request_body_bytes, body.size());
}

TEST_F(HeldWriteTest, AProgramThatCanBeToldOfAPartIs) {
  const std::string post =
      "POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'x');
  const long told = write(post, false);
  EXPECT_EQ(told, static_cast<long>(kHeldBytesMax - kInjectedBytes));
  EXPECT_TRUE(without_header() == post.substr(0, static_cast<std::size_t>(told)));
}

TEST_F(HeldWriteTest, ACallThatResumesHasNoBytesOfItsOwn) {
  calls_left_ = 0;
  EXPECT_EQ(write(kRequest, false), -1);
  calls_left_ = 1;
  EXPECT_EQ(write("", false, true), static_cast<long>(sizeof(kRequest) - 1));
  EXPECT_EQ(without_header(), kRequest);
  reads(*session_, kResponse);
  EXPECT_EQ(seen().size(), 1u);
}

TEST_F(HeldWriteTest, AShorterCallIsNoRepetition) {
  calls_left_ = 0;
  write(kRequest);
  EXPECT_FALSE(session_->held->may_stand_for(kRequest, 5));
  EXPECT_TRUE(session_->held->may_stand_for(kRequest, sizeof(kRequest) - 1));
  EXPECT_TRUE(session_->held->may_stand_for(nullptr, 0));
}

TEST_F(HeldWriteTest, WhatEndsWithItsSessionIsFree) {
  calls_left_ = 0;
  for (std::uint32_t i = 0; i < kHeldWritesMax + 1; ++i) {
    write(kRequest);
    sessions_.ends(thread_, &object_);
    session_ = &enter(&object_, Side::kClient);
  }
}

TEST_F(HeldWriteTest, WhatTheLibraryGathersIsTheProgramsOwn) {
  session_->is_corked = true;
  EXPECT_EQ(sessions_.hold(thread_, *session_, kRequest, sizeof(kRequest) - 1), nullptr);
  session_->is_corked = false;
  EXPECT_NE(sessions_.hold(thread_, *session_, kRequest, sizeof(kRequest) - 1), nullptr);
}

TEST_F(HeldWriteTest, OtherWritesAreTheProgramsOwn) {
  const auto f = [&](const std::string& text) {
    return sessions_.hold(thread_, *session_, text.data(), text.size()) != nullptr;
  };
  EXPECT_FALSE(f("*1\r\n$4\r\nPING\r\n"));
  EXPECT_FALSE(f("GET / HTTP/1.1\r\nHost: a"));
  EXPECT_FALSE(f(std::string("GET / HTTP/1.1\r\n") + kHeader + "\r\n"));
  EXPECT_FALSE(f("GET / HTTP/1.1\r\nA: " + std::string(kHeldBytesMax, 'a') + "\r\n\r\n"));
}

// --- a conversation that begins in the clear -----------------------------------------------------

TEST_F(SessionsTest, PostgresqlGoesOnWithinTls) {
  connect(8);
  send(8, std::string("\0\0\0\x08\x04\xd2\x16\x2f", 8));
  receive(8, "S");
  send(8, ciphertext(1));
  receive(8, ciphertext(2));
  const Session& session = enter(&object_, Side::kClient, 8);
  const std::string startup("\0\0\0\x12\0\3\0\0user\0ada\0\0", 18);
  writes(session, startup);
  connections_.closed(thread_, 8);
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[1].bytes, "S");
  EXPECT_EQ(all[2].bytes, startup);
  EXPECT_EQ(all[2].stream, all[0].stream);
  EXPECT_EQ(all[2].fixed.position, 8u);
  EXPECT_EQ(all[2].fixed.peer_port, 6379);
  EXPECT_EQ(all[3].end_reason, EndReason::kClosed);
}

TEST_F(SessionsTest, WhatGoesOnWithinTlsThatNobodySeesIsNotUnderstood) {
  connect(8);
  send(8, std::string("\0\0\0\x08\x04\xd2\x16\x2f", 8));
  receive(8, "S");
  send(8, ciphertext(1));
  connections_.closed(thread_, 8);
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[2].end_reason, EndReason::kNotUnderstood);
}

TEST_F(SessionsTest, OtherProtocolsAreFoundWithinTlsToo) {
  connect(8);
  send(8, ciphertext(1));
  writes(enter(&object_, Side::kClient, 8), "*1\r\n$4\r\nPING\r\n");
  const std::vector<Told> all = told();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].fixed.protocol, static_cast<std::uint8_t>(Protocol::kRedis));
}

}  // namespace
}  // namespace kolben::agent
