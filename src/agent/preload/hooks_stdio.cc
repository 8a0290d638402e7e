// The C library's streams write by internal calls that cannot be interposed, so what is printed to
// stdout, stderr and named files is noted where the program prints it. The real function does the
// printing. What the C library's macros put into a stream's buffer is noted at the next of these
// calls.

// The C library's header must not define inline what this file defines.
#ifndef __NO_INLINE__
#define __NO_INLINE__ 1
#endif
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/preload/agent.h"
#include "agent/preload/real.h"
#include "agent/preload/stream_call.h"

using kolben::agent::agent_instance;
using kolben::agent::note_formatted;
using kolben::agent::OutputSource;
using kolben::agent::Real;
using kolben::agent::real;
using kolben::agent::StreamCall;
using kolben::agent::ThreadGuard;

#define KOLBEN_EXPORT __attribute__((visibility("default")))

namespace {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
using VfprintfChk = int (*)(FILE*, int, const char*, va_list);
using VprintfChk = int (*)(int, const char*, va_list);
using VdprintfChk = int (*)(int, int, const char*, va_list);

// Formats for the real function (which consumes `list`) and once more for us.
template <typename Call>
int traced_printf(OutputSource* source, const char* format, va_list list, Call real_call) {
  if (source == nullptr) return real_call(list);
  va_list again;
  va_copy(again, list);
  const int result = real_call(list);
  note_formatted(source, result, format, again);
  va_end(again);
  return result;
}

int traced_vfprintf(FILE* stream, const char* format, va_list list) {
  const StreamCall call(stream);
  return traced_printf(call.source(), format, list, [&](va_list arguments) {
    return KOLBEN_REAL(vfprintf)(stream, format, arguments);
  });
}

int traced_vfprintf_chk(FILE* stream, int flag, const char* format, va_list list) {
  const StreamCall call(stream);
  return traced_printf(call.source(), format, list, [&](va_list arguments) {
    return real<VfprintfChk>(Real::k___vfprintf_chk)(stream, flag, format, arguments);
  });
}

int traced_vdprintf(int file, const char* format, va_list list) {
  OutputSource* source = nullptr;
  if (agent_instance.active() && agent_instance.outputs.may_have(file)) {
    ThreadGuard guard;
    if (guard) source = agent_instance.outputs.source_of(file);
  }
  return traced_printf(source, format, list, [&](va_list arguments) {
    return KOLBEN_REAL(vdprintf)(file, format, arguments);
  });
}

// The file that the stream has is about to be closed: what stands in its buffer is told now.
void note_stream_ends(FILE* stream) {
  if (stream == nullptr) return;
  // Of one without a file (fmemopen()) it is an error to ask for it.
  const int saved = errno;
  const int file = fileno_unlocked(stream);
  errno = saved;
  if (!agent_instance.active()) return agent_instance.closes_unfollowed(file);
  {
    StreamCall call(stream);
    call.closed();
  }
  ThreadGuard guard;
  if (!guard || file < 0) return;
  agent_instance.closes(guard.thread(), file);
}

}  // namespace

