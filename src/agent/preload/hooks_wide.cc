// Wide characters that are printed to stdout, stderr and named files: as hooks_stdio.cc, told as
// UTF-8. The C library converts them by internal calls, and has no macros for them.

// The C library's header must not define inline what this file defines.
#ifndef __NO_INLINE__
#define __NO_INLINE__ 1
#endif
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "agent/preload/real.h"
#include "agent/preload/stream_call.h"

using kolben::agent::note_printed;
using kolben::agent::Real;
using kolben::agent::real;
using kolben::agent::StreamCall;

#define KOLBEN_EXPORT __attribute__((visibility("default")))

namespace {

// What one wprintf prints is formatted a second time for us, up to this size.
constexpr std::size_t kWprintfCharactersMax = 1024;
constexpr std::size_t kUtf8BytesMax = 4;  // of a character

std::size_t to_utf8(wchar_t character, char* to) {
  const auto code = static_cast<std::uint32_t>(character);
  if (code < 0x80) {
    to[0] = static_cast<char>(code);
    return 1;
  }
  const std::size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : kUtf8BytesMax;
  if (code > 0x10ffff) return 0;
  for (std::size_t i = size; i-- > 1;) {
    to[i] = static_cast<char>(0x80 | (code >> 6 * (size - 1 - i) & 0x3f));
  }
  to[0] = static_cast<char>(0xf00 >> size | code >> 6 * (size - 1));
  return size;
}

// `cut`: so many more were printed.
void note_wide(const StreamCall& call, const wchar_t* text, std::size_t size, std::size_t cut = 0) {
  if (call.source() == nullptr) return;
  char bytes[256];
  std::size_t used = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (used > sizeof(bytes) - kUtf8BytesMax) {
      call.printed(bytes, used);
      used = 0;
    }
    used += to_utf8(text[i], bytes + used);
  }
  note_printed(call.source(), bytes, used, {cut});
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
void note_formatted_wide(const StreamCall& call, int printed, const wchar_t* format, va_list list) {
  if (printed <= 0) return;
  // Not more than that: a thread may have little stack.
  const std::size_t wanted = static_cast<std::size_t>(printed) + 1;
  const std::size_t room = wanted < kWprintfCharactersMax ? wanted : kWprintfCharactersMax;
  auto* text = static_cast<wchar_t*>(__builtin_alloca(room * sizeof(wchar_t)));
  memset(text, 0, room * sizeof(wchar_t));
  const int saved = errno;
  vswprintf(text, room, format, list);  // says nothing of what there is no room for
  errno = saved;
  const std::size_t size = wcsnlen(text, room - 1);
  note_wide(call, text, size, wanted - room);
}

using VfwprintfChk = int (*)(FILE*, int, const wchar_t*, va_list);

// Formats for the real function (which consumes `list`) and once more for us.
template <typename Call>
int traced_wprintf(FILE* stream, const wchar_t* format, va_list list, Call real_call) {
  const StreamCall call(stream);
  if (call.source() == nullptr) return real_call(list);
  va_list again;
  va_copy(again, list);
  const int result = real_call(list);
  note_formatted_wide(call, result, format, again);
  va_end(again);
  return result;
}

int traced_vfwprintf(FILE* stream, const wchar_t* format, va_list list) {
  return traced_wprintf(stream, format, list, [&](va_list arguments) {
    return KOLBEN_REAL(vfwprintf)(stream, format, arguments);
  });
}

int traced_vfwprintf_chk(FILE* stream, int flag, const wchar_t* format, va_list list) {
  return traced_wprintf(stream, format, list, [&](va_list arguments) {
    return real<VfwprintfChk>(Real::k___vfwprintf_chk)(stream, flag, format, arguments);
  });
}
#pragma GCC diagnostic pop

}  // namespace

extern "C" {

KOLBEN_EXPORT int wprintf(const wchar_t* format, ...) {
  va_list list;
  va_start(list, format);
  const int result = traced_vfwprintf(stdout, format, list);
  va_end(list);
  return result;
}

KOLBEN_EXPORT int fwprintf(FILE* stream, const wchar_t* format, ...) {
  va_list list;
  va_start(list, format);
  const int result = traced_vfwprintf(stream, format, list);
  va_end(list);
  return result;
}

KOLBEN_EXPORT int vwprintf(const wchar_t* format, va_list list) {
  return traced_vfwprintf(stdout, format, list);
}

KOLBEN_EXPORT int vfwprintf(FILE* stream, const wchar_t* format, va_list list) {
  return traced_vfwprintf(stream, format, list);
}

KOLBEN_EXPORT int __wprintf_chk(int flag, const wchar_t* format, ...) {
  va_list list;
  va_start(list, format);
  const int result = traced_vfwprintf_chk(stdout, flag, format, list);
  va_end(list);
  return result;
}

KOLBEN_EXPORT int __fwprintf_chk(FILE* stream, int flag, const wchar_t* format, ...) {
  va_list list;
  va_start(list, format);
  const int result = traced_vfwprintf_chk(stream, flag, format, list);
  va_end(list);
  return result;
}

KOLBEN_EXPORT int __vwprintf_chk(int flag, const wchar_t* format, va_list list) {
  return traced_vfwprintf_chk(stdout, flag, format, list);
}

KOLBEN_EXPORT int __vfwprintf_chk(FILE* stream, int flag, const wchar_t* format, va_list list) {
  return traced_vfwprintf_chk(stream, flag, format, list);
}

#define KOLBEN_PUT_WIDE_TEXT(name)                            \
  KOLBEN_EXPORT int name(const wchar_t* text, FILE* stream) { \
    const StreamCall call(stream);                            \
    const int result = KOLBEN_REAL(name)(text, stream);       \
    if (result >= 0 && call.source() != nullptr) {            \
      note_wide(call, text, wcslen(text));                    \
    }                                                         \
    return result;                                            \
  }
KOLBEN_PUT_WIDE_TEXT(fputws)
KOLBEN_PUT_WIDE_TEXT(fputws_unlocked)

#define KOLBEN_PUT_WIDE(name)                                   \
  KOLBEN_EXPORT wint_t name(wchar_t character, FILE* stream) {  \
    const StreamCall call(stream);                              \
    const wint_t result = KOLBEN_REAL(name)(character, stream); \
    if (result != WEOF) note_wide(call, &character, 1);         \
    return result;                                              \
  }
KOLBEN_PUT_WIDE(fputwc)
KOLBEN_PUT_WIDE(fputwc_unlocked)
KOLBEN_PUT_WIDE(putwc)
KOLBEN_PUT_WIDE(putwc_unlocked)

#define KOLBEN_PUT_WIDE_OUT(name)                       \
  KOLBEN_EXPORT wint_t name(wchar_t character) {        \
    const StreamCall call(stdout);                      \
    const wint_t result = KOLBEN_REAL(name)(character); \
    if (result != WEOF) note_wide(call, &character, 1); \
    return result;                                      \
  }
KOLBEN_PUT_WIDE_OUT(putwchar)
KOLBEN_PUT_WIDE_OUT(putwchar_unlocked)

}  // extern "C"
