#include "agent/protocols/traceparent.h"

namespace kolben::agent {
namespace {

// Lower case only, as the specification wants; -1: not a digit.
int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool parse_hex(const char* text, std::size_t bytes, std::uint8_t* result) {
  for (std::size_t i = 0; i < bytes; ++i) {
    const int high = hex_digit(text[2 * i]);
    const int low = hex_digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    result[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

char* format_hex(const std::uint8_t* bytes, std::size_t count, char* text) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < count; ++i) {
    *text++ = kDigits[bytes[i] >> 4];
    *text++ = kDigits[bytes[i] & 15];
  }
  return text;
}

bool all_zero(const std::uint8_t* bytes, std::size_t count) {
  std::uint8_t any = 0;
  for (std::size_t i = 0; i < count; ++i) any = static_cast<std::uint8_t>(any | bytes[i]);
  return any == 0;
}

}  // namespace

bool parse_traceparent(const char* text, std::size_t size, Traceparent* result) {
  if (size < kTraceparentSize) return false;
  if (text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
  std::uint8_t version = 0;
  Traceparent parsed;
  if (!parse_hex(text, 1, &version) || version == 0xff) return false;
  if (version == 0 && size != kTraceparentSize) return false;
  if (size > kTraceparentSize && text[kTraceparentSize] != '-') return false;
  if (!parse_hex(text + 3, 16, parsed.trace_id) || !parse_hex(text + 36, 8, parsed.span_id) ||
      !parse_hex(text + 53, 1, &parsed.flags)) {
    return false;
  }
  if (all_zero(parsed.trace_id, 16) || all_zero(parsed.span_id, 8)) return false;
  *result = parsed;
  return true;
}

void format_traceparent(const std::uint8_t* trace_id, const std::uint8_t* span_id,
                        std::uint8_t flags, char* text) {
  *text++ = '0';
  *text++ = '0';
  *text++ = '-';
  text = format_hex(trace_id, 16, text);
  *text++ = '-';
  text = format_hex(span_id, 8, text);
  *text++ = '-';
  format_hex(&flags, 1, text);
}

}  // namespace kolben::agent
