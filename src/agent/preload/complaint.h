// Complaint: what the C library says on stderr for a program, by internal calls that nobody sees.
#pragma once

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent/preload/stream_call.h"

namespace kolben::agent {

// Writes a line piece by piece into what is noted, not into the stream.
class Complaint {
 public:
  Complaint() : call_(stderr), error_(errno) {}
  Complaint(const Complaint&) = delete;
  Complaint& operator=(const Complaint&) = delete;
  // The program's call finds errno as it was.
  ~Complaint() { errno = error_; }

  bool is_wanted() const { return call_.source() != nullptr; }
  Complaint& text(const char* text) {
    call_.printed(text, strlen(text));
    return *this;
  }
  Complaint& number(unsigned number) {
    char digits[16];
    char* begin = digits + sizeof(digits) - 1;
    *begin = '\0';
    do *--begin = static_cast<char>('0' + number % 10);
    while ((number /= 10) != 0);
    return text(begin);
  }
  Complaint& formatted(const char* format, va_list list) {
    if (!is_wanted()) return *this;
    va_list again;
    va_copy(again, list);
    errno = error_;  // for %m
    note_formatted(call_.source(), static_cast<int>(kPrintfBytesMax), format, again);
    va_end(again);
    return *this;
  }
  Complaint& reason(int error) {
    char buffer[256];
    return text(strerror_r(error, buffer, sizeof(buffer)));
  }
  Complaint& reason() { return reason(error_); }

 private:
  const StreamCall call_;
  const int error_;
};

}  // namespace kolben::agent