extern "C" {

KOLBEN_EXPORT int printf(const char* format, ...) {
  va_list list;
  va_start(list, format);
  const int result = traced_vfprintf(stdout, format, list);
  va_end(list);
  return result;
}

KOLBEN_EXPORT int fprintf(FILE* stream, const char* format, ...) {
  va_list list;
  va_start(list, format);
  const int result = traced_vfprintf(stream, format, list);
  va_end(list);
  return result;
}

KOLBEN_EXPORT int vprintf(const char* format, va_list list) {
  return traced_vfprintf(stdout, format, list);
}

KOLBEN_EXPORT int vfprintf(FILE* stream, const char* format, va_list list) {
  return traced_vfprintf(stream, format, list);
}

KOLBEN_EXPORT int dprintf(int file, const char* format, ...) {
  va_list list;
  va_start(list, format);
  const int result = traced_vdprintf(file, format, list);
  va_end(list);
  return result;
}

KOLBEN_EXPORT int vdprintf(int file, const char* format, va_list list) {
  return traced_vdprintf(file, format, list);
}

KOLBEN_EXPORT int __printf_chk(int flag, const char* format, ...) {
  va_list list;
  va_start(list, format);
  const int result = traced_vfprintf_chk(stdout, flag, format, list);
  va_end(list);
  return result;
}

KOLBEN_EXPORT int __fprintf_chk(FILE* stream, int flag, const char* format, ...) {
  va_list list;
  va_start(list, format);
  const int result = traced_vfprintf_chk(stream, flag, format, list);
  va_end(list);
  return result;
}

KOLBEN_EXPORT int __vprintf_chk(int flag, const char* format, va_list list) {
  return traced_vfprintf_chk(stdout, flag, format, list);
}

KOLBEN_EXPORT int __vfprintf_chk(FILE* stream, int flag, const char* format, va_list list) {
  return traced_vfprintf_chk(stream, flag, format, list);
}
#pragma GCC diagnostic pop

KOLBEN_EXPORT int puts(const char* text) {
  const StreamCall call(stdout);
  const int result = KOLBEN_REAL(puts)(text);
  if (call.source() != nullptr && result >= 0) {
    call.printed(text, strlen(text));
    call.printed_character('\n');
  }
  return result;
}

#define KOLBEN_PUT_TEXT(name)                                                      \
  KOLBEN_EXPORT int name(const char* text, FILE* stream) {                         \
    const StreamCall call(stream);                                                 \
    const int result = KOLBEN_REAL(name)(text, stream);                            \
    if (call.source() != nullptr && result >= 0) call.printed(text, strlen(text)); \
    return result;                                                                 \
  }
KOLBEN_PUT_TEXT(fputs)
KOLBEN_PUT_TEXT(fputs_unlocked)

#define KOLBEN_PUT_BYTES(name)                                                            \
  KOLBEN_EXPORT size_t name(const void* bytes, size_t size, size_t count, FILE* stream) { \
    const StreamCall call(stream);                                                        \
    const size_t result = KOLBEN_REAL(name)(bytes, size, count, stream);                  \
    call.printed(bytes, size* result);                                                    \
    return result;                                                                        \
  }
KOLBEN_PUT_BYTES(fwrite)
KOLBEN_PUT_BYTES(fwrite_unlocked)

#define KOLBEN_PUT_CHARACTER(name)                     \
  KOLBEN_EXPORT int name(int c, FILE* stream) {        \
    const StreamCall call(stream);                     \
    const int result = KOLBEN_REAL(name)(c, stream);   \
    if (result != EOF) call.printed_character(result); \
    return result;                                     \
  }
KOLBEN_PUT_CHARACTER(fputc)
KOLBEN_PUT_CHARACTER(fputc_unlocked)
KOLBEN_PUT_CHARACTER(putc)
KOLBEN_PUT_CHARACTER(putc_unlocked)

KOLBEN_EXPORT int putchar(int c) {
  const StreamCall call(stdout);
  const int result = KOLBEN_REAL(putchar)(c);
  if (result != EOF) call.printed_character(result);
  return result;
}

KOLBEN_EXPORT int putchar_unlocked(int c) {
  const StreamCall call(stdout);
  const int result = KOLBEN_REAL(putchar_unlocked)(c);
  if (result != EOF) call.printed_character(result);
  return result;
}

// What the macros call when the buffer is full, and for each character where lines or characters
// are written out at once.
KOLBEN_EXPORT int __overflow(FILE* stream, int c) {
  const StreamCall call(stream);
  const int result = KOLBEN_REAL(__overflow)(stream, c);
  if (result != EOF && c != EOF) call.printed_character(c);
  return result;
}

#define KOLBEN_FLUSH(name)                                        \
  KOLBEN_EXPORT int name(FILE* stream) {                          \
    const StreamCall call(stream == nullptr ? stdout : stream);   \
    const StreamCall other(stream == nullptr ? stderr : nullptr); \
    return KOLBEN_REAL(name)(stream);                             \
  }
KOLBEN_FLUSH(fflush)
KOLBEN_FLUSH(fflush_unlocked)

KOLBEN_EXPORT int fclose(FILE* stream) {
  note_stream_ends(stream);
  if (agent_instance.active() && stream != nullptr) {
    ThreadGuard guard;
    if (guard) agent_instance.outputs.stream_closes(stream);
  }
  return KOLBEN_REAL(fclose)(stream);
}

// Closes the stream's file within the C library, and its number is the next one's.
KOLBEN_EXPORT FILE* freopen(const char* path, const char* mode, FILE* stream) {
  note_stream_ends(stream);
  return KOLBEN_REAL(freopen)(path, mode, stream);
}

KOLBEN_EXPORT FILE* freopen64(const char* path, const char* mode, FILE* stream) {
  note_stream_ends(stream);
  return KOLBEN_REAL(freopen64)(path, mode, stream);
}

}  // extern "C"
