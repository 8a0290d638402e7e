#include "agent/process/utf8.h"

#include <cstring>

#include "wire/utf8.h"

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

}  // namespace

std::uint32_t next_code_point(std::string_view text, std::size_t& at) {
  const wire::Utf8Step step = wire::utf8_step(text.substr(at));
  const std::size_t begin = at;
  at += step.size;
  if (!step.is_valid) return kReplacement;
  if (step.size == 1) return byte_at(text, begin);
  // The lead byte has a bit for each byte of the sequence, then a zero, then the first bits.
  std::uint32_t code_point = byte_at(text, begin) & (0x7fu >> step.size);
  for (std::size_t i = begin + 1; i < at; ++i)
    code_point = code_point << 6 | (byte_at(text, i) & 0x3fu);
  return code_point;
}

bool is_utf8(std::string_view text) {
  text.remove_prefix(ascii_bytes(text));  // most texts are nothing else
  while (!text.empty()) {
    if (byte_at(text, 0) < 0x80) {
      text.remove_prefix(1);
      continue;
    }
    const wire::Utf8Step step = wire::utf8_step(text);
    if (!step.is_valid) return false;
    text.remove_prefix(step.size);
  }
  return true;
}

std::string repair_utf8(std::string_view text) {
  std::string repaired;
  repaired.reserve(text.size());
  wire::append_utf8(text, repaired);
  return repaired;
}

}  // namespace kolben::agent
