#include "agent/protocols/request_url.h"

#include <strings.h>

#include <cstring>

namespace kolben::agent {
namespace {

// Filled from the left; what does not fit is left out.
struct Text {
  char* bytes;
  std::size_t size = 0;

  void append(const char* from, std::size_t count) {
    const std::size_t room = kUrlBytesMax - size;
    if (count > room) count = room;
    std::memcpy(bytes + size, from, count);
    size += count;
  }
};

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

std::size_t line_size(const char* text, std::size_t size) {
  std::size_t end = 0;
  while (end < size && text[end] != '\r' && text[end] != '\n') ++end;
  return end;
}

void append_host(const char* head, std::size_t size, Text& url) {
  constexpr char kHost[] = "host:";
  constexpr std::size_t kHostSize = sizeof(kHost) - 1;
  for (std::size_t at = 0; at < size;) {
    const std::size_t line = line_size(head + at, size - at);
    if (line >= kHostSize && strncasecmp(head + at, kHost, kHostSize) == 0) {
      std::size_t begin = at + kHostSize;
      while (begin < at + line && is_blank(head[begin])) ++begin;
      return url.append(head + begin, at + line - begin);
    }
    at += line + 1;
  }
}

}  // namespace

std::size_t request_url(const char* head, std::size_t size, char (&url)[kUrlBytesMax]) {
  const std::size_t line = line_size(head, size);
  const void* blank = std::memchr(head, ' ', line);
  if (blank == nullptr) return 0;
  const char* target = static_cast<const char*>(blank) + 1;
  std::size_t target_size = line - static_cast<std::size_t>(target - head);
  if (const void* end = std::memchr(target, ' ', target_size); end != nullptr) {
    target_size = static_cast<std::size_t>(static_cast<const char*>(end) - target);
  }
  Text text = {.bytes = url};
  if (target_size != 0 && target[0] == '/') {
    text.append("http://", 7);
    append_host(head + line, size - line, text);
  }
  text.append(target, target_size);
  return text.size;
}

}  // namespace kolben::agent
