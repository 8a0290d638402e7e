// A session against nghttp2's own server, in memory.
#include "net/http2/session.h"

#include <gmock/gmock.h>
#include <nghttp2/nghttp2.h>

#include <optional>
#include <vector>

#include "base/random.h"

namespace kolben::net::http2 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr std::size_t kBytesMax = 100'000;

nghttp2_nv pair_of(const std::string& name, const std::string& value) {
  const auto bytes = [](const std::string& text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

// Answers each request as it was told to.
class Server {
 public:
  Server() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_server_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
  }
  ~Server() { nghttp2_session_del(session_); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void receive(const std::string& bytes) {
    nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                             bytes.size());
  }
  std::string output() {
    std::string all;
    const std::uint8_t* bytes = nullptr;
    for (ssize_t size = 0; (size = nghttp2_session_mem_send(session_, &bytes)) > 0;) {
      all.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    }
    return all;
  }
  nghttp2_session* session() { return session_; }

  http::Headers headers = {{":status", "200"}};
  std::string body = "hello";
  http::Headers trailers;
  std::uint32_t reset = 0;  // instead of an answer
  std::string heard;        // of requests' content

 private:
  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t* bytes,
                     std::size_t size, void* data) {
    static_cast<Server*>(data)->heard.append(reinterpret_cast<const char*>(bytes), size);
    return 0;
  }
  static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* data) {
    auto& server = *static_cast<Server*>(data);
    const bool can_end = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (!can_end || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    if (server.reset != 0) {
      return nghttp2_submit_rst_stream(session, 0, frame->hd.stream_id, server.reset);
    }
    std::vector<nghttp2_nv> pairs;
    for (const auto& [name, value] : server.headers) pairs.push_back(pair_of(name, value));
    server.sent_ = 0;
    nghttp2_data_provider content = {{}, on_read};
    return nghttp2_submit_response(session, frame->hd.stream_id, pairs.data(), pairs.size(),
                                   &content);
  }
  static ssize_t on_read(nghttp2_session* session, std::int32_t number, std::uint8_t* to,
                         std::size_t size, std::uint32_t* flags, nghttp2_data_source*, void* data) {
    auto& server = *static_cast<Server*>(data);
    const std::size_t count = server.body.copy(reinterpret_cast<char*>(to), size, server.sent_);
    server.sent_ += count;
    if (server.sent_ == server.body.size()) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      if (!server.trailers.empty()) {
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        std::vector<nghttp2_nv> pairs;
        for (const auto& [name, value] : server.trailers) pairs.push_back(pair_of(name, value));
        nghttp2_submit_trailer(session, number, pairs.data(), pairs.size());
      }
    }
    return static_cast<ssize_t>(count);
  }

  nghttp2_session* session_ = nullptr;
  std::size_t sent_ = 0;
};

class SessionTest : public testing::Test {
 protected:
  Session::Number start(std::string body = "question") {
    return session_.start({.headers = {{":method", "POST"},
                                       {":scheme", "http"},
                                       {":path", "/"},
                                       {":authority", "localhost"}},
                           .prefix = "12345",
                           .body = Bytes::from_string(std::move(body))},
                          [this](Result<Response> result) { result_ = std::move(result); });
  }
  // Until neither has anything to say.
  Status talk() {
    for (bool is_silent = false; !is_silent;) {
      std::string said;
      KOLBEN_RETURN_IF_ERROR(session_.take_output(said, 1 << 20));
      server_.receive(said);
      const std::string answered = server_.output();
      KOLBEN_RETURN_IF_ERROR(session_.receive(answered));
      is_silent = said.empty() && answered.empty();
    }
    return Status::ok();
  }

  Server server_;
  Session session_{kBytesMax};
  std::optional<Result<Response>> result_;
};

TEST_F(SessionTest, RequestAndAnswer) {
  server_.headers = {{":status", "200"}, {"a", "b"}};
  server_.trailers = {{"grpc-status", "0"}};
  start();
  ASSERT_TRUE(talk());
  ASSERT_TRUE(result_);
  ASSERT_TRUE(*result_) << result_->status().to_string();
  EXPECT_EQ((*result_)->status, 200);
  EXPECT_EQ((*result_)->body, "hello");
  EXPECT_THAT((*result_)->headers, ElementsAre(Pair("a", "b")));
  EXPECT_THAT((*result_)->trailers, ElementsAre(Pair("grpc-status", "0")));
  EXPECT_EQ(server_.heard, "12345question");
}

