#include "storage/engine/part/text_forms.h"

#include <gtest/gtest.h>

#include <string>

namespace kolben::storage::part {
namespace {

std::string back(std::uint32_t address) {
  char text[kIpv4CharactersMax];
  return {text, format_ipv4(address, text)};
}

std::string back(std::int64_t value) {
  char text[kIntegerCharactersMax];
  return {text, format_integer(value, text)};
}

TEST(TextForms, AddressesAreExact) {
  for (const std::string_view text : {"0.0.0.0", "10.0.0.1", "192.168.99.100", "255.255.255.255"}) {
    const auto address = parse_ipv4(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(back(*address), text);
  }
  for (const std::string_view text :
       {"", "1", "1.2.3", "1.2.3.", "1.2.3.4.", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "1..2.3",
        "1.2.3.4 ", " 1.2.3.4", "1.2.3.-4", "1000.2.3.4", "a.b.c.d", "1.2.3.00"}) {
    EXPECT_FALSE(parse_ipv4(text)) << text;
  }
}

TEST(TextForms, IntegersAreExact) {
  for (const std::string_view text :
       {"0", "7", "-1", "200", "1234567890123", "-9223372036854775808", "9223372036854775807"}) {
    const auto value = parse_integer(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(back(*value), text);
  }
  for (const std::string_view text :
       {"", "-", "-0", "00", "01", "-01", "+1", "1 ", " 1", "1.0", "9223372036854775808",
        "-9223372036854775809", "1e3", "0x1", "123456789012345678901"}) {
    EXPECT_FALSE(parse_integer(text)) << text;
  }
}

TEST(TextForms, HexIsLowerCaseAndEven) {
  char bytes[4];
  ASSERT_TRUE(parse_hex("00ff1ade", bytes));
  char text[8];
  format_hex({bytes, 4}, text);
  EXPECT_EQ(std::string_view(text, 8), "00ff1ade");
  for (const std::string_view bad : {"0", "0G", "FF", "0 ", "-1", "\xff\xff", "ag"}) {
    EXPECT_FALSE(parse_hex(bad, bytes)) << bad;
  }
}

TEST(TextForms, UuidsAreExact) {
  constexpr std::string_view kUuid = "0123abcd-ef45-6789-abcd-0123456789ef";
  char bytes[kUuidBytes];
  ASSERT_TRUE(parse_uuid(kUuid, bytes));
  char text[kUuidCharacters];
  format_uuid(bytes, text);
  EXPECT_EQ(std::string_view(text, kUuidCharacters), kUuid);
  for (std::size_t i = 0; i < kUuid.size(); ++i) {
    std::string bad(kUuid);
    bad[i] = bad[i] == '-' ? 'a' : '-';
    EXPECT_FALSE(parse_uuid(bad, bytes)) << bad;
    bad[i] = 'A';
    EXPECT_FALSE(parse_uuid(bad, bytes)) << bad;
  }
  EXPECT_FALSE(parse_uuid("0123abcd-ef45-6789-abcd-0123456789e", bytes));
  EXPECT_FALSE(parse_uuid("", bytes));
}

}  // namespace
}  // namespace kolben::storage::part
