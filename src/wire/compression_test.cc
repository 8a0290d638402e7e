#include "wire/compression.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/random.h"

namespace kolben::wire {
namespace {

using std::string_literals::operator""s;

constexpr Compression kAll[] = {Compression::kNone,   Compression::kGzip,    Compression::kZstd,
                                Compression::kSnappy, Compression::kDeflate, Compression::kLz4};
constexpr Compression kFramed[] = {Compression::kGzip, Compression::kZstd, Compression::kDeflate,
                                   Compression::kLz4};

std::string text_of(std::size_t size) {
  static constexpr std::string_view kPattern = "GET /api/v1/products/{id} 200; ";
  Random random(size);
  std::string text;
  while (text.size() < size) {
    text += kPattern;
    text += std::to_string(random.below(1000));
  }
  text.resize(size);
  return text;
}

TEST(Compression, NamesOfContentEncoding) {
  for (const Compression compression : kAll) {
    EXPECT_EQ(compression_by_name(to_string(compression)), compression);
  }
  EXPECT_EQ(compression_by_name(""), Compression::kNone);
  EXPECT_EQ(compression_by_name("br"), std::nullopt);
}

TEST(Compression, WhatGoesInComesOut) {
  for (const Compression compression : kAll) {
    for (const std::size_t size : {0u, 1u, 100u, 5000u, 300000u}) {
      const std::string text = text_of(size);
      const auto out = decompress(compression, compress(compression, text), size);
      ASSERT_TRUE(out) << to_string(compression) << " " << size << out.error().to_string();
      EXPECT_EQ(*out, text);
    }
  }
}

TEST(Compression, VeryCompressibleTextGrowsBeyondTheGuess) {
  const std::string zeros(3'000'000, '\0');
  for (const Compression compression : kFramed) {
    const auto out = decompress(compression, compress(compression, zeros), zeros.size());
    ASSERT_TRUE(out) << to_string(compression);
    EXPECT_EQ(*out, zeros);
  }
}

TEST(Compression, OneByteTooMuchIsRefused) {
  for (const Compression compression : kAll) {
    for (const std::size_t size : {100u, 300000u}) {
      const auto out = decompress(compression, compress(compression, text_of(size)), size - 1);
      ASSERT_FALSE(out) << to_string(compression);
      EXPECT_EQ(out.error().code(), StatusCode::kResourceExhausted) << out.error().to_string();
    }
  }
}

TEST(Compression, TruncatedAnywhereIsAnError) {
  const std::string text = text_of(700);
  for (const Compression compression :
       {Compression::kGzip, Compression::kZstd, Compression::kSnappy, Compression::kDeflate,
        Compression::kLz4}) {
    const std::string whole = compress(compression, text);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const auto out = decompress(compression, std::string_view(whole).substr(0, size), 1000);
      ASSERT_FALSE(out) << to_string(compression) << " cut at " << size;
      EXPECT_EQ(out.error().code(), StatusCode::kInvalidArgument);
    }
  }
}

TEST(Compression, DamageNeverCrashes) {
  Random random(7);
  for (const Compression compression : kAll) {
    const std::string whole = compress(compression, text_of(2000));
    for (int round = 0; round < 500; ++round) {
      std::string damaged = whole;
      for (int i = 0; i < 3; ++i) {
        damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
      }
      const auto out = decompress(compression, damaged, 4000);
      if (out) {
        EXPECT_LE(out->size(), 4000u);
      }
    }
  }
}

TEST(Compression, GzipMembersAreConcatenated) {
  const std::string a = text_of(5000);
  const std::string b = text_of(70000);
  const auto out =
      decompress(Compression::kGzip,
                 compress(Compression::kGzip, a) + compress(Compression::kGzip, b, 6), 100000);
  ASSERT_TRUE(out);
  EXPECT_EQ(*out, a + b);
}

TEST(Compression, GarbageBehindTheEndIsRefused) {
  for (const Compression compression : kFramed) {
    EXPECT_FALSE(decompress(compression, compress(compression, "abc") + "xyz", 1000));
  }
}

TEST(Compression, ZstdAndLz4FramesAreConcatenated) {
  for (const Compression compression : {Compression::kZstd, Compression::kLz4}) {
    const auto out =
        decompress(compression, compress(compression, "abc") + compress(compression, "def"), 100);
    ASSERT_TRUE(out) << to_string(compression);
    EXPECT_EQ(*out, "abcdef");
  }
}

TEST(Compression, SnappyFramedStreamIsReadToo) {
  const auto chunk = [](char type, std::string_view plain, std::string_view content) {
    const std::uint32_t crc = crc32c(plain);
    const std::uint32_t masked = (crc >> 15 | crc << 17) + 0xa282ead8u;
    const std::uint32_t size = static_cast<std::uint32_t>(content.size()) + 4;
    std::string out{type, static_cast<char>(size), static_cast<char>(size >> 8),
                    static_cast<char>(size >> 16)};
    out.append(reinterpret_cast<const char*>(&masked), 4);
    return out.append(content);
  };
  const std::string text = text_of(3000);
  const std::string stream = "\xff\x06\x00\x00sNaPpY"s +
                             chunk(0, text, compress(Compression::kSnappy, text)) +
                             "\xfe\x02\x00\x00zz"s + chunk(1, "plain", "plain");
  const auto out = decompress(Compression::kSnappy, stream, 4000);
  ASSERT_TRUE(out) << out.error().to_string();
  EXPECT_EQ(*out, text + "plain");
  EXPECT_EQ(decompress(Compression::kSnappy, stream, 3004).error().code(),
            StatusCode::kResourceExhausted);
  std::string damaged = stream;
  damaged.back() ^= 1;
  EXPECT_FALSE(decompress(Compression::kSnappy, damaged, 4000));
}

TEST(Compression, LyingLengthsDoNotAllocate) {
  // A gzip trailer and a snappy header that claim 4 GiB.
  std::string gzip = compress(Compression::kGzip, "abc");
  gzip.replace(gzip.size() - 4, 4, "\xff\xff\xff\xff");
  EXPECT_FALSE(decompress(Compression::kGzip, gzip, std::size_t{1} << 32));
  EXPECT_FALSE(decompress(Compression::kSnappy, "\xff\xff\xff\xff\x0f\x00"s, std::size_t{1} << 33));
}

}  // namespace
}  // namespace kolben::wire
