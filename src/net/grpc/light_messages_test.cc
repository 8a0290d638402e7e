#include "net/grpc/light_messages.h"

#include <gtest/gtest.h>

namespace kolben::net::grpc {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

http2::Response answer(http::Headers trailers, std::string body = {}) {
  return {.status = 200, .headers = {}, .trailers = std::move(trailers), .body = std::move(body)};
}

TEST(LightMessages, PrefixIsAFlagAndALength) {
  EXPECT_EQ(message_prefix(false, 0x01020304), std::string("\0\1\2\3\4", 5));
  EXPECT_EQ(message_prefix(true, 0), std::string("\1\0\0\0\0", 5));
}

TEST(LightMessages, TimeoutsHaveEightDigitsAtMost) {
  EXPECT_EQ(format_timeout(nanoseconds(7)), "7n");
  EXPECT_EQ(format_timeout(milliseconds(1500)), "1500000u");
  EXPECT_EQ(format_timeout(seconds(100)), "100000m");
  EXPECT_EQ(format_timeout(hours(100)), "360000S");
  EXPECT_EQ(format_timeout(nanoseconds(-1)), "0n");
}

TEST(LightMessages, AnAnswerIsItsMessage) {
  const auto message =
      read_answer(answer({{"grpc-status", "0"}}, message_prefix(false, 2) + "ok"), nullptr);
  ASSERT_TRUE(message) << message.status().to_string();
  EXPECT_EQ(*message, "ok");
}

TEST(LightMessages, AStatusHasItsTextAndDelay) {
  const auto decode = [](std::string_view details) {
    return unavailable("").with_retry_after(milliseconds(std::stol(std::string(details))));
  };
  const auto failed = read_answer(answer({{"grpc-status", "8"},
                                          {"grpc-message", "100%25 full"},
                                          {"grpc-status-details-bin", "MTUwMA"}}),
                                  decode);
  EXPECT_EQ(failed.status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(failed.status().message(), "100% full");
  EXPECT_EQ(failed.status().retry_after(), milliseconds(1500));
}

TEST(LightMessages, AnAnswerWithoutContentHasItsStatusInTheHeaders) {
  http2::Response response;
  response.status = 200;
  response.headers = {{"grpc-status", "12"}, {"grpc-message", "no such method"}};
  EXPECT_EQ(read_answer(std::move(response), nullptr).status().code(), StatusCode::kUnimplemented);
}

TEST(LightMessages, ProxiesAnswerInHttpsWords) {
  for (const auto& [status, code] :
       {std::pair(503, StatusCode::kUnavailable), std::pair(404, StatusCode::kUnimplemented),
        std::pair(401, StatusCode::kUnauthenticated), std::pair(500, StatusCode::kUnknown)}) {
    http2::Response response;
    response.status = status;
    EXPECT_EQ(read_answer(std::move(response), nullptr).status().code(), code) << status;
  }
}

TEST(LightMessages, WrongAnswersAreSaidToBe) {
  const http::Headers good = {{"grpc-status", "0"}};
  EXPECT_EQ(read_answer(answer({}, "x"), nullptr).status().code(), StatusCode::kUnknown);
  EXPECT_EQ(read_answer(answer({{"grpc-status", "x"}}), nullptr).status().code(),
            StatusCode::kUnknown);
  EXPECT_EQ(read_answer(answer({{"grpc-status", "99"}}), nullptr).status().code(),
            StatusCode::kUnknown);
  for (const std::string& body :
       {std::string(), std::string("\0\0\0\0", 4), message_prefix(false, 3) + "ab",
        message_prefix(false, 1) + "ab", message_prefix(true, 2) + "ab"}) {
    EXPECT_EQ(read_answer(answer(good, body), nullptr).status().code(), StatusCode::kInternal);
  }
}

}  // namespace
}  // namespace kolben::net::grpc
