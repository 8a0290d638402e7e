#include "agent/protocols/http1.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace kolben::agent::http1 {
namespace {

const std::uint8_t* bytes(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

struct Fed {
  Message message;
  std::string head;
  std::size_t used = 0;
};

// Feeds `text` in pieces of `step` bytes until the message takes no more.
Fed feed(Message::Kind kind, std::string_view text, std::size_t step,
         Message::Method method = Message::Method::kOther, std::uint32_t capacity = 2048) {
  Fed fed;
  std::vector<std::uint8_t> head(capacity);
  fed.message.begin(kind, {head.data(), capacity, 0}, method);
  while (fed.used < text.size()) {
    const std::string_view piece = text.substr(fed.used, step);
    const std::size_t used = fed.message.feed(bytes(piece), piece.size());
    fed.used += used;
    if (used < piece.size()) break;
  }
  fed.head.assign(head.begin(), head.begin() + fed.message.head().size);
  return fed;
}

// However the bytes are cut, the message is the same.
template <typename Check>
void for_each_cut(Message::Kind kind, std::string_view text, Message::Method method, Check check) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7},
                                 std::size_t{64}, text.size()}) {
    SCOPED_TRACE(step);
    check(feed(kind, text, step, method));
  }
}

void requests(std::string_view text, auto check) {
  for_each_cut(Message::Kind::kRequest, text, Message::Method::kOther, check);
}
void responses(std::string_view text, auto check,
               Message::Method method = Message::Method::kOther) {
  for_each_cut(Message::Kind::kResponse, text, method, check);
}

TEST(LooksLikeRequest, MethodAndBlank) {
  const auto looks = [](std::string_view text) {
    return looks_like_request(bytes(text), text.size());
  };
  EXPECT_EQ(looks("GET / HTTP/1.1"), Looks::kYes);
  EXPECT_EQ(looks("BASELINE-CONTROL /x"), Looks::kYes);
  EXPECT_EQ(looks("GE"), Looks::kMaybe);
  EXPECT_EQ(looks(""), Looks::kNo);
  EXPECT_EQ(looks("get / HTTP/1.1"), Looks::kNo);
  EXPECT_EQ(looks("\x16\x03\x01"), Looks::kNo);
  EXPECT_EQ(looks("*1\r\n"), Looks::kNo);
  EXPECT_EQ(looks("HTTP/1.1 200 OK"), Looks::kNo);
  EXPECT_EQ(looks("ABCDEFGHIJKLMNOPQRSTUVWXYZ / "), Looks::kNo);
}

TEST(Http1, RequestWithoutBodyEndsAtTheEmptyLine) {
  requests("GET /a?b=c HTTP/1.1\r\nHost: localhost:5000\r\n\r\nGET /next", [](const Fed& fed) {
    EXPECT_TRUE(fed.message.complete());
    EXPECT_EQ(fed.head, "GET /a?b=c HTTP/1.1\r\nHost: localhost:5000\r\n\r\n");
    EXPECT_EQ(fed.used, fed.head.size());
    EXPECT_FALSE(fed.message.trace_headers().has_traceparent());
  });
}

TEST(Http1, HeadersThatNoSpanNeedsAreNotKept) {
  requests(
      "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer secret\r\nUSER-AGENT: x\r\n"
      "Cookie: session=secret\r\nTraceState: k=v\r\nHostess: no\r\nTE: trailers\r\n\r\n",
      [](const Fed& fed) {
        EXPECT_EQ(fed.head,
                  "GET / HTTP/1.1\r\nHost: a\r\nUSER-AGENT: x\r\nTraceState: k=v\r\n\r\n");
      });
}

TEST(Http1, WhomProxiesAskForIsKept) {
  requests(
      "GET / HTTP/1.1\r\nFrom: a@b\r\nForwarded: for=1.2.3.4\r\nX-Forwarded-For: 1.2.3.4\r\n"
      "X-Forwarded-Proto: https\r\n\r\n",
      [](const Fed& fed) {
        EXPECT_EQ(fed.head,
                  "GET / HTTP/1.1\r\nForwarded: for=1.2.3.4\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n");
      });
}

TEST(Http1, RequestBodyByContentLength) {
  requests("POST / HTTP/1.1\r\nCONTENT-LENGTH:  5 \r\n\r\nhelloGET", [](const Fed& fed) {
    EXPECT_TRUE(fed.message.complete());
    EXPECT_EQ(fed.message.body_bytes(), 5u);
  });
}

