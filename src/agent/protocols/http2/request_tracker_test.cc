// What is known of a client's requests without their texts, compared with the decoder that has
// them.
#include "agent/protocols/http2/request_tracker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "agent/protocols/http2/hpack.h"
#include "agent/protocols/http2/testing/frames.h"

namespace kolben::agent::http2 {
namespace {

using namespace testing;  // NOLINT: frames

std::vector<RequestBlock> blocks_of(RequestTracker& tracker, const std::string& bytes,
                                    std::size_t piece_bytes = ~std::size_t{0}) {
  std::vector<RequestBlock> blocks;
  const auto* from = reinterpret_cast<const std::uint8_t*>(bytes.data());
  for (std::size_t at = 0; at < bytes.size() && !tracker.lost();) {
    RequestBlock block;
    std::size_t taken = 0;
    const std::size_t size = std::min(piece_bytes, bytes.size() - at);
    if (tracker.next(from + at, size, &taken, &block)) blocks.push_back(block);
    at += taken;
  }
  return blocks;
}

const std::string kBegin = std::string(kPreface) + frame(kSettings, 0, 0, "");
const std::string kGet = block({{":method", "GET"}, {":path", "/"}});

TEST(RequestTracker, ARequestsBlockIsFoundWhereverTheBytesAreCut) {
  const std::string data = frame(kData, kEndStream, 1, "hello");
  const std::string bytes = kBegin + frame(kHeaders, kEndHeaders, 1, kGet) + data +
                            frame(kHeaders, kEndHeaders | kEndStream, 3, kGet);
  for (const std::size_t piece : {1UL, 2UL, 3UL, 7UL, 10UL, ~0UL}) {
    RequestTracker tracker;
    const auto blocks = blocks_of(tracker, bytes, piece);
    ASSERT_EQ(blocks.size(), 2u) << piece;
    EXPECT_EQ(blocks[0].begin, kBegin.size());
    EXPECT_EQ(blocks[0].last_frame, kBegin.size());
    EXPECT_EQ(blocks[0].frame_length, kGet.size());
    EXPECT_EQ(blocks[0].fragment, kGet.size());
    EXPECT_EQ(blocks[0].end, kBegin.size() + 9 + kGet.size());
    EXPECT_EQ(blocks[0].list_bytes, 7u + 3 + 32 + 5 + 1 + 32);
    EXPECT_EQ(blocks[0].stream, 1u);
    EXPECT_EQ(blocks[0].fields, 0);
    EXPECT_EQ(blocks[1].stream, 3u);
    EXPECT_EQ(blocks[1].end, bytes.size());
    EXPECT_EQ(tracker.position(), bytes.size());
  }
}

TEST(RequestTracker, ABlockEndsBeforeThePaddingOrInItsLastContinuation) {
  RequestTracker tracker;
  const std::string padded = "\3" + std::string(5, '\0') + kGet + std::string(3, '\0');
  const std::string first = kBegin + frame(kHeaders, kPadded | kPriority | kEndHeaders, 1, padded);
  const std::string second = frame(kHeaders, 0, 3, kGet.substr(0, 4)) +
                             frame(kContinuation, 0, 3, "") +
                             frame(kContinuation, kEndHeaders, 3, kGet.substr(4));
  const auto blocks = blocks_of(tracker, first + second);
  ASSERT_EQ(blocks.size(), 2u);
  EXPECT_EQ(blocks[0].end, first.size() - 3);
  EXPECT_EQ(blocks[0].frame_length, padded.size());
  EXPECT_EQ(blocks[0].fragment, kGet.size());
  EXPECT_EQ(blocks[1].begin, first.size());
  EXPECT_EQ(blocks[1].last_frame, first.size() + 9 + 4 + 9);
  EXPECT_EQ(blocks[1].frame_length, kGet.size() - 4);
  EXPECT_EQ(blocks[1].end, first.size() + second.size());
}

TEST(RequestTracker, TrailersAreNoRequest) {
  RequestTracker tracker;
  const auto blocks = blocks_of(tracker, kBegin + frame(kHeaders, kEndHeaders, 1, kGet) +
                                             frame(kHeaders, kEndHeaders | kEndStream, 1, kGet));
  EXPECT_EQ(blocks.size(), 1u);
  EXPECT_FALSE(tracker.lost());
}

TEST(RequestTracker, HeadersOfTraceContextAreSeenHoweverTheyAreWritten) {
  const auto f = [](const std::vector<std::string>& fields) {
    RequestTracker tracker;
    std::string bytes = kBegin;
    std::uint32_t stream = 1;
    for (const std::string& one : fields) {
      bytes += frame(kHeaders, kEndHeaders, stream, one);
      stream += 2;
    }
    const auto blocks = blocks_of(tracker, bytes);
    EXPECT_EQ(blocks.size(), fields.size());
    return blocks.empty() ? 0xff : int{blocks.back().fields};
  };
  for (const bool is_huffman : {false, true}) {
    EXPECT_EQ(f({literal("traceparent", "00-a", is_huffman)}), kTraceparentField);
    EXPECT_EQ(f({literal("x-b3-sampled", "1", is_huffman)}), kB3MultiField);
    EXPECT_EQ(f({literal("tracestate", "1", is_huffman) + literal("baggage", "", is_huffman)}),
              kTracestateField | kBaggageField);
    EXPECT_EQ(f({literal("traceparents", "1", is_huffman)}), 0);
    EXPECT_EQ(f({literal("a", "traceparent", is_huffman)}), 0);
    // From the table: the field, or its name alone.
    const std::string indexed = indexed_literal("traceparent", "00-a", is_huffman);
    EXPECT_EQ(f({indexed, "\xbe"}), kTraceparentField);
    EXPECT_EQ(f({indexed, std::string("\x0f\x2f\1x", 4)}), kTraceparentField);
    EXPECT_EQ(f({indexed, indexed_literal("b3", "x"), "\xbe"}), kB3Field);
    EXPECT_EQ(f({indexed, indexed_literal("b3", "x"), "\xbf"}), kTraceparentField);
    EXPECT_EQ(f({indexed + indexed_literal("x", std::string(4000, 'v'), is_huffman), "\xbe"}), 0);
  }
  EXPECT_EQ(f({literal("b3", "x") + literal("uber-trace-id", "x")}), kB3Field | kJaegerField);
}

TEST(RequestTracker, ItIsLostAndDoesNotGuess) {
  const auto f = [](const std::string& bytes) {
    RequestTracker tracker;
    blocks_of(tracker, bytes);
    return tracker.lost();
  };
  EXPECT_TRUE(f("GET / HTTP/1.1\r\n\r\n"));
  EXPECT_TRUE(f(kBegin + frame(kHeaders, kEndHeaders, 0, kGet)));
  EXPECT_TRUE(f(kBegin + frame(kHeaders, kEndHeaders, 1, "\xbe")));  // no such field
  EXPECT_TRUE(f(kBegin + frame(kHeaders, kEndHeaders, 1, "\x80")));  // field 0
  EXPECT_TRUE(f(kBegin + frame(kHeaders, kEndHeaders, 1,
                               "\x40\x05"
                               "a")));                                       // ends within a text
  EXPECT_TRUE(f(kBegin + frame(kHeaders, kEndHeaders, 1, "\x3f\xe2\x1f")));  // a table of 4097
  EXPECT_FALSE(f(kBegin + frame(kHeaders, kEndHeaders, 1, "\x3f\xe1\x1f")));
  EXPECT_TRUE(f(kBegin + frame(kHeaders, kEndHeaders, 1, "\xff\xff\xff\xff\xff\xff")));
  EXPECT_TRUE(f(kBegin + frame(kContinuation, kEndHeaders, 1, kGet)));
  EXPECT_TRUE(f(kBegin + frame(kHeaders, 0, 1, kGet) + frame(kData, 0, 1, "")));
  EXPECT_TRUE(f(kBegin + frame(kHeaders, 0, 1, kGet) + frame(kContinuation, 0, 3, "")));
  EXPECT_TRUE(f(kBegin + frame(kHeaders, kEndHeaders | kPadded, 1,
                               "\x09"
                               "abc")));
  EXPECT_TRUE(f(kBegin + frame(kHeaders, kEndHeaders | kPriority, 1, "abcd")));
  EXPECT_TRUE(f(kBegin + frame(kPushPromise, kEndHeaders, 1, kGet)));
  EXPECT_TRUE(f(kBegin + frame(kHeaders, kEndHeaders, 1,
                               std::string("\0\x81\xff\0", 4))));  // eight bits of padding
  EXPECT_FALSE(f(kBegin + frame(0x77, 0xff, 9, "an extension")));
}

// Random blocks: the same table, and the same list.
TEST(RequestTracker, ItsTableIsTheDecoders) {
  std::mt19937 random(4711);
  const auto up_to = [&](std::uint32_t most) {
    return std::uniform_int_distribution<std::uint32_t>(0, most)(random);
  };
  const std::vector<std::string> names = {"traceparent", "b3", "x", "a-much-longer-name", ":path"};
  for (int round = 0; round < 300; ++round) {
    HpackDecoder decoder;
    HeaderScanner scanner;
    for (int number = 0; number < 20; ++number) {
      std::string bytes;
      if (up_to(9) == 0) bytes += integer(up_to(3) == 0 ? up_to(200) : up_to(4096), 5, 0x20);
      for (std::uint32_t i = up_to(6); i != 0; --i) {
        const bool goes_into_table = up_to(1) == 0;
        const std::uint32_t index =
            1 + up_to(60 + static_cast<std::uint32_t>(decoder.table_fields()));
        const std::uint32_t kind = up_to(2);
        if (kind == 0) {
          bytes += integer(index, 7, 0x80);
          continue;
        }
        bytes += goes_into_table ? integer(kind == 1 ? index : 0, 6, 0x40)
                                 : integer(kind == 1 ? index : 0, 4, up_to(1) == 0 ? 0x10 : 0);
        if (kind == 2) bytes += text(names[up_to(4)], up_to(1) == 0);
        const std::uint32_t size = up_to(20) == 0 ? up_to(5000) : up_to(100);
        bytes += text(std::string(size, static_cast<char>('a' + up_to(25))), up_to(1) == 0);
      }
      std::vector<Field> fields;
      const bool is_decoded = decoder.decode(bytes, fields);
      ASSERT_EQ(is_decoded, [&] {
        scanner.begin_block();
        std::size_t at = 0;
        while (at < bytes.size()) {
          const std::size_t size = std::min<std::size_t>(1 + up_to(30), bytes.size() - at);
          if (!scanner.take(reinterpret_cast<const std::uint8_t*>(bytes.data()) + at, size)) {
            return false;
          }
          at += size;
        }
        return scanner.end_block();
      }());
      if (!is_decoded) break;  // an index of what another field has pushed out
      std::uint64_t list_bytes = 0;
      bool has_traceparent = false;
      for (const Field& field : fields) {
        list_bytes += field.name.size() + field.value.size() + 32;
        has_traceparent = has_traceparent || field.name == "traceparent";
      }
      ASSERT_EQ(scanner.list_bytes(), list_bytes);
      ASSERT_EQ((scanner.fields() & kTraceparentField) != 0, has_traceparent);
      ASSERT_EQ(scanner.table_bytes(), decoder.table_bytes());
      ASSERT_EQ(scanner.table_fields(), decoder.table_fields());
    }
  }
}

}  // namespace
}  // namespace kolben::agent::http2
