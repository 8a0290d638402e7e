// Texts of strangers: base64, hex, broken UTF-8, and what the JSON writer makes of them.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "wire/base64.h"
#include "wire/hex.h"
#include "wire/json_writer.h"
#include "wire/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kolben::wire;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(from_base64(text));
  std::string encoded;
  append_base64(text, encoded);
  KOLBEN_CHECK(from_base64(encoded) == text);

  std::string bytes(text.size() / 2, '\0');
  static_cast<void>(read_hex(text, bytes.data()));
  std::string back(text.size(), '\0');
  KOLBEN_CHECK(read_hex(to_hex(text), back.data()) && back == text);

  std::string readable;
  append_utf8(text, readable);
  std::string again;
  append_utf8(readable, again);
  KOLBEN_CHECK(again == readable);
  // Whatever goes into a JSON string, the same valid UTF-8 comes out.
  std::string direct;
  std::string cleaned;
  append_json_string(text, direct);
  append_json_string(readable, cleaned);
  KOLBEN_CHECK(direct == cleaned);
  return 0;
}
