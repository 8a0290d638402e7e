#include "agent/ring/attribute_codec.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace kolben::agent {
namespace {

kolben_text text(std::string_view value) {
  return {value.data(), value.size()};
}
std::string_view view(kolben_text value) {
  return {value.data, value.size};
}

TEST(AttributeCodec, EachTypeComesBack) {
  std::uint8_t buffer[256];
  AttributeEncoder encoder(buffer, sizeof(buffer));
  EXPECT_TRUE(encoder.add({text("name"), KOLBEN_STRING, {.string = text("wash up")}}));
  EXPECT_TRUE(encoder.add({text("done"), KOLBEN_BOOL, {.boolean = 5}}));
  EXPECT_TRUE(encoder.add({text("id"), KOLBEN_INT, {.integer = -7}}));
  EXPECT_TRUE(encoder.add({text("share"), KOLBEN_DOUBLE, {.real = 0.25}}));

  AttributeDecoder decoder(buffer, encoder.size());
  kolben_attribute attribute;
  ASSERT_TRUE(decoder.next(&attribute));
  EXPECT_EQ(view(attribute.key), "name");
  EXPECT_EQ(view(attribute.value.string), "wash up");
  ASSERT_TRUE(decoder.next(&attribute));
  EXPECT_EQ(attribute.value.boolean, 1);
  ASSERT_TRUE(decoder.next(&attribute));
  EXPECT_EQ(attribute.value.integer, -7);
  ASSERT_TRUE(decoder.next(&attribute));
  EXPECT_EQ(attribute.value.real, 0.25);
  EXPECT_FALSE(decoder.next(&attribute));
}

TEST(AttributeCodec, WhatDoesNotFitIsNotWrittenAtAll) {
  std::uint8_t buffer[20];
  AttributeEncoder encoder(buffer, sizeof(buffer));
  EXPECT_FALSE(encoder.add({text("a key that is too long"), KOLBEN_INT, {.integer = 1}}));
  EXPECT_FALSE(encoder.add({text("k"), KOLBEN_STRING, {.string = {"x", SIZE_MAX}}}));
  EXPECT_EQ(encoder.size(), 0u);
  EXPECT_TRUE(encoder.add({text("k"), KOLBEN_INT, {.integer = 1}}));
}

TEST(AttributeCodec, UnknownTypeIsRefused) {
  std::uint8_t buffer[64];
  AttributeEncoder encoder(buffer, sizeof(buffer));
  EXPECT_FALSE(encoder.add({text("k"), 9, {.integer = 1}}));
}

TEST(AttributeCodec, CutBytesEndTheList) {
  std::uint8_t buffer[64];
  AttributeEncoder encoder(buffer, sizeof(buffer));
  ASSERT_TRUE(encoder.add({text("key"), KOLBEN_STRING, {.string = text("value")}}));
  for (std::uint32_t size = 0; size < encoder.size(); ++size) {
    const std::vector<std::uint8_t> cut(buffer, buffer + size);
    AttributeDecoder decoder(cut.data(), cut.size());
    kolben_attribute attribute;
    EXPECT_FALSE(decoder.next(&attribute)) << size;
  }
}

TEST(AttributeCodec, ABufferThatIsMoreThanFullTakesNothing) {
  std::uint8_t bytes[8] = {};
  AttributeEncoder encoder(bytes, 4, 5);
  EXPECT_FALSE(encoder.add({{"", 0}, KOLBEN_BOOL, {.boolean = 1}}));
  EXPECT_EQ(encoder.size(), 4u);
}

}  // namespace
}  // namespace kolben::agent
