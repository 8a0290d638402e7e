#include "agent/protocols/text_pattern.h"

#include <cstring>

namespace kolben::agent {
namespace {

// What regular expressions have besides.
constexpr char kOthers[] = {'^', '$', '[', ']', '(', ')', '{', '}', '+', '?', '|'};

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

char small(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

bool TextPattern::parse(const char* text, std::size_t size) {
  *this = TextPattern();
  std::size_t i = 0;
  if (size != 0 && text[0] == '^') {
    from_begin_ = true;
    ++i;
  }
  for (; i < size; ++i) {
    char c = text[i];
    if (c == '$' && i + 1 == size) {
      to_end_ = true;
      break;
    }
    if (c == '*') {
      if (count_ == 0 || elements_[count_ - 1].is_repeated) return false;
      elements_[count_ - 1].is_repeated = true;
      continue;
    }
    if (std::memchr(kOthers, c, sizeof(kOthers)) != nullptr || count_ == kElementsMax) return false;
    const bool is_any = c == '.';
    if (c == '\\') {
      if (++i == size || is_alphanumeric(text[i])) return false;
      c = text[i];
    }
    elements_[count_++] = {c, is_any, false};
  }
  return count_ != 0;
}

// A state is the number of elements that are behind; one that may repeat may be left out.
std::uint64_t TextPattern::with_skipped(std::uint64_t states) const {
  for (std::uint32_t i = 0; i < count_; ++i) {
    if ((states >> i & 1) != 0 && elements_[i].is_repeated) states |= std::uint64_t{1} << (i + 1);
  }
  return states;
}

std::uint64_t TextPattern::after(std::uint64_t states, char character) const {
  std::uint64_t next = 0;
  for (std::uint32_t i = 0; i < count_; ++i) {
    const Element& element = elements_[i];
    const bool is_here = (states >> i & 1) != 0;
    if (!is_here || !(element.is_any || element.character == character)) continue;
    next |= std::uint64_t{1} << (element.is_repeated ? i : i + 1);
  }
  return next;
}

bool TextPattern::matches(const char* text, std::size_t size) const {
  std::uint64_t states = with_skipped(1);
  for (std::size_t i = 0; i < size; ++i) {
    if (!to_end_ && (states >> count_ & 1) != 0) return true;
    const char c = ignores_case_ ? small(text[i]) : text[i];
    states = with_skipped(after(states, c) | (from_begin_ ? 0U : 1U));
  }
  return (states >> count_ & 1) != 0;
}

void TextPatterns::init(const char* list, Kind kind) {
  count_ = 0;
  char lowered[TextPattern::kElementsMax * 2 + 2];  // each may be escaped, and the anchors
  while (list != nullptr && *list != '\0' && count_ < kPatternsMax) {
    const std::size_t whole = std::strcspn(list, ",");
    std::size_t begin = 0;
    std::size_t end = whole;
    while (begin < end && is_blank(list[begin])) ++begin;
    while (end > begin && is_blank(list[end - 1])) --end;
    const std::size_t size = end - begin;
    if (size <= sizeof(lowered)) {
      for (std::size_t i = 0; i < size; ++i) {
        lowered[i] = kind == Kind::kSearched ? list[begin + i] : small(list[begin + i]);
      }
      TextPattern& pattern = patterns_[count_];
      if (pattern.parse(lowered, size)) ++count_;
      if (kind != Kind::kSearched) pattern.ignore_case();
      if (kind == Kind::kWholeAnyCase) pattern.match_whole();
    }
    list += whole + (list[whole] == ',' ? 1 : 0);
  }
}

bool TextPatterns::match(const char* text, std::size_t size) const {
  for (std::uint32_t i = 0; i < count_; ++i) {
    if (patterns_[i].matches(text, size)) return true;
  }
  return false;
}

}  // namespace kolben::agent