TEST(Http1, ChunkedBodyCountsItsDataAlone) {
  requests(
      "POST / HTTP/1.1\r\ntransfer-encoding: gzip, Chunked\r\n\r\n"
      "3\r\nabc\r\nA;name=value\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nGET",
      [](const Fed& fed) {
        EXPECT_TRUE(fed.message.complete());
        EXPECT_EQ(fed.message.body_bytes(), 13u);
      });
}

TEST(Http1, TraceparentIsFound) {
  requests(
      "GET / HTTP/1.1\r\nTraceParent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
      "\r\n",
      [](const Fed& fed) {
        EXPECT_TRUE(fed.message.trace_headers().has_traceparent());
        EXPECT_EQ(fed.message.trace_headers().traceparent().trace_id[15], 0x9c);
        EXPECT_EQ(fed.message.trace_headers().traceparent().flags, 1);
      });
}

TEST(Http1, BrokenOrDoubleTraceparentCountsAsNone) {
  requests("GET / HTTP/1.1\r\ntraceparent: 00-nonsense-01\r\n\r\n", [](const Fed& fed) {
    EXPECT_TRUE(fed.message.trace_headers().has_traceparent());
    EXPECT_EQ(fed.message.trace_headers().traceparent().flags, 0);
    EXPECT_EQ(fed.message.trace_headers().traceparent().trace_id[15], 0);
  });
}

