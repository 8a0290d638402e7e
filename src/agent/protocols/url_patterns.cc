#include "agent/protocols/url_patterns.h"

#include <strings.h>

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

// A text of a fixed size that is filled from the left; what does not fit is left out.
class Text {
 public:
  void append(const char* bytes, std::size_t size) {
    const std::size_t room = sizeof(bytes_) - size_;
    if (size > room) size = room;
    std::memcpy(bytes_ + size_, bytes, size);
    size_ += size;
  }
  const char* bytes() const { return bytes_; }
  std::size_t size() const { return size_; }

 private:
  char bytes_[2048 + 16];  // kHeadBytesMax (agent/ring/record.h) and the scheme
  std::size_t size_ = 0;
};

std::size_t line_size(const char* text, std::size_t size) {
  std::size_t end = 0;
  while (end < size && text[end] != '\r' && text[end] != '\n') ++end;
  return end;
}

void append_host(const char* head, std::size_t size, Text* url) {
  constexpr char kHost[] = "host:";
  constexpr std::size_t kHostSize = sizeof(kHost) - 1;
  for (std::size_t at = 0; at < size;) {
    const std::size_t line = line_size(head + at, size - at);
    if (line >= kHostSize && strncasecmp(head + at, kHost, kHostSize) == 0) {
      std::size_t begin = at + kHostSize;
      while (begin < at + line && is_blank(head[begin])) ++begin;
      return url->append(head + begin, at + line - begin);
    }
    at += line + 1;
  }
}

}  // namespace

bool UrlPattern::parse(const char* text, std::size_t size) {
  *this = UrlPattern();
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
std::uint64_t UrlPattern::with_skipped(std::uint64_t states) const {
  for (std::uint32_t i = 0; i < count_; ++i) {
    if ((states >> i & 1) != 0 && elements_[i].is_repeated) states |= std::uint64_t{1} << (i + 1);
  }
  return states;
}

std::uint64_t UrlPattern::after(std::uint64_t states, char character) const {
  std::uint64_t next = 0;
  for (std::uint32_t i = 0; i < count_; ++i) {
    const Element& element = elements_[i];
    const bool is_here = (states >> i & 1) != 0;
    if (!is_here || !(element.is_any || element.character == character)) continue;
    next |= std::uint64_t{1} << (element.is_repeated ? i : i + 1);
  }
  return next;
}

bool UrlPattern::matches(const char* text, std::size_t size) const {
  std::uint64_t states = with_skipped(1);
  for (std::size_t i = 0; i < size; ++i) {
    if (!to_end_ && (states >> count_ & 1) != 0) return true;
    states = with_skipped(after(states, text[i]) | (from_begin_ ? 0U : 1U));
  }
  return (states >> count_ & 1) != 0;
}

void UrlPatterns::init(const char* list) {
  count_ = 0;
  while (list != nullptr && *list != '\0' && count_ < kPatternsMax) {
    const std::size_t whole = std::strcspn(list, ",");
    std::size_t begin = 0;
    std::size_t end = whole;
    while (begin < end && is_blank(list[begin])) ++begin;
    while (end > begin && is_blank(list[end - 1])) --end;
    if (patterns_[count_].parse(list + begin, end - begin)) ++count_;
    list += whole + (list[whole] == ',' ? 1 : 0);
  }
}

bool UrlPatterns::match_request(const char* head, std::size_t size) const {
  const std::size_t line = line_size(head, size);
  const void* blank = std::memchr(head, ' ', line);
  if (blank == nullptr) return false;
  const char* target = static_cast<const char*>(blank) + 1;
  std::size_t target_size = line - static_cast<std::size_t>(target - head);
  if (const void* end = std::memchr(target, ' ', target_size); end != nullptr) {
    target_size = static_cast<std::size_t>(static_cast<const char*>(end) - target);
  }
  Text url;
  if (target_size != 0 && target[0] == '/') {
    url.append("http://", 7);
    append_host(head + line, size - line, &url);
  }
  url.append(target, target_size);
  for (std::uint32_t i = 0; i < count_; ++i) {
    if (patterns_[i].matches(url.bytes(), url.size())) return true;
  }
  return false;
}

}  // namespace kolben::agent
