// What can be said of the end of what printf() prints from its format alone.
#pragma once

#include <string.h>

namespace kolben::agent {

// Whether it is known to be no line's end; what a value ends with, that is printed last, is not.
inline bool ends_within_line(const char* format) {
  constexpr const char* kBetween = "0123456789.*$'-+ #hlLqjzt";  // a '%' and its letter
  bool is_text = false;
  char last = '\0';
  for (; *format != '\0'; ++format) {
    is_text = true;
    last = *format;
    if (last != '%') continue;
    format += 1 + strspn(format + 1, kBetween);
    if (*format == '\0') return false;
    is_text = *format == '%';
  }
  return is_text && last != '\n';
}

}  // namespace kolben::agent
