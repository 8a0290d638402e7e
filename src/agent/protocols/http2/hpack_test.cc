#include "agent/protocols/http2/hpack.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kolben::agent::http2 {
namespace {

std::string bytes(std::string_view hex) {
  std::string result;
  std::string digits;
  for (const char c : hex) {
    if (c == ' ') continue;
    digits += c;
    if (digits.size() < 2) continue;
    result += static_cast<char>(std::stoi(digits, nullptr, 16));
    digits.clear();
  }
  return result;
}

std::string listed(HpackDecoder& decoder, std::string_view hex) {
  std::vector<Field> fields;
  if (!decoder.decode(bytes(hex), fields)) return "no HPACK";
  std::string text;
  for (const Field& field : fields) text += field.name + ": " + field.value + "\n";
  return text;
}

// RFC 7541, C.2
TEST(Hpack, Representations) {
  const auto f = [](std::string_view hex, std::string_view want, std::size_t table) {
    HpackDecoder decoder;
    EXPECT_EQ(listed(decoder, hex), want);
    EXPECT_EQ(decoder.table_bytes(), table);
  };
  f("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
    "custom-key: custom-header\n", 55);
  f("040c 2f73 616d 706c 652f 7061 7468", ":path: /sample/path\n", 0);
  f("1008 7061 7373 776f 7264 0673 6563 7265 74", "password: secret\n", 0);
  f("82", ":method: GET\n", 0);
}

// RFC 7541, C.3 (plain) and C.4 (Huffman): three requests on a connection.
TEST(Hpack, RequestsFillTheTable) {
  const std::vector<std::vector<std::string_view>> ways = {
      {"8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d", "8286 84be 5808 6e6f 2d63 6163 6865",
       "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65"},
      {"8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", "8286 84be 5886 a8eb 1064 9cbf",
       "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf"}};
  for (const auto& blocks : ways) {
    HpackDecoder decoder;
    EXPECT_EQ(listed(decoder, blocks[0]),
              ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\n");
    EXPECT_EQ(decoder.table_bytes(), 57u);
    EXPECT_EQ(listed(decoder, blocks[1]),
              ":method: GET\n:scheme: http\n:path: /\n:authority: www.example.com\n"
              "cache-control: no-cache\n");
    EXPECT_EQ(decoder.table_bytes(), 110u);
    EXPECT_EQ(listed(decoder, blocks[2]),
              ":method: GET\n:scheme: https\n:path: /index.html\n:authority: www.example.com\n"
              "custom-key: custom-value\n");
    EXPECT_EQ(decoder.table_bytes(), 164u);
    EXPECT_EQ(decoder.table_fields(), 3u);
  }
}

// RFC 7541, C.6: a table of 256 bytes, from which entries are evicted.
TEST(Hpack, ResponsesEvictOldEntries) {
  HpackDecoder decoder;
  decoder.set_table_bytes_max(256);
  EXPECT_EQ(listed(decoder,
                   "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6"
                   "2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3"),
            ":status: 302\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\n"
            "location: https://www.example.com\n");
  EXPECT_EQ(decoder.table_bytes(), 222u);
  EXPECT_EQ(listed(decoder, "4883 640e ffc1 c0bf"),
            ":status: 307\ncache-control: private\ndate: Mon, 21 Oct 2013 20:13:21 GMT\n"
            "location: https://www.example.com\n");
  EXPECT_EQ(decoder.table_bytes(), 222u);
}

TEST(Hpack, TheTablesSizeIsBounded) {
  HpackDecoder decoder;
  listed(decoder, "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572");
  EXPECT_EQ(listed(decoder, "20"), "");  // the size becomes 0
  EXPECT_EQ(decoder.table_fields(), 0u);
  EXPECT_EQ(listed(decoder, "3fe1 1f"), "");          // 4096
  EXPECT_EQ(listed(decoder, "3fe2 1f"), "no HPACK");  // one more than the settings say
}

TEST(Hpack, AnEntryLargerThanTheTableEmptiesIt) {
  HpackDecoder decoder;
  decoder.set_table_bytes_max(50);
  listed(decoder, "4001 6101 62");
  EXPECT_EQ(decoder.table_fields(), 1u);
  listed(decoder, "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572");
  EXPECT_EQ(decoder.table_fields(), 0u);
}

TEST(Hpack, WhatIsBrokenIsRefused) {
  const auto f = [](std::string_view hex) {
    HpackDecoder decoder;
    EXPECT_EQ(listed(decoder, hex), "no HPACK") << hex;
  };
  f("80");        // index 0
  f("be");        // an entry that is not there
  f("40 05 61");  // a text that ends too early
  f("40 01");
  f("ff ff ff ff ff ff ff 7f");  // an integer beyond all bounds
  f("ff 80");                    // one that does not end
  f("04 81 00");                 // a padding of zeros
  f("04 82 1f ff");              // a padding of a byte and more
  f("04 84 ff ff ff ff");        // EOS
}

TEST(Hpack, FieldsThatAreTooManyAreReadAndLeftOut) {
  HpackDecoder decoder;
  std::vector<Field> fields;
  EXPECT_TRUE(decoder.decode(std::string(kFieldsMax + 100, '\x82'), fields));
  EXPECT_EQ(fields.size(), kFieldsMax);
}

}  // namespace
}  // namespace kolben::agent::http2
