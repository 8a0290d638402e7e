// The C library's streams write by internal calls that cannot be interposed, so what is printed to
// stdout and stderr is noted where the program prints it. The real function does the printing.

// The C library's header must not define inline what this file defines.
#ifndef __NO_INLINE__
#define __NO_INLINE__ 1
#endif
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/preload/agent.h"
#include "agent/preload/real.h"

using kolben::agent::agent_instance;
using kolben::agent::Real;
using kolben::agent::real;
using kolben::agent::ThreadGuard;

#define KOLBEN_EXPORT __attribute__((visibility("default")))

namespace {

// What one printf prints is formatted a second time for us, up to this size.
constexpr std::size_t kPrintfBytesMax = 4096;

// The program's stdout or stderr; -1: another stream, or nobody wants to know.
int output_of(FILE* stream) {
  if (!agent_instance.active() || !agent_instance.outputs.enabled()) return -1;
  if (stream != stdout && stream != stderr) return -1;
  const int file = fileno_unlocked(stream);
  return file == 1 || file == 2 ? file : -1;
}

void note(int file, const void* text, std::size_t size, std::size_t cut = 0) {
  if (file < 0 || size == 0) return;
  ThreadGuard guard;
  if (!guard) return;
  agent_instance.outputs.printed(guard.thread(), file, static_cast<const char*>(text), size, cut);
}

void note_character(int file, int c) {
  const char text = static_cast<char>(c);
  note(file, &text, 1);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
void note_formatted(int file, int printed, const char* format, va_list list) {
  if (printed <= 0) return;
  char text[kPrintfBytesMax];
  const int size = vsnprintf(text, sizeof(text), format, list);
  if (size <= 0) return;
  const auto whole = static_cast<std::size_t>(size);
  const std::size_t kept = whole < sizeof(text) ? whole : sizeof(text) - 1;
  note(file, text, kept, whole - kept);
}

using VfprintfChk = int (*)(FILE*, int, const char*, va_list);
using VprintfChk = int (*)(int, const char*, va_list);
using VdprintfChk = int (*)(int, int, const char*, va_list);

// Formats for the real function (which consumes `list`) and once more for us.
template <typename Call>
int traced_printf(int file, const char* format, va_list list, Call real_call) {
  if (file < 0) return real_call(list);
  va_list again;
  va_copy(again, list);
  const int result = real_call(list);
  note_formatted(file, result, format, again);
  va_end(again);
  return result;
}

int traced_vfprintf(FILE* stream, const char* format, va_list list) {
  return traced_printf(output_of(stream), format, list, [&](va_list arguments) {
    return KOLBEN_REAL(vfprintf)(stream, format, arguments);
  });
}

int traced_vfprintf_chk(FILE* stream, int flag, const char* format, va_list list) {
  return traced_printf(output_of(stream), format, list, [&](va_list arguments) {
    return real<VfprintfChk>(Real::k___vfprintf_chk)(stream, flag, format, arguments);
  });
}

int traced_vdprintf(int file, const char* format, va_list list) {
  const bool output = agent_instance.active() && (file == 1 || file == 2);
  return traced_printf(output ? file : -1, format, list, [&](va_list arguments) {
    return KOLBEN_REAL(vdprintf)(file, format, arguments);
  });
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
  const int result = KOLBEN_REAL(puts)(text);
  const int file = output_of(stdout);
  if (file >= 0 && result >= 0) {
    note(file, text, strlen(text));
    note_character(file, '\n');
  }
  return result;
}

KOLBEN_EXPORT int fputs(const char* text, FILE* stream) {
  const int result = KOLBEN_REAL(fputs)(text, stream);
  const int file = output_of(stream);
  if (file >= 0 && result >= 0) note(file, text, strlen(text));
  return result;
}

KOLBEN_EXPORT int fputs_unlocked(const char* text, FILE* stream) {
  const int result = KOLBEN_REAL(fputs_unlocked)(text, stream);
  const int file = output_of(stream);
  if (file >= 0 && result >= 0) note(file, text, strlen(text));
  return result;
}

KOLBEN_EXPORT size_t fwrite(const void* bytes, size_t size, size_t count, FILE* stream) {
  const size_t result = KOLBEN_REAL(fwrite)(bytes, size, count, stream);
  note(output_of(stream), bytes, size * result);
  return result;
}

KOLBEN_EXPORT size_t fwrite_unlocked(const void* bytes, size_t size, size_t count, FILE* stream) {
  const size_t result = KOLBEN_REAL(fwrite_unlocked)(bytes, size, count, stream);
  note(output_of(stream), bytes, size * result);
  return result;
}

#define KOLBEN_PUT_CHARACTER(name)                                \
  KOLBEN_EXPORT int name(int c, FILE* stream) {                   \
    const int result = KOLBEN_REAL(name)(c, stream);              \
    if (result != EOF) note_character(output_of(stream), result); \
    return result;                                                \
  }
KOLBEN_PUT_CHARACTER(fputc)
KOLBEN_PUT_CHARACTER(fputc_unlocked)
KOLBEN_PUT_CHARACTER(putc)
KOLBEN_PUT_CHARACTER(putc_unlocked)

KOLBEN_EXPORT int putchar(int c) {
  const int result = KOLBEN_REAL(putchar)(c);
  if (result != EOF) note_character(output_of(stdout), result);
  return result;
}

KOLBEN_EXPORT int putchar_unlocked(int c) {
  const int result = KOLBEN_REAL(putchar_unlocked)(c);
  if (result != EOF) note_character(output_of(stdout), result);
  return result;
}

KOLBEN_EXPORT int fclose(FILE* stream) {
  if (agent_instance.active() && stream != nullptr) {
    const int file = fileno_unlocked(stream);
    ThreadGuard guard;
    if (guard && file >= 0) {
      agent_instance.connections.closed(guard.thread(), file);
      agent_instance.outputs.replaced(file);
    }
  }
  return KOLBEN_REAL(fclose)(stream);
}

}  // extern "C"
