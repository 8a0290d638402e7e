#include "agent/protocols/http2/parser.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <utility>

#include "agent/protocols/http2/testing/frames.h"
#include "agent/protocols/testing/conversation.h"

namespace kolben::agent::http2 {
namespace {

using kolben::agent::testing::Conversation;
using namespace http2::testing;  // NOLINT: frames

std::string get(std::uint32_t stream, const std::string& path) {
  return frame(
      kHeaders, kEndHeaders | kEndStream, stream,
      block({{":method", "GET"}, {":scheme", "http"}, {":path", path}, {":authority", "a"}}));
}
std::string answer(std::uint32_t stream, const std::string& status, std::uint8_t flags) {
  return frame(kHeaders, static_cast<std::uint8_t>(kEndHeaders | flags), stream,
               block({{":status", status}}));
}
std::string settings(const std::string& payload = "") {
  return frame(kSettings, 0, 0, payload);
}
const std::string kAck = frame(kSettings, 1, 0, "");

void begin(Conversation& talk) {
  talk.client(std::string(kPreface) + settings());
  talk.server(settings() + kAck);
  talk.client(kAck);
}

TEST(Http2, ThePrefaceIsKnown) {
  const auto f = [](const std::string& bytes) {
    return begins(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  };
  EXPECT_TRUE(f(std::string(kPreface)));
  EXPECT_TRUE(f(std::string(kPreface) + settings()));
  EXPECT_FALSE(f(std::string(kPreface.substr(0, 23))));
  EXPECT_FALSE(f("PRI * HTTP/1.1\r\n\r\nSM\r\n\r\n"));
}

TEST(Http2, AStreamIsACallUntilTheServerEndsIt) {
  Conversation talk(Protocol::kHttp2);
  begin(talk);
  talk.client(get(1, "/hello?x=1"));
  talk.server(answer(1, "200", 0) + frame(kData, 0, 1, "he"));
  EXPECT_TRUE(talk.web_calls().empty());
  talk.server(frame(kData, kEndStream, 1, "llo"));
  EXPECT_EQ(talk.told(), "GET a /hello?x=1 | 200\n");
  const WebCall& call = talk.web_calls()[0];
  EXPECT_EQ(call.start_time, 4u);
  EXPECT_EQ(call.end_time, 6u);
  EXPECT_EQ(call.origin.span_id[0], 4u);
  EXPECT_EQ(call.response_bytes, 5u);
}

TEST(Http2, StreamsAreAnsweredInAnyOrder) {
  Conversation talk(Protocol::kHttp2);
  begin(talk);
  talk.client(get(1, "/1") + get(3, "/3"));
  talk.client(get(5, "/5"));
  talk.server(answer(5, "204", kEndStream) + answer(3, "404", kEndStream));
  talk.server(answer(1, "103", 0) + answer(1, "500", kEndStream));
  EXPECT_EQ(talk.told(), "GET a /5 | 204\nGET a /3 | 404\nGET a /1 | 500\n");
  EXPECT_EQ(talk.web_calls()[1].number, 1u);
  EXPECT_EQ(talk.web_calls()[2].number, 0u);
}

TEST(Http2, TheContextInARequestsHeadersIsKept) {
  Conversation talk(Protocol::kHttp2);
  begin(talk);
  const char kContext[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  talk.client(frame(kHeaders, kEndHeaders | kEndStream, 1,
                    block({{":path", "/"}, {"traceparent", kContext}, {"tracestate", "a=1"}})));
  talk.client(frame(kHeaders, kEndHeaders | kEndStream, 3,
                    block({{":path", "/"},
                           {"x-b3-traceid", "463ac35c9f6413ad48485a3953bb6124"},
                           {"x-b3-spanid", "a2fb4a1d1a96d312"}})));
  talk.client(get(5, "/"));
  talk.server(answer(1, "200", kEndStream) + answer(3, "200", kEndStream) +
              answer(5, "200", kEndStream));
  ASSERT_EQ(talk.web_calls().size(), 3u);
  Traceparent context;
  EXPECT_TRUE(talk.web_calls()[0].trace_headers.context(kTraceContext, &context));
  EXPECT_EQ(context.trace_id[0], 0x0a);
  EXPECT_EQ(talk.web_calls()[0].tracestate, "a=1");
  EXPECT_EQ(talk.web_calls()[0].stream, 1u);
  EXPECT_FALSE(talk.web_calls()[0].trace_headers.context(kB3Multi, &context));
  EXPECT_TRUE(talk.web_calls()[1].trace_headers.context(kB3Multi, &context));
  EXPECT_EQ(context.span_id[7], 0x12);
  EXPECT_FALSE(talk.web_calls()[2].trace_headers.has(0xff));
}

TEST(Http2, GrpcTellsItsStatusInTheTrailers) {
  Conversation talk(Protocol::kHttp2);
  begin(talk);
  const auto call = [](std::uint32_t stream) {
    return frame(kHeaders, kEndHeaders, stream,
                 block({{":method", "POST"},
                        {":path", "/shop.Cart/Add"},
                        {":authority", "a"},
                        {"content-type", "application/grpc"}})) +
           frame(kData, kEndStream, stream, "message");
  };
  talk.client(call(1));
  talk.server(answer(1, "200", 0) + frame(kData, 0, 1, "message") +
              frame(kHeaders, kEndHeaders | kEndStream, 1, block({{"grpc-status", "0"}})));
  talk.client(call(3));  // an answer of trailers alone
  talk.server(frame(kHeaders, kEndHeaders | kEndStream, 3,
                    block({{":status", "200"}, {"grpc-status", "5"}})));
  EXPECT_EQ(talk.told(),
            "POST a /shop.Cart/Add | 200 | grpc 0\nPOST a /shop.Cart/Add | 200 | grpc 5\n");
  EXPECT_TRUE(talk.web_calls()[0].is_grpc());
  EXPECT_EQ(talk.web_calls()[0].request_bytes, 7u);
}

TEST(Http2, GrpcTellsHowLongACallMayLast) {
  Conversation talk(Protocol::kHttp2);
  begin(talk);
  const std::pair<std::string, std::uint64_t> times[] = {{"1n", 1},
                                                         {"2u", 2'000},
                                                         {"3m", 3'000'000},
                                                         {"4S", 4'000'000'000},
                                                         {"5M", 300'000'000'000},
                                                         {"99999999H", ~std::uint64_t{0}},
                                                         {"", 0},
                                                         {"7", 0},
                                                         {"S", 0},
                                                         {"1s", 0},
                                                         {"-1S", 0},
                                                         {"100000000u", 0}};
  std::uint32_t stream = 1;
  for (const auto& [text, nanoseconds] : times) {
    talk.client(frame(kHeaders, kEndHeaders | kEndStream, stream, block({{"grpc-timeout", text}})));
    talk.server(answer(stream, "200", kEndStream));
    stream += 2;
    EXPECT_EQ(talk.web_calls().back().timeout, nanoseconds) << text;
  }
}

TEST(Http2, WhereverTheBytesAreCut) {
  for (const std::size_t bytes : {1UL, 2UL, 3UL, 5UL, 8UL, 10UL, 100UL}) {
    Conversation talk(Protocol::kHttp2, bytes);
    begin(talk);
    talk.client(get(1, "/1"));
    talk.server(answer(1, "200", 0) + frame(kData, kEndStream, 1, std::string(5000, 'd')));
    talk.client(get(3, "/3"));
    talk.server(answer(3, "200", kEndStream));
    EXPECT_EQ(talk.told(), "GET a /1 | 200\nGET a /3 | 200\n") << bytes;
  }
}

TEST(Http2, HeadersGoOnInContinuationsAndHavePaddingAndPriority) {
  Conversation talk(Protocol::kHttp2);
  begin(talk);
  const std::string fields = block({{":method", "GET"}, {":path", "/"}, {":authority", "a"}});
  const std::string first =
      "\3" + std::string("\0\0\0\0\x10", 5) + fields.substr(0, 10) + std::string(3, '\0');
  talk.client(frame(kHeaders, kPadded | kPriority | kEndStream, 1, first) +
              frame(kContinuation, 0, 1, fields.substr(10, 5)));
  talk.client(frame(kContinuation, kEndHeaders, 1, fields.substr(15)));
  talk.server(answer(1, "200", kEndStream));
  EXPECT_EQ(talk.told(), "GET a / | 200\n");
}

TEST(Http2, AStreamThatIsGivenUp) {
  Conversation talk(Protocol::kHttp2);
  begin(talk);
  talk.client(get(1, "/1") + get(3, "/3"));
  talk.client(frame(kResetStream, 0, 1, big_endian(8, 4)));
  talk.server(frame(kResetStream, 0, 3, big_endian(7, 4)));
  talk.server(answer(1, "200", kEndStream));  // was on its way
  EXPECT_EQ(talk.told(), "GET a /1 | 0 | reset 8\nGET a /3 | 0 | reset 7\n");
  EXPECT_FALSE(talk.given_up());
}

// Another thread's read is told before the write that it answers.
TEST(Http2, AnAnswerMayBeToldBeforeItsRequest) {
  Conversation talk(Protocol::kHttp2);
  begin(talk);
  talk.server(answer(1, "200", 0) + frame(kData, kEndStream, 1, "hello") + answer(3, "404", 0));
  talk.server(frame(kResetStream, 0, 5, big_endian(7, 4)));
  EXPECT_EQ(talk.told(), "");
  talk.client(get(1, "/1"));
  talk.client(get(3, "/3") + get(5, "/5"));
  EXPECT_EQ(talk.told(), "GET a /1 | 200\nGET a /5 | 0 | reset 7\n");
  EXPECT_EQ(talk.web_calls()[0].response_bytes, 5u);
  talk.server(frame(kData, kEndStream, 3, ""));
  EXPECT_EQ(talk.told(), "GET a /1 | 200\nGET a /5 | 0 | reset 7\nGET a /3 | 404\n");
  EXPECT_FALSE(talk.given_up());
}

TEST(Http2, AnAnswerToARequestThatNeverCameIsNoCall) {
  Conversation talk(Protocol::kHttp2);
  begin(talk);
  talk.server(answer(1, "200", kEndStream));
  talk.close();
  EXPECT_EQ(talk.told(), "");
}

TEST(Http2, AServerMaySpeakFirst) {
  const auto f = [](const std::string& bytes) {
    return greets(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  };
  EXPECT_TRUE(f(settings()));
  EXPECT_TRUE(f(settings(big_endian(1, 2) + big_endian(0, 4)) + kAck));
  EXPECT_FALSE(f(kAck));
  EXPECT_FALSE(f(settings("abc")));
  EXPECT_FALSE(f(settings().substr(0, 8)));
  EXPECT_FALSE(f(settings(std::string(6 * 33, '\0'))));

  Conversation talk(Protocol::kHttp2);
  talk.server(settings() + kAck);  // acknowledges what is told in a moment
  talk.client(std::string(kPreface) + settings() + kAck + get(1, "/1"));
  talk.server(answer(1, "200", kEndStream));
  EXPECT_EQ(talk.told(), "GET a /1 | 200\n");

  Conversation other(Protocol::kHttp2, 5);
  other.server(settings());
  other.client("GET / HTTP/1.1\r\n\r\n     ");
  EXPECT_TRUE(other.given_up());
}

TEST(Http2, PushedHeadersAreReadForTheTablesSake) {
  Conversation talk(Protocol::kHttp2);
  begin(talk);
  talk.client(get(1, "/"));
  // A literal that goes into the table, and a reference to it.
  const std::string literal = std::string("\x40\x03") + "x-a" + "\x01" + "b";
  talk.server(frame(kPushPromise, kEndHeaders, 1, big_endian(2, 4) + literal));
  talk.server(frame(kHeaders, kEndHeaders | kEndStream, 2, "\xbe"));
  talk.server(answer(1, "200", kEndStream));
  EXPECT_EQ(talk.told(), "GET a / | 200\n");
}

TEST(Http2, TheTablesSizeHoldsFromTheAcknowledgementOn) {
  Conversation talk(Protocol::kHttp2);
  talk.client(std::string(kPreface) + settings());
  const std::string no_table = big_endian(1, 2) + big_endian(0, 4);
  talk.server(settings(no_table) + kAck);
  const std::string literal = std::string("\x40\x03") + "x-a" + "\x01" + "b";
  const std::string path = block({{":path", "/"}});
  // Before it is acknowledged the client's table is as it was.
  talk.client(frame(kHeaders, kEndHeaders | kEndStream, 1, literal));
  talk.client(frame(kHeaders, kEndHeaders | kEndStream, 3, "\xbe"));
  EXPECT_FALSE(talk.given_up());
  talk.client(kAck);
  talk.client(frame(kHeaders, kEndHeaders | kEndStream, 5, "\xbe"));
  EXPECT_TRUE(talk.given_up());
}

TEST(Http2, BodiesStayInTheProgram) {
  Conversation talk(Protocol::kHttp2);
  begin(talk);
  talk.client(frame(kHeaders, kEndHeaders, 1, block({{":path", "/"}})) +
              frame(kData, kEndStream, 1, "secret question"));
  talk.server(answer(1, "200", 0) + frame(kData, kEndStream, 1, "secret answer"));
  EXPECT_EQ(talk.web_calls().size(), 1u);
  EXPECT_EQ(talk.shown().find("secret"), std::string::npos);
}

TEST(Http2, WhatIsNotAnsweredIsToldAtTheEnd) {
  Conversation talk(Protocol::kHttp2);
  begin(talk);
  talk.client(get(1, "/"));
  talk.close();
  EXPECT_EQ(talk.told(), "GET a / | 0 | closed\n");
}

TEST(Http2, ItGivesUpAndDoesNotGuess) {
  const auto f = [](const std::string& client, const std::string& server) {
    Conversation talk(Protocol::kHttp2);
    begin(talk);
    talk.client(client);
    talk.server(server);
    return talk.given_up();
  };
  const std::string path = block({{":path", "/"}});
  EXPECT_TRUE(f(frame(kHeaders, kEndHeaders, 1, "\xff"), ""));   // no HPACK
  EXPECT_TRUE(f(frame(kHeaders, kEndHeaders, 0, path), ""));     // no stream
  EXPECT_TRUE(f(frame(kContinuation, 0, 1, path), ""));          // of nothing
  EXPECT_TRUE(f(frame(kHeaders, 0, 1, path) + settings(), ""));  // in between
  EXPECT_TRUE(f(frame(kHeaders, kPadded | kEndHeaders, 1, "\x09" + std::string(5, 'x')), ""));
  EXPECT_TRUE(f(frame(kResetStream, 0, 1, "abc"), ""));
  EXPECT_TRUE(f(settings("abc"), ""));
  EXPECT_TRUE(f(kAck, ""));  // of nothing
  EXPECT_TRUE(f(big_endian(0xffffff, 3) + frame(kHeaders, 0, 1, "").substr(3), ""));
  EXPECT_FALSE(f(frame(0x77, 0xff, 9, "an extension"), ""));
}

TEST(Http2, MemoryIsBounded) {
  Conversation many(Protocol::kHttp2);
  begin(many);
  for (std::uint32_t i = 0; i < kStreamsMax; ++i) many.client(get(1 + 2 * i, "/"));
  EXPECT_FALSE(many.given_up());
  many.client(get(static_cast<std::uint32_t>(1 + 2 * kStreamsMax), "/"));
  EXPECT_TRUE(many.given_up());

  Conversation early(Protocol::kHttp2);
  begin(early);
  for (std::uint32_t i = 0; i < kStreamsMax; ++i) early.server(answer(1 + 2 * i, "200", 0));
  EXPECT_FALSE(early.given_up());
  early.server(answer(static_cast<std::uint32_t>(1 + 2 * kStreamsMax), "200", 0));
  EXPECT_TRUE(early.given_up());

  Conversation hasty(Protocol::kHttp2);
  begin(hasty);
  for (std::size_t i = 0; i < kSettingsMax; ++i) hasty.server(kAck);
  EXPECT_FALSE(hasty.given_up());
  hasty.server(kAck);
  EXPECT_TRUE(hasty.given_up());

  Conversation endless(Protocol::kHttp2);
  begin(endless);
  endless.client(frame(kHeaders, 0, 1, ""));
  for (int i = 0; i < 10; ++i) endless.client(frame(kContinuation, 0, 1, std::string(16000, '\0')));
  EXPECT_TRUE(endless.given_up());
}

}  // namespace
}  // namespace kolben::agent::http2
