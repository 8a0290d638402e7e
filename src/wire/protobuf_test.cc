#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "wire/protobuf_reader.h"
#include "wire/protobuf_writer.h"

namespace kolben::wire {
namespace {

using std::string_literals::operator""s;

template <typename Write>
std::string written(Write write) {
  std::string out;
  {
    ProtobufWriter writer(out);
    write(writer);
  }
  return out;
}

// Walks all fields as unknown ones.
bool is_well_formed(std::string_view message) {
  ProtobufReader in(message);
  while (in.next()) in.skip_unknown(0);
  return !in.failed();
}

// The example of the encoding guide: field 1 = 150.
TEST(Protobuf, ExampleOfTheGuide) {
  EXPECT_EQ(written([](ProtobufWriter& out) { out.varint(1, 150); }), "\x08\x96\x01");
  ProtobufReader in("\x08\x96\x01");
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.tag(), varint_field(1));
  EXPECT_EQ(in.varint(), 150u);
  EXPECT_FALSE(in.next());
  EXPECT_FALSE(in.failed());
}

TEST(Protobuf, ExtremesSurvive) {
  const std::string message = written([](ProtobufWriter& out) {
    out.varint(1, UINT64_MAX);
    out.int64(2, INT64_MIN);
    out.sint32(3, INT32_MIN);
    out.sint32(3, INT32_MAX);
    out.fixed64(4, UINT64_MAX);
    out.fixed32(16, UINT32_MAX);
    out.real(5, -0.0);
    out.bytes(6, "a\0b"s);
  });
  ProtobufReader in(message);
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.varint(), UINT64_MAX);
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.int64(), INT64_MIN);
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.sint32(), INT32_MIN);
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.sint32(), INT32_MAX);
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.fixed64(), UINT64_MAX);
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.tag(), fixed32_field(16));
  EXPECT_EQ(in.fixed32(), UINT32_MAX);
  ASSERT_TRUE(in.next());
  EXPECT_TRUE(std::signbit(in.real()));
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.bytes(), "a\0b"s);
  EXPECT_FALSE(in.next());
  EXPECT_FALSE(in.failed());
}

TEST(Protobuf, DefaultsAreLeftOutWhereAskedAndMinusZeroIsNone) {
  EXPECT_EQ(written([](ProtobufWriter& out) {
              out.varint_unless_zero(1, 0);
              out.fixed64_unless_zero(2, 0);
              out.fixed32_unless_zero(3, 0);
              out.bytes_unless_empty(4, "");
              out.real_unless_zero(5, 0.0);
            }),
            "");
  EXPECT_EQ(written([](ProtobufWriter& out) { out.real_unless_zero(1, -0.0); }).size(), 9u);
}

TEST(ProtobufWriter, LengthsAreShortWhateverWasGuessed) {
  for (const std::uint32_t guess : {1u, 2u, 3u}) {
    for (const std::size_t size : {0u, 1u, 127u, 128u, 16383u, 16384u, 100000u}) {
      const std::string content(size, 'x');
      const std::string message = written([&](ProtobufWriter& out) {
        const auto nested = out.begin_message(1, guess);
        out.packed_bytes(content.data(), content.size());
        out.end_message(nested);
        out.varint(2, 7);
      });
      EXPECT_EQ(message, written([&](ProtobufWriter& out) {
                  out.bytes(1, content);
                  out.varint(2, 7);
                }));
    }
  }
}

TEST(ProtobufWriter, AppendsToWhatIsThere) {
  std::string out = "before";
  {
    ProtobufWriter writer(out);
    writer.varint(1, 1);
  }
  EXPECT_EQ(out, "before\x08\x01");
}

TEST(ProtobufReader, RefusesMalformedBytes) {
  EXPECT_TRUE(is_well_formed(""));
  EXPECT_FALSE(is_well_formed("\x08"s)) << "value missing";
  EXPECT_FALSE(is_well_formed("\x08\x80"s)) << "varint cut off";
  EXPECT_FALSE(is_well_formed("\x09\x01\x02"s)) << "fixed64 cut off";
  EXPECT_FALSE(is_well_formed("\x0d\x01\x02"s)) << "fixed32 cut off";
  EXPECT_FALSE(is_well_formed("\x0a\x05\x01"s)) << "bytes cut off";
  EXPECT_FALSE(is_well_formed("\x00\x01"s)) << "field number 0";
  EXPECT_FALSE(is_well_formed("\x0b\x0c"s)) << "group";
  EXPECT_FALSE(is_well_formed("\x0e\x01"s)) << "wire type 6";
  EXPECT_FALSE(is_well_formed("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s)) << "11 bytes";
  EXPECT_FALSE(is_well_formed("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s)) << "huge length";
  EXPECT_FALSE(is_well_formed("\x88\x80\x80\x80\x80\x01\x01"s)) << "tag over 32 bits";
}

TEST(ProtobufReader, KnownFieldOfAnotherWireTypeFails) {
  ProtobufReader in("\x08\x01");
  ASSERT_TRUE(in.next());
  in.skip_unknown(known_fields(1, 2));
  EXPECT_TRUE(in.failed());
}

TEST(ProtobufReader, CountsARunWithoutMoving) {
  const std::string message = written([](ProtobufWriter& out) {
    out.bytes(1, "a");
    out.bytes(1, "b");
    out.bytes(2, "c");
    out.bytes(1, "d");
  });
  ProtobufReader in(message);
  ASSERT_TRUE(in.next());
  EXPECT_EQ(in.count_run(), 2u);
  EXPECT_EQ(in.bytes(), "a");
}

TEST(ProtobufReader, KnownFieldSets) {
  static_assert(known_fields_up_to(3) == known_fields(1, 2, 3));
  static_assert(known_fields_up_to(1) == 0b10);
}

}  // namespace
}  // namespace kolben::wire
