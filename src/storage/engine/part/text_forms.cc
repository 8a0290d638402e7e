#include "storage/engine/part/text_forms.h"

#include <array>
#include <charconv>
#include <cstring>

namespace kolben::storage::part {
namespace {

constexpr std::uint8_t kNoDigit = 0xff;

constexpr std::array<std::uint8_t, 256> make_digit_values() {
  std::array<std::uint8_t, 256> table{};
  table.fill(kNoDigit);
  for (std::uint8_t i = 0; i < 10; ++i) table[static_cast<std::size_t>('0' + i)] = i;
  for (std::uint8_t i = 10; i < 16; ++i) table[static_cast<std::size_t>('a' + i - 10)] = i;
  return table;
}

struct HexPair {
  char high;
  char low;
};

constexpr std::array<HexPair, 256> make_hex_pairs() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<HexPair, 256> table{};
  for (std::size_t i = 0; i < 256; ++i) table[i] = {kDigits[i >> 4], kDigits[i & 15]};
  return table;
}

constexpr auto kDigitValues = make_digit_values();
constexpr auto kHexPairs = make_hex_pairs();

// Where the groups of a UUID begin, in characters, and how many bytes each has.
struct UuidGroup {
  std::size_t start;
  std::size_t bytes;
};
constexpr std::array<UuidGroup, 5> kUuidGroups{{{0, 4}, {9, 2}, {14, 2}, {19, 2}, {24, 6}}};

// A decimal number of one to three digits up to 255 at the start of `text`, which it leaves.
std::optional<std::uint32_t> take_octet(std::string_view& text) {
  std::uint32_t value = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && digits < 3; ++digits) {
    const char c = text[digits];
    if (c < '0' || c > '9') break;
    value = value * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (digits == 0 || value > 255 || (digits > 1 && text[0] == '0')) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

}  // namespace

bool parse_hex(std::string_view text, char* out) {
  if (text.size() % 2 != 0) return false;
  unsigned bad = 0;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const unsigned high = kDigitValues[static_cast<unsigned char>(text[i])];
    const unsigned low = kDigitValues[static_cast<unsigned char>(text[i + 1])];
    bad |= high | low;
    out[i / 2] = static_cast<char>(high << 4 | low);
  }
  return bad < 16;
}

void format_hex(std::string_view bytes, char* out) {
  for (const char byte : bytes) {
    std::memcpy(out, &kHexPairs[static_cast<unsigned char>(byte)], sizeof(HexPair));
    out += sizeof(HexPair);
  }
}

bool parse_uuid(std::string_view text, char* out) {
  if (text.size() != kUuidCharacters) return false;
  for (const UuidGroup& group : kUuidGroups) {
    if (group.start > 0 && text[group.start - 1] != '-') return false;
    if (!parse_hex(text.substr(group.start, group.bytes * 2), out)) return false;
    out += group.bytes;
  }
  return true;
}

void format_uuid(const char* bytes, char* out) {
  for (const UuidGroup& group : kUuidGroups) {
    if (group.start > 0) out[group.start - 1] = '-';
    format_hex({bytes, group.bytes}, out + group.start);
    bytes += group.bytes;
  }
}

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
  if (text.size() > kIpv4CharactersMax) return std::nullopt;
  std::uint32_t address = 0;
  for (int i = 0; i < 4; ++i) {
    if (i > 0) {
      if (text.empty() || text[0] != '.') return std::nullopt;
      text.remove_prefix(1);
    }
    const auto octet = take_octet(text);
    if (!octet) return std::nullopt;
    address = address << 8 | *octet;
  }
  return text.empty() ? std::optional(address) : std::nullopt;
}

std::size_t format_ipv4(std::uint32_t address, char* out) {
  char* cursor = out;
  for (int shift = 24; shift >= 0; shift -= 8) {
    cursor = std::to_chars(cursor, cursor + 3, address >> shift & 255).ptr;
    if (shift > 0) *cursor++ = '.';
  }
  return static_cast<std::size_t>(cursor - out);
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  if (text.empty() || text.size() > kIntegerCharactersMax) return std::nullopt;
  const std::string_view digits = text[0] == '-' ? text.substr(1) : text;
  if (digits.empty() || (digits[0] == '0' && text.size() > 1)) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::size_t format_integer(std::int64_t value, char* out) {
  return static_cast<std::size_t>(std::to_chars(out, out + kIntegerCharactersMax, value).ptr - out);
}

}  // namespace kolben::storage::part
