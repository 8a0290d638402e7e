#include "wire/block_compression.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"

namespace kolben::wire {
namespace {

std::string some_text(std::size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; ++i) text += "/api/products/" + std::to_string(i % 37);
  text.resize(size);
  return text;
}

std::string noise(std::size_t size) {
  Random random(size);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.below(256));
  return bytes;
}

TEST(BlockCompression, WhatGoesInComesOut) {
  for (const std::size_t size : {1u, 100u, 16'384u, 3'000'000u}) {
    for (const int level : {1, 3, 9}) {
      const std::string input = some_text(size);
      std::string packed = "before";
      ASSERT_TRUE(compress_block(input, size + 100, level, packed));
      ASSERT_TRUE(packed.starts_with("before"));
      std::string output(size, '\0');
      ASSERT_TRUE(decompress_block(std::string_view(packed).substr(6), output));
      EXPECT_EQ(output, input);
      EXPECT_GE(decompressed_bytes_max(packed.size() - 6), size);
    }
  }
}

TEST(BlockCompression, WhatDoesNotShrinkIsLeft) {
  const std::string input = noise(16'384);
  std::string packed = "before";
  EXPECT_FALSE(compress_block(input, input.size() - input.size() / 16, 1, packed));
  EXPECT_EQ(packed, "before");
}

TEST(BlockCompression, AnotherSizeOrACutIsRefused) {
  const std::string input = some_text(5000);
  std::string packed;
  ASSERT_TRUE(compress_block(input, input.size(), 1, packed));
  std::string smaller(4999, '\0');
  EXPECT_FALSE(decompress_block(packed, smaller));
  std::string larger(5001, '\0');
  EXPECT_FALSE(decompress_block(packed, larger));
  std::string output(5000, '\0');
  for (std::size_t size = 0; size < packed.size(); ++size) {
    EXPECT_FALSE(decompress_block(std::string_view(packed).substr(0, size), output)) << size;
  }
}

TEST(BlockCompression, AZstdFrameOfZerosStaysBelowTheBound) {
  const std::string input(10 << 20, '\0');
  std::string packed;
  ASSERT_TRUE(compress_block(input, input.size(), 1, packed));
  EXPECT_GE(decompressed_bytes_max(packed.size()), input.size());
}

}  // namespace
}  // namespace kolben::wire
