#include "query/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kolben::query {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Parameters parse(std::string_view query) {
  auto parameters = Parameters::parse("/x?" + std::string(query));
  KOLBEN_CHECK(parameters.has_value());
  return *std::move(parameters);
}

TEST(Parameters, DecodesAndKeepsRepetition) {
  const Parameters parameters = parse("tag=a%3Db&tag=c+d&empty=");
  EXPECT_THAT(parameters.all("tag"), ElementsAre("a=b", "c d"));
  EXPECT_TRUE(parameters.has("empty"));
  EXPECT_FALSE(parameters.has("missing"));
  EXPECT_EQ(parameters.first("missing"), "");
}

TEST(Parameters, AreBoundedInNumberAndLength) {
  std::string many = "/x?a=1";
  for (std::size_t i = 0; i < kParametersMax; ++i) many += "&a=1";
  EXPECT_FALSE(Parameters::parse(many).has_value());
  EXPECT_FALSE(Parameters::parse("/x?a=" + std::string(kParameterBytesMax, 'x')).has_value());
}

TEST(Parameters, FlagsAreGosTruths) {
  EXPECT_TRUE(parse("raw=true").flag("raw"));
  EXPECT_TRUE(parse("raw=1").flag("raw"));
  EXPECT_FALSE(parse("raw=yes").flag("raw"));
  EXPECT_FALSE(parse("").flag("raw"));
}

TEST(Parameters, IntegersAreWhole) {
  EXPECT_EQ(*parse("n=-5").integer("n", 7), -5);
  EXPECT_EQ(*parse("n=").integer("n", 7), 7);
  EXPECT_FALSE(parse("n=5x").integer("n", 7).has_value());
  EXPECT_FALSE(parse("n=99999999999999999999").integer("n", 7).has_value());
}

TEST(Parameters, CountsAboveTheBoundAreRefusedWithTheBound) {
  EXPECT_EQ(*parse("limit=5").count("limit", 20, 100), 5U);
  EXPECT_FALSE(parse("limit=0").count("limit", 20, 100).has_value());
  const auto above = parse("limit=101").count("limit", 20, 100);
  ASSERT_FALSE(above.has_value());
  EXPECT_THAT(std::string(above.error().message()), HasSubstr("between 1 and 100"));
}

TEST(Parameters, Durations) {
  EXPECT_EQ(**parse("d=1.5s").duration_nanos("d"), 1'500'000'000U);
  EXPECT_EQ(**parse("d=2%C2%B5s").duration_nanos("d"), 2'000U);
  EXPECT_FALSE(parse("").duration_nanos("d")->has_value());
  EXPECT_FALSE(parse("d=100").duration_nanos("d").has_value());
  EXPECT_FALSE(parse("d=-1s").duration_nanos("d").has_value());
}

TEST(Parameters, TimesAreKeptWithinTheirRange) {
  EXPECT_EQ(to_unix_nanos(-1, 1000), 0U);
  EXPECT_EQ(to_unix_nanos(INT64_MAX, 1000), UINT64_MAX);
  EXPECT_EQ(to_unix_nanos(1'700'000'000'000'000, 1000), 1'700'000'000'000'000'000U);
}

TEST(Rfc3339, ReadsZonesAndFractions) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z"), 0U);
  EXPECT_EQ(parse_rfc3339("2023-11-14T22:13:20Z"), 1'700'000'000'000'000'000U);
  EXPECT_EQ(parse_rfc3339("2023-11-14T22:13:20.000000001Z"), 1'700'000'000'000'000'001U);
  EXPECT_EQ(parse_rfc3339("2023-11-15T00:13:20.5+02:00"), 1'700'000'000'500'000'000U);
  EXPECT_EQ(parse_rfc3339("2024-02-29T00:00:00Z"), 1'709'164'800'000'000'000U);
  EXPECT_EQ(parse_rfc3339("2100-01-01T00:00:00Z"), 4'102'444'800'000'000'000U);
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59Z"), 0U);
  EXPECT_EQ(parse_rfc3339("9999-12-31T23:59:59Z"), UINT64_MAX);
}

TEST(Rfc3339, WritesAsProtobufsJsonDoes) {
  EXPECT_EQ(rfc3339(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(rfc3339(1'700'000'000'120'000'000), "2023-11-14T22:13:20.120Z");
  EXPECT_EQ(rfc3339(1'700'000'000'000'001'000), "2023-11-14T22:13:20.000001Z");
  EXPECT_EQ(rfc3339(1'700'000'000'000'000'001), "2023-11-14T22:13:20.000000001Z");
  EXPECT_EQ(rfc3339(UINT64_MAX), "2554-07-21T23:34:33.709551615Z");
}

TEST(Rfc3339, RefusesTheRest) {
  for (const char* text :
       {"", "2023", "2023-11-14", "2023-11-14T22:13:20", "2023-13-14T22:13:20Z",
        "2023-11-14T24:13:20Z", "2023-11-14T22:13:20.Z", "2023-11-14T22:13:20.1234567890Z",
        "2023-11-14T22:13:20+2:00", "2023-11-14T22:13:20Zx", "-023-11-14T22:13:20Z",
        "1700000000000000000"}) {
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
  }
}

TEST(TraceIdText, HexOfAnyLength) {
  const auto hex = [](std::string_view text) {
    const auto id = parse_trace_id(text);
    return id ? id->to_hex() : "none";
  };
  EXPECT_EQ(hex("1"), "00000000000000000000000000000001");
  EXPECT_EQ(hex("5B8EFFF798038103d269b633813fc60c"), "5b8efff798038103d269b633813fc60c");
  EXPECT_EQ(hex("0123456789abcdef"), "00000000000000000123456789abcdef");
}

TEST(TraceIdText, Base64) {
  const auto expected = TraceId::from_hex("5b8efff798038103d269b633813fc60c");
  EXPECT_EQ(parse_trace_id("W47/95gDgQPSabYzgT/GDA=="), expected);
  EXPECT_EQ(parse_trace_id("W47_95gDgQPSabYzgT_GDA"), expected);
  EXPECT_EQ(parse_trace_id("ASNFZ4mrze8="), TraceId::from_hex("00000000000000000123456789abcdef"));
}

TEST(TraceIdText, RefusesTheRest) {
  for (const char* text : {"", "xyz", "../../etc/passwd", "5b8efff798038103d269b633813fc60c0",
                           "W47/95gDgQPSabYzgT/GDA==AAAA", "====", "QUJD", "<script>"}) {
    EXPECT_EQ(parse_trace_id(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace kolben::query