TEST(Http1, OtherProtocolsFailAtTheirFirstLine) {
  for (const std::string_view text :
       {"GET key\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "OPTIONS rtsp://x RTSP/1.0\r\n"}) {
    requests(text, [](const Fed& fed) { EXPECT_TRUE(fed.message.failed()); });
  }
  responses("SSH-2.0-OpenSSH_9.2\r\n", [](const Fed& fed) { EXPECT_TRUE(fed.message.failed()); });
}

TEST(Http1, WrongLengthsOfChunksFail) {
  for (const std::string_view text :
       {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n"}) {
    requests(text, [](const Fed& fed) { EXPECT_TRUE(fed.message.failed()); });
  }
}

constexpr std::string_view kNoLengths[] = {"-1", "+2",   "",   "99999999999999999999",  "2 2", "2,",
                                           ",2", "2, 3", "2x", "2\r\nContent-Length: 3"};

TEST(Http1, AfterAContentLengthThatIsNoneTheMessageLasts) {
  for (const std::string_view length : kNoLengths) {
    const std::string header = "Content-Length: " + std::string(length) + "\r\n\r\nab";
    const auto expect_open = [&](const Fed& fed) {
      EXPECT_TRUE(fed.message.head_complete()) << length;
      EXPECT_TRUE(fed.message.until_close()) << length;
      EXPECT_TRUE(fed.message.unframed()) << length;
    };
    requests("POST / HTTP/1.1\r\n" + header, expect_open);
    responses("HTTP/1.1 200 OK\r\n" + header, expect_open);
  }
  // Cut, it would be another list.
  std::string list = "POST / HTTP/1.1\r\nContent-Length: 5";
  for (int i = 0; i < 60; ++i) list += ", 5";
  requests(list + "5\r\n\r\n", [](const Fed& fed) { EXPECT_TRUE(fed.message.unframed()); });
}

// RFC 9110, 8.6; RFC 9112, 6.3.
TEST(Http1, EqualContentLengthsAreOne) {
  for (const std::string_view length : {"5, 5", "5,5 ,\t5", "5\r\nContent-Length: 5, 5"}) {
    requests("POST / HTTP/1.1\r\nContent-Length: " + std::string(length) + "\r\n\r\nhelloGET",
             [&](const Fed& fed) {
               EXPECT_TRUE(fed.message.complete()) << length;
               EXPECT_FALSE(fed.message.unframed()) << length;
               EXPECT_EQ(fed.message.body_bytes(), 5u) << length;
             });
  }
}

TEST(Http1, ABodyInChunksNeedsNoContentLength) {
  requests(
      "POST / HTTP/1.1\r\nContent-Length: x\r\nTransfer-Encoding: "
      "chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
      [](const Fed& fed) {
        EXPECT_TRUE(fed.message.complete());
        EXPECT_FALSE(fed.message.unframed());
        EXPECT_EQ(fed.message.body_bytes(), 1u);
      });
}

TEST(Http1, LongLinesAreLookedAtUpToABound) {
  const std::string target(5000, 'x');
  const std::string text =
      "GET /" + target + " HTTP/1.1\r\nCookie: " + target + "\r\nContent-Length: 2\r\n\r\nab";
  requests(text, [&](const Fed& fed) {
    EXPECT_TRUE(fed.message.complete());
    EXPECT_EQ(fed.message.body_bytes(), 2u);
    EXPECT_EQ(fed.head, text.substr(0, 2048));
  });
}

TEST(Http1, ResponseWithLengthEndsWithItsBody) {
  responses("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1", [](const Fed& fed) {
    EXPECT_TRUE(fed.message.complete());
    EXPECT_EQ(fed.message.status(), 200);
    EXPECT_EQ(fed.message.body_bytes(), 3u);
  });
}

TEST(Http1, ResponsesWithoutBody) {
  for (const std::string_view text :
       {"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n"}) {
    responses(text, [&](const Fed& fed) {
      EXPECT_TRUE(fed.message.complete());
      EXPECT_EQ(fed.used, text.size());
    });
  }
  responses(
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
      [](const Fed& fed) { EXPECT_TRUE(fed.message.complete()); }, Message::Method::kHead);
}

TEST(Http1, InterimResponsesAreNotTheAnswer) {
  responses("HTTP/1.1 103 Early Hints\r\n\r\n", [](const Fed& fed) {
    EXPECT_TRUE(fed.message.complete());
    EXPECT_TRUE(fed.message.interim());
  });
  responses("HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x05", [](const Fed& fed) {
    EXPECT_TRUE(fed.message.switches_protocol());
    EXPECT_FALSE(fed.message.interim());
  });
  responses(
      "HTTP/1.1 200 Connection established\r\n\r\n",
      [](const Fed& fed) { EXPECT_TRUE(fed.message.switches_protocol()); },
      Message::Method::kConnect);
}

TEST(Http1, BodyUntilCloseEndsWithTheStream) {
  responses("HTTP/1.0 200 OK\r\n\r\nsome bytes", [](Fed fed) {
    EXPECT_TRUE(fed.message.until_close());
    EXPECT_EQ(fed.message.body_bytes(), 10u);
    fed.message.end_of_stream();
    EXPECT_TRUE(fed.message.complete());
  });
}

TEST(Http1, UnseenBytesAreBody) {
  Fed fed = feed(Message::Kind::kResponse, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", 100);
  EXPECT_EQ(fed.message.feed_unseen(4), 4u);
  EXPECT_FALSE(fed.message.complete());
  EXPECT_EQ(fed.message.feed_unseen(7), 6u);
  EXPECT_TRUE(fed.message.complete());
  Fed early = feed(Message::Kind::kResponse, "HTTP/1.1 200", 100);
  EXPECT_EQ(early.message.feed_unseen(4), 0u);
  EXPECT_TRUE(early.message.failed());
}

// However it comes: what is behind its first bytes is not kept.
TEST(Http1, ALongTransferEncodingIsNotGuessed) {
  const std::string text = "POST / HTTP/1.1\r\nTransfer-Encoding: " + std::string(130, 'x') +
                           ", chunked\r\n\r\n0\r\n\r\n";
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Message message;
    message.begin(Message::Kind::kRequest, {});
    if (message.feed(bytes, cut) == cut) message.feed(bytes + cut, text.size() - cut);
    EXPECT_TRUE(message.failed()) << cut;
  }
}

TEST(Http1, WhatGoesOnIsSeenHoweverFarItStands) {
  const std::string far = "Forwarded: " + std::string(300, 'x') + "\r\n";
  const auto f = [&](const std::string& headers, bool has_tracestate, bool has_baggage) {
    const std::string text = "GET / HTTP/1.1\r\n" + headers + "\r\n";
    for (const std::uint32_t capacity : {0U, 64U}) {
      for (const std::size_t step : {std::size_t{1}, text.size()}) {
        const Fed fed =
            feed(Message::Kind::kRequest, text, step, Message::Method::kOther, capacity);
        EXPECT_TRUE(fed.message.complete());
        EXPECT_EQ(fed.message.has_carried(kTraceContext), has_tracestate) << headers;
        EXPECT_EQ(fed.message.has_carried(kBaggage), has_baggage) << headers;
      }
    }
  };
  f(far, false, false);
  f(far + "TraceState: a=1\r\n", true, false);
  f(far + "bagGage:\r\n", false, true);
  f("tracestate: a=1\r\n" + far + "baggage: " + std::string(300, 'x') + "\r\n", true, true);
  f("Baggage-Claim: 1\r\nX: baggage: 1\r\n", false, false);
}

}  // namespace
}  // namespace kolben::agent::http1