// More than the windows of flow control hold, both ways.
TEST_F(SessionTest, LargeContentArrives) {
  const std::string body(1'000'000, 'q');
  server_.body.assign(kBytesMax, 'a');
  start(body);
  ASSERT_TRUE(talk());
  ASSERT_TRUE(result_);
  ASSERT_TRUE(*result_) << result_->status().to_string();
  EXPECT_EQ((*result_)->body, server_.body);
  EXPECT_EQ(server_.heard, "12345" + body);
}

TEST_F(SessionTest, AnswersThatAreTooLargeAreRefused) {
  server_.body.assign(kBytesMax + 1, 'a');
  start();
  ASSERT_TRUE(talk());
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->status().code(), StatusCode::kResourceExhausted);
}

TEST_F(SessionTest, HeadersThatAreTooManyAreRefused) {
  for (http::Headers* list : {&server_.headers, &server_.trailers}) {
    for (int i = 0; i < 10; ++i) list->emplace_back("x", std::string(4000, 'v'));
  }
  start();
  ASSERT_TRUE(talk());
  ASSERT_TRUE(result_);
  EXPECT_FALSE(*result_);
}

TEST_F(SessionTest, AResetSaysWhy) {
  server_.reset = NGHTTP2_REFUSED_STREAM;
  start();
  ASSERT_TRUE(talk());
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(std::string(result_->status().message()), HasSubstr("REFUSED_STREAM"));
}

TEST_F(SessionTest, AfterAGoodbyeNoRequestBegins) {
  ASSERT_TRUE(talk());
  EXPECT_TRUE(session_.is_open());
  nghttp2_submit_goaway(server_.session(), NGHTTP2_FLAG_NONE, 0, NGHTTP2_NO_ERROR, nullptr, 0);
  EXPECT_EQ(talk().code(), StatusCode::kUnavailable);  // nothing is left to be said
  EXPECT_FALSE(session_.is_open());
  start();
  ASSERT_TRUE(result_);
  EXPECT_FALSE(*result_);
}

TEST_F(SessionTest, AfterAGoodbyeWhatRunsGoesOn) {
  start();
  std::string said;
  ASSERT_TRUE(session_.take_output(said, 1 << 20));
  server_.receive(said);
  nghttp2_submit_goaway(server_.session(), NGHTTP2_FLAG_NONE, 1, NGHTTP2_NO_ERROR, nullptr, 0);
  EXPECT_EQ(talk().code(), StatusCode::kUnavailable);
  ASSERT_TRUE(result_);
  ASSERT_TRUE(*result_) << result_->status().to_string();
}

TEST_F(SessionTest, WhatIsCancelledIsNotAnswered) {
  const Session::Number number = start();
  ASSERT_TRUE(talk());
  result_.reset();
  const Session::Number second = start();
  EXPECT_NE(number, second);
  session_.cancel(second);
  session_.cancel(number);  // over: nothing
  ASSERT_TRUE(talk());
  EXPECT_FALSE(result_);
}

TEST_F(SessionTest, CancelAllEndsEach) {
  start();
  session_.cancel_all(unavailable("gone"));
  ASSERT_TRUE(result_);
  EXPECT_EQ(result_->status().message(), "gone");
}

TEST_F(SessionTest, OtherProtocolsAreNoHttp2) {
  start();
  ASSERT_TRUE(session_.receive("HTTP/1.1 400 Bad Request\r\n\r\n"));
  EXPECT_EQ(talk().code(), StatusCode::kUnavailable);
}

// Whatever a server says: an answer, an error, or silence.
TEST(SessionMutation, DamagedAnswersDoNoHarm) {
  Server server;
  server.trailers = {{"grpc-status", "0"}};
  std::string answer;
  const auto request = [](Session& session) {
    session.start({.headers = {{":method", "POST"},
                               {":scheme", "http"},
                               {":path", "/"},
                               {":authority", "localhost"}}},
                  [](const Result<Response>&) {});
  };
  {
    Session session(kBytesMax);
    request(session);
    std::string said;
    ASSERT_TRUE(session.take_output(said, 1 << 20));
    server.receive(said);
    answer = server.output();
  }
  Random random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = answer;
    for (int flips = 0; flips < 3; ++flips) {
      damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
    }
    Session session(kBytesMax);
    request(session);
    std::string said;
    ASSERT_TRUE(session.take_output(said, 1 << 20));
    if (session.receive(damaged)) static_cast<void>(session.take_output(said, 1 << 20));
  }
}

}  // namespace
}  // namespace kolben::net::http2
