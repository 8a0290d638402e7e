// What is no protocol, or stops being one: real conversations that are cut and changed at each of
// their bytes, noise, lengths without measure, nesting without end. Nothing is promised of what is
// told then but that it ends, holds little memory, and is the same however the bytes are cut.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/protocols/http1.h"
#include "agent/protocols/http2/request_tracker.h"
#include "agent/protocols/http2/testing/frames.h"
#include "agent/protocols/sql.h"
#include "agent/protocols/testing/conversation.h"
#include "agent/protocols/testing/talks.h"

namespace kolben::agent {
namespace {

using testing::Conversation;
using testing::read_talk;
using testing::TalkName;
using namespace std::string_literals;

// What a connection's parser may hold, whatever it is told: above all bounds of the protocols.
constexpr std::size_t kHeldMax = 3 << 20;

using Said = std::vector<std::pair<char, std::string>>;

// One connection after another of a recorded talk.
std::vector<Said> connections_of(const char* name) {
  std::vector<Said> all(1);
  for (auto& [who, what] : read_talk(name).said) {
    if (who == '-') {
      all.emplace_back();
    } else {
      all.back().emplace_back(who, std::move(what));
    }
  }
  return all;
}

std::size_t size_of(const Said& said) {
  std::size_t size = 0;
  for (const auto& [who, what] : said) size += what.size();
  return size;
}

void say(Conversation& talk, char who, std::string_view what) {
  if (who == '>') talk.client(what);
  if (who == '<') talk.server(what);
  EXPECT_LE(talk.bytes(), kHeldMax);
}

// What was told, and whether it was followed to the end.
std::string told_of(Protocol protocol, const Said& said,
                    std::size_t piece_bytes = ~std::size_t{0}) {
  Conversation talk(protocol, piece_bytes);
  for (const auto& [who, what] : said) say(talk, who, what);
  talk.close();
  return talk.told() + (talk.given_up() ? "given up" : "");
}

// The same, cut as it is and cut small.
void expect_same(Protocol protocol, const Said& said) {
  EXPECT_EQ(told_of(protocol, said), told_of(protocol, said, 7));
}

// `bytes` in the place of as many of the talk's, from the byte number `at` on.
Said changed(Said said, std::size_t at, std::string_view bytes) {
  for (auto& [who, what] : said) {
    if (at < what.size()) {
      what.replace(at, bytes.size(), bytes.substr(0, what.size() - at));
      break;
    }
    at -= what.size();
  }
  return said;
}

class BadInput : public ::testing::TestWithParam<TalkName> {};
INSTANTIATE_TEST_SUITE_P(Recorded, BadInput, ::testing::ValuesIn(testing::kTalks),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(BadInput, AConnectionThatEndsAfterAnyByte) {
  for (const Said& said : connections_of(GetParam().name)) {
    Conversation whole(GetParam().protocol);
    for (const auto& [who, what] : said) {
      const std::string before = whole.told();
      say(whole, who, what);
      for (std::size_t size = 1; size < what.size(); ++size) {
        // Up to here, and then the end.
        Conversation cut(GetParam().protocol);
        for (const auto& [earlier_who, earlier] : said) {
          if (&earlier == &what) break;
          say(cut, earlier_who, earlier);
        }
        say(cut, who, std::string_view(what).substr(0, size));
        const std::string told = cut.told();
        EXPECT_TRUE(told.starts_with(before) && whole.told().starts_with(told)) << told;
        EXPECT_FALSE(cut.given_up());
        cut.close();
        EXPECT_LE(cut.told().size(), told.size() + what.size() + kSummaryBytesMax + 8192);
      }
    }
  }
}

// Each second one.
TEST_P(BadInput, AByteThatIsAnother) {
  constexpr char kBytes[] = {'\0', '\xff', '\x7f', '\x80', '\x01', '\r', '-', '9'};
  std::size_t turn = 0;
  for (const Said& said : connections_of(GetParam().name)) {
    for (std::size_t at = turn % 2; at < size_of(said); at += 2) {
      const char byte = kBytes[turn++ % sizeof(kBytes)];
      expect_same(GetParam().protocol, changed(said, at, {&byte, 1}));
    }
  }
}

// In the place of bytes at every third place, in either order, and of each number in
// letters.
TEST_P(BadInput, ALengthWithoutMeasureOrBelowZero) {
  const std::string kLengths[] = {"\x7f\xff\xff\xff"s,
                                  "\x80\0\0\0"s,
                                  "\xff\xff\xff\xff"s,
                                  "\xff\xff\xff\x7f"s,
                                  "\0\0\0\x80"s,
                                  "\xff\xff\xff"s,
                                  "\xff\xff"s,
                                  "\x7f\xff"s,
                                  "\xfe\xff\xff\xff\xff\xff\xff\xff"s,
                                  "-1"s,
                                  "2147483648"s,
                                  "18446744073709551615"s,
                                  "$-2147483649\r\n"s,
                                  "*4294967295\r\n"s};
  std::size_t turn = 0;
  for (const Said& said : connections_of(GetParam().name)) {
    for (std::size_t at = turn % 3; at < size_of(said); at += 3) {
      expect_same(GetParam().protocol, changed(said, at, kLengths[turn++ % std::size(kLengths)]));
    }
  }
}

// xorshift, from a seed that never changes.
class Noise {
 public:
  std::uint32_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<std::uint32_t>(state_ >> 16);
  }
  std::string bytes(std::size_t most) {
    std::string text(1 + next() % most, '\0');
    for (char& c : text) c = static_cast<char>(next());
    return text;
  }

 private:
  std::uint64_t state_ = 0x9e37'79b9'7f4a'7c15;
};

TEST_P(BadInput, NoiseAfterAnyMessage) {
  constexpr int kTries = 300;
  Noise noise;
  for (const Said& said : connections_of(GetParam().name)) {
    for (int i = 0; i < kTries; ++i) {
      Said noisy = said;
      noisy.resize(1 + noise.next() % said.size());
      for (int j = 0; j < 4; ++j) noisy.emplace_back("><"[noise.next() % 2], noise.bytes(400));
      expect_same(GetParam().protocol, noisy);
    }
  }
}

// A client that asks for ever, of a server that answers the same for ever: the last message of each
// again and again.
TEST_P(BadInput, AConnectionThatNeverEnds) {
  constexpr int kTimes = 20'000;
  for (const Said& said : connections_of(GetParam().name)) {
    Conversation talk(GetParam().protocol);
    std::string last[2];
    for (const auto& [who, what] : said) {
      say(talk, who, what);
      last[who == '<'] = what;
    }
    for (int i = 0; i < kTimes && !talk.given_up(); ++i) {
      say(talk, '>', last[0]);
      if (i % 4 != 0) say(talk, '<', last[1]);
    }
  }
}

TEST(BadInputRedis, ArraysWithinArraysWithoutEnd) {
  for (const char kind : {'*', '%', '~', '>', '|'}) {
    std::string deep;
    for (int i = 0; i < 50'000; ++i)
      deep += kind + (kind == '%' || kind == '|' ? "1\r\n+a\r\n"s : "1\r\n"s);
    expect_same(Protocol::kRedis, {{'>', "*1\r\n$4\r\nPING\r\n"}, {'<', deep}});
    expect_same(Protocol::kRedis, {{'>', deep}, {'<', "+PONG\r\n"}});
  }
}

TEST(BadInputMongodb, DocumentsWithinDocumentsWithoutEnd) {
  // Each says that it is as long as what is left.
  constexpr std::uint32_t kDepth = 100'000;
  constexpr std::uint32_t kElementBytes = 3;  // type, "a", and the document's length
  const auto little_endian = [](std::uint32_t value) {
    std::string bytes;
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(value >> shift);
    return bytes;
  };
  std::string document;
  for (std::uint32_t i = 0; i < kDepth; ++i) {
    document += little_endian((kDepth - i) * (4 + kElementBytes)) +
                "\x03"
                "a\0"s;
  }
  const auto message = [&](const std::string& content) {
    return little_endian(static_cast<std::uint32_t>(16 + 5 + content.size())) + little_endian(1) +
           little_endian(0) + little_endian(2013) + little_endian(0) + '\0' + content;
  };
  expect_same(Protocol::kMongodb, {{'>', message(document)}, {'<', message(document)}});
}

TEST(BadInputSql, ParenthesesAndCommentsWithoutEnd) {
  for (const std::string& piece :
       {"("s, "SELECT ("s, "/*"s, "CASE "s, "$a$"s, "'"s, "\""s, "E'\\"s}) {
    std::string text;
    while (text.size() < 100'000) text += piece;
    for (const SqlDialect dialect :
         {SqlDialect::kStandard, SqlDialect::kMysql, SqlDialect::kMysqlWithoutBackslashes,
          SqlDialect::kMysqlOfUnknownMode, SqlDialect::kSqlite}) {
      EXPECT_LE(sanitized_sql(text, dialect).size(), text.size());
      EXPECT_LE(sql_summary(text, dialect).size(), kSummaryBytesMax);
    }
  }
}

// --- HTTP/1.x ------------------------------------------------------------------------------------

struct Fed {
  http1::Message message;
  std::string head;
  std::size_t used = 0;
  bool operator==(const Fed& other) const {
    return used == other.used && head == other.head &&
           message.complete() == other.message.complete() &&
           message.failed() == other.message.failed() &&
           message.head_complete() == other.message.head_complete() &&
           message.body_bytes() == other.message.body_bytes() &&
           message.status() == other.message.status();
  }
};

Fed feed(http1::Message::Kind kind, std::string_view text, std::size_t first) {
  Fed fed;
  std::uint8_t head[1024];
  fed.message.begin(kind, {head, sizeof(head), 0});
  for (const std::string_view piece : {text.substr(0, first), text.substr(first)}) {
    const std::size_t taken =
        fed.message.feed(reinterpret_cast<const std::uint8_t*>(piece.data()), piece.size());
    fed.used += taken;
    if (taken < piece.size()) break;
  }
  fed.head.assign(head, head + fed.message.head().size);
  return fed;
}

http1::Message::Kind kind_of(char who) {
  return who == '>' ? http1::Message::Kind::kRequest : http1::Message::Kind::kResponse;
}

TEST(BadInputHttp1, AMessageIsTheSameWhereverItIsCutAndNoneBeforeItsEnd) {
  for (const auto& [who, what] : read_talk("http1_curl").said) {
    const Fed whole = feed(kind_of(who), what, what.size());
    if (!whole.message.head_complete()) continue;  // the body of the one before
    for (std::size_t first = 0; first < what.size(); ++first) {
      EXPECT_TRUE(feed(kind_of(who), what, first) == whole) << what << first;
      const Fed part = feed(kind_of(who), what.substr(0, first), first);
      EXPECT_FALSE(part.message.failed());
      EXPECT_FALSE(part.message.complete() && part.used > whole.used);
      if (first < what.find("\r\n\r\n") + 4) {
        EXPECT_FALSE(part.message.head_complete());
      }
    }
  }
}

TEST(BadInputHttp1, AByteThatIsAnother) {
  for (const auto& [who, what] : read_talk("http1_curl").said) {
    if (!feed(kind_of(who), what, what.size()).message.head_complete()) continue;  // a body
    for (std::size_t at = 0; at < what.size(); ++at) {
      for (const char byte : {'\0', '\xff', '\n', '\r', ' ', ':', '-', '9'}) {
        std::string other = what;
        other[at] = byte;
        const Fed whole = feed(kind_of(who), other, other.size());
        for (const std::size_t first : {at, at + 1, other.size() / 2}) {
          EXPECT_TRUE(feed(kind_of(who), other, first) == whole) << other << first;
        }
      }
    }
  }
}

TEST(BadInputHttp1, LengthsWithoutMeasureAreNone) {
  for (const std::string length : {"18446744073709551616", "99999999999999999999999", "-1", "-0",
                                   "+5", "0x10", "1e3", "5 5"}) {
    const std::string text = "POST / HTTP/1.1\r\nContent-Length: " + length + "\r\n\r\nhello";
    const http1::Message message = feed(http1::Message::Kind::kRequest, text, 3).message;
    EXPECT_TRUE(message.unframed() && !message.complete()) << length;
  }
  for (const std::string size : {"10000000000000000", "ffffffffffffffffffffff", "-1", "+5", "g"}) {
    const std::string text =
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + size + "\r\nhello";
    EXPECT_TRUE(feed(http1::Message::Kind::kRequest, text, 3).message.failed()) << size;
  }
}

// A head of a gigabyte is looked at, none of it is kept, and it is no message.
TEST(BadInputHttp1, AHeadThatNeverEnds) {
  std::uint8_t head[256];
  http1::Message message;
  message.begin(http1::Message::Kind::kRequest, {head, sizeof(head), 0});
  std::string text = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 1000; ++i) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    ASSERT_EQ(message.feed(bytes, text.size()), text.size());
    text = "Host: a\r\nX-Y: " + std::string(1 << 20, 'z') + "\r\n";
  }
  EXPECT_FALSE(message.head_complete());
  EXPECT_LE(message.head().size, sizeof(head));
}

TEST(BadInputHttp1, ABodyOfManyGigabytes) {
  constexpr std::uint64_t kBytes = std::uint64_t{5} << 32;
  http1::Message message;
  message.begin(http1::Message::Kind::kResponse, {});
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kBytes) + "\r\n\r\n";
  message.feed(reinterpret_cast<const std::uint8_t*>(head.data()), head.size());
  EXPECT_EQ(message.feed_unseen(kBytes - 1), kBytes - 1);
  EXPECT_FALSE(message.complete());
  EXPECT_EQ(message.feed_unseen(100), 1u);
  EXPECT_TRUE(message.complete());
  EXPECT_EQ(message.body_bytes(), kBytes);
}

// --- HTTP/2 --------------------------------------------------------------------------------------

// Static and dynamic table, literals of both kinds, Huffman's code.
std::string request_block(int number) {
  using namespace http2::testing;  // NOLINT: frames
  return "\x82\x86" + indexed_literal(":path", "/orders/" + std::to_string(number), true) +
         indexed_literal(":authority", "shop.example") +
         literal("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true) +
         "\xbe";
}

TEST(BadInputHttp2, AHeaderBlockIsTheSameWhereverItIsCutIntoFramesAndPieces) {
  using namespace http2::testing;  // NOLINT: frames
  constexpr std::uint8_t kHeaders = 1, kContinuation = 9;
  const std::string settings = frame(4, 0, 0, "");
  const std::string answer = frame(kHeaders, kEndHeaders | kEndStream, 1, "\x88");
  const std::string block = request_block(7);
  const auto told = [&](const std::string& frames, std::size_t piece) {
    Conversation talk(Protocol::kHttp2, piece);
    talk.client(std::string(kPreface) + settings);
    talk.server(settings);
    talk.client(frames);
    talk.server(answer);
    EXPECT_FALSE(talk.given_up());
    return talk.told();
  };
  const std::string whole = told(frame(kHeaders, kEndHeaders | kEndStream, 1, block), ~0UL);
  EXPECT_EQ(whole, "GET shop.example /orders/7 | 200\n");
  for (std::size_t first = 0; first <= block.size(); ++first) {
    for (std::size_t second = first; second <= block.size(); second += 5) {
      const std::string frames = frame(kHeaders, kEndStream, 1, block.substr(0, first)) +
                                 frame(kContinuation, 0, 1, block.substr(first, second - first)) +
                                 frame(kContinuation, kEndHeaders, 1, block.substr(second));
      EXPECT_EQ(told(frames, ~0UL), whole);
      EXPECT_EQ(told(frames, 1), whole);
    }
  }
}

TEST(BadInputHttp2, AByteOfAHeaderBlockThatIsAnother) {
  using namespace http2::testing;  // NOLINT: frames
  const std::string start = std::string(kPreface) + frame(4, 0, 0, "");
  const std::string block = request_block(7);
  for (std::size_t at = 0; at < block.size(); ++at) {
    for (int byte = 0; byte < 256; byte += 5) {
      std::string other = block;
      other[at] = static_cast<char>(byte);
      expect_same(Protocol::kHttp2, {{'>', start},
                                     {'<', frame(4, 0, 0, "")},
                                     {'>', frame(1, kEndHeaders | kEndStream, 1, other) +
                                               frame(1, kEndHeaders | kEndStream, 3, block)},
                                     {'<', frame(1, kEndHeaders | kEndStream, 1, "\x88")}});
    }
  }
}

TEST(BadInputHttp2, AHeaderBlockThatNeverEnds) {
  using namespace http2::testing;  // NOLINT: frames
  Conversation talk(Protocol::kHttp2);
  talk.client(std::string(kPreface) + frame(4, 0, 0, "") + frame(1, 0, 1, request_block(7)));
  const std::string more = frame(9, 0, 1, literal("x", std::string(10'000, 'y')));
  for (int i = 0; i < 100 && !talk.given_up(); ++i) say(talk, '>', more);
  EXPECT_TRUE(talk.given_up());
  Conversation empty(Protocol::kHttp2);
  empty.client(std::string(kPreface) + frame(4, 0, 0, "") + frame(1, 0, 1, request_block(7)));
  for (int i = 0; i < 100'000; ++i) say(empty, '>', frame(9, 0, 1, ""));
  EXPECT_LE(empty.bytes(), kHeldMax);
}

}  // namespace
}  // namespace kolben::agent
