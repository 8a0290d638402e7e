#include "agent/process/utf8.h"

#include <cstring>

namespace kolben::agent {
namespace {

std::uint8_t byte_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]);
}

// Whether one of the bytes of `Word` is none of ASCII.
template <typename Word>
bool has_other_bytes(const char* bytes) {
  constexpr auto kHighBits = static_cast<Word>(0x8080'8080'8080'8080U);
  Word word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return (word & kHighBits) != 0;
}

// So many at the begin are ASCII, at least: all of them, or up to about the first other one.
std::size_t ascii_bytes(std::string_view text) {
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  constexpr std::size_t kHalf = sizeof(std::uint32_t);
  const char* const bytes = text.data();
  std::size_t at = 0;
  for (; text.size() - at >= kWord; at += kWord) {
    if (has_other_bytes<std::uint64_t>(bytes + at)) return at;
  }
  const std::size_t left = text.size() - at;
  // The last words overlap what was looked at.
  if (left != 0 && text.size() >= kWord) {
    return has_other_bytes<std::uint64_t>(bytes + text.size() - kWord) ? at : text.size();
  }
  if (left >= kHalf) {
    const bool is_other = has_other_bytes<std::uint32_t>(bytes) ||
                          has_other_bytes<std::uint32_t>(bytes + text.size() - kHalf);
    return is_other ? 0 : text.size();
  }
  return at;
}

// Bytes that follow a lead byte, and the smallest code point that needs so many.
struct Lead {
  int following = 0;
  std::uint32_t bits = 0;
  std::uint32_t smallest = 0;
};

bool read_lead(std::uint8_t byte, Lead& lead) {
  if (byte >= 0xc2 && byte <= 0xdf) {
    lead = {1, byte & 0x1fu, 0x80};
  } else if (byte >= 0xe0 && byte <= 0xef) {
    lead = {2, byte & 0x0fu, 0x800};
  } else if (byte >= 0xf0 && byte <= 0xf4) {
    lead = {3, byte & 0x07u, 0x10000};
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::uint32_t next_code_point(std::string_view text, std::size_t& at) {
  const std::uint8_t first = byte_at(text, at++);
  if (first < 0x80) return first;
  Lead lead;
  if (!read_lead(first, lead)) return kReplacement;
  std::uint32_t code_point = lead.bits;
  std::size_t end = at;
  for (int i = 0; i < lead.following; ++i, ++end) {
    if (end >= text.size() || (byte_at(text, end) & 0xc0) != 0x80) return kReplacement;
    code_point = code_point << 6 | (byte_at(text, end) & 0x3f);
  }
  const bool is_surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  if (code_point < lead.smallest || code_point > 0x10ffff || is_surrogate) return kReplacement;
  at = end;
  return code_point;
}

std::string_view cut_utf8(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  // A code point has at most three following bytes.
  for (int i = 0; i < 3 && end > 0 && (byte_at(text, end) & 0xc0) == 0x80; ++i) --end;
  return text.substr(0, end);
}

bool is_utf8(std::string_view text) {
  std::size_t at = ascii_bytes(text);  // most texts are nothing else
  while (at < text.size()) {
    if (byte_at(text, at) < 0x80) {
      ++at;
      continue;
    }
    const std::size_t start = at;
    const bool spelled_out = text.substr(start, 3) == "\xef\xbf\xbd";
    if (next_code_point(text, at) == kReplacement && !spelled_out) return false;
  }
  return true;
}

std::string repair_utf8(std::string_view text) {
  std::string repaired;
  repaired.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t start = at;
    if (next_code_point(text, at) == kReplacement) {
      repaired += "\xef\xbf\xbd";
    } else {
      repaired.append(text, start, at - start);
    }
  }
  return repaired;
}

}  // namespace kolben::agent
