// What the C library says on stderr for a program (error(), warn(), perror(), assert() and their
// like) it writes by internal calls, as what it prints: it is noted before the call, for some do
// not come back. Most of what the tools of a system have to complain about goes this way.
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <cstdint>

#include "agent/preload/c_library.h"
#include "agent/preload/complaint.h"
#include "agent/preload/real.h"

// Not by error.h and err.h, whose declarations would be those of the doors below.
extern "C" {
extern void (*error_print_progname)();
extern int error_one_per_line;
}

using kolben::agent::Complaint;
using kolben::agent::kPrintfBytesMax;
using kolben::agent::Real;
using kolben::agent::real;

#define KOLBEN_EXPORT __attribute__((visibility("default")))

namespace {

// As warn() has it: "program: what: reason".
void note_warning(const char* format, va_list list, bool has_reason) {
  Complaint complaint;
  complaint.text(program_invocation_short_name).text(": ");
  if (format != nullptr) complaint.formatted(format, list);
  if (format != nullptr && has_reason) complaint.text(": ");
  if (has_reason) complaint.reason();
  complaint.text("\n");
}

// As error() has it: "program: what: reason", or, of a line of a file, "program:file:line: what".
void note_error(const char* file, unsigned line, int error, const char* text) {
  Complaint complaint;
  complaint.text(program_invocation_name).text(":");
  if (file != nullptr) complaint.text(file).text(":").number(line).text(":");
  complaint.text(" ").text(text);
  if (error != 0) complaint.text(": ").reason(error);
  complaint.text("\n");
}

using Error = void (*)(int, int, const char*, ...);
using ErrorAtLine = void (*)(int, int, const char*, unsigned, const char*, ...);
using Vwarn = void (*)(const char*, va_list);
using Verr = void (*)(int, const char*, va_list);

// Room for a text that the stack may not have; where there is no memory, for its begin.
class MappedText {
 public:
  explicit MappedText(std::size_t bytes) : bytes_(bytes) {
    memory_ = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }
  MappedText(const MappedText&) = delete;
  MappedText& operator=(const MappedText&) = delete;
  ~MappedText() {
    if (memory_ != MAP_FAILED) munmap(memory_, bytes_);
  }
  char* get() const { return memory_ == MAP_FAILED ? nullptr : static_cast<char*>(memory_); }

 private:
  std::size_t bytes_;
  void* memory_;
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
// The real function has no variant that takes a list: it is given the text. Calls `use(text)`.
template <typename Use>
void with_text(const char* format, va_list list, Use use) {
  const int saved = errno;
  va_list again;
  va_copy(again, list);
  const int size = vsnprintf(nullptr, 0, format, again);
  va_end(again);
  char few[kPrintfBytesMax];
  few[0] = '\0';
  const std::size_t room = size < 0 ? 1 : static_cast<std::size_t>(size) + 1;
  if (room <= sizeof(few)) {
    errno = saved;
    if (size > 0) vsnprintf(few, room, format, list);
    errno = saved;
    return use(few);
  }
  const MappedText many(room);
  char* text = many.get() != nullptr ? many.get() : few;
  errno = saved;
  vsnprintf(text, text == few ? sizeof(few) : room, format, list);
  errno = saved;
  use(text);
}
#pragma GCC diagnostic pop

}  // namespace

extern "C" {

#if defined(__x86_64__)
// Behind the doors below.
__attribute__((used, visibility("hidden"))) void kolben_error(int status, int number,
                                                              const char* format, ...) {
  va_list list;
  va_start(list, format);
  with_text(format, list, [&](const char* text) {
    // Who has a begin of his own prints that by calls that we see.
    if (error_print_progname == nullptr) note_error(nullptr, 0, number, text);
    real<Error>(Real::k_error)(status, number, "%s", text);
  });
  va_end(list);
}

__attribute__((used, visibility("hidden"))) void kolben_error_at_line(int status, int number,
                                                                      const char* file,
                                                                      unsigned line,
                                                                      const char* format, ...) {
  va_list list;
  va_start(list, format);
  with_text(format, list, [&](const char* text) {
    // With that, a second one of the line is not said.
    if (error_print_progname == nullptr && error_one_per_line == 0) {
      note_error(file, line, number, text);
    }
    real<ErrorAtLine>(Real::k_error_at_line)(status, number, file, line, "%s", text);
  });
  va_end(list);
}

#define KOLBEN_WARN(name, has_reason)                                                       \
  __attribute__((used, visibility("hidden"))) void kolben_v##name(const char* format,       \
                                                                  va_list list) {           \
    note_warning(format, list, has_reason);                                                 \
    real<Vwarn>(Real::k_v##name)(format, list);                                             \
  }                                                                                         \
  __attribute__((used, visibility("hidden"))) void kolben_##name(const char* format, ...) { \
    va_list list;                                                                           \
    va_start(list, format);                                                                 \
    kolben_v##name(format, list);                                                           \
    va_end(list);                                                                           \
  }
KOLBEN_WARN(warn, true)
KOLBEN_WARN(warnx, false)

#define KOLBEN_ERR(name, has_reason)                                                              \
  __attribute__((used, visibility("hidden"))) void kolben_v##name(int status, const char* format, \
                                                                  va_list list) {                 \
    note_warning(format, list, has_reason);                                                       \
    real<Verr>(Real::k_v##name)(status, format, list);                                            \
  }                                                                                               \
  __attribute__((used, visibility("hidden"))) void kolben_##name(int status, const char* format,  \
                                                                 ...) {                           \
    va_list list;                                                                                 \
    va_start(list, format);                                                                       \
    kolben_v##name(status, format, list);                                                         \
    va_end(list);                                                                                 \
  }
KOLBEN_ERR(err, true)
KOLBEN_ERR(errx, false)

// The doors. These names are not the C library's alone: a library of the program's that stands
// before it may have an `error` of its own, whose arguments nobody knows. Such a call goes on to
// that one, untouched: its address is in kolben_elsewhere_NAME.
#define KOLBEN_DOOR(name)                                                    \
  __attribute__((used, visibility("hidden"))) void* kolben_elsewhere_##name; \
  __attribute__((naked)) KOLBEN_EXPORT void name() {                         \
    asm("movq kolben_elsewhere_" #name                                       \
        "(%rip), %r11\n\t"                                                   \
        "testq %r11, %r11\n\t"                                               \
        "jnz 1f\n\t"                                                         \
        "jmp kolben_" #name                                                  \
        "\n"                                                                 \
        "1:\tjmp *%r11");                                                    \
  }
// clang-format off
#define KOLBEN_DOORS(X) \
  X(error) X(error_at_line) X(warn) X(vwarn) X(warnx) X(vwarnx) X(err) X(verr) X(errx) X(verrx)
KOLBEN_DOORS(KOLBEN_DOOR)
// clang-format on
#endif

KOLBEN_EXPORT void perror(const char* text) {
  {
    Complaint complaint;
    if (text != nullptr && text[0] != '\0') complaint.text(text).text(": ");
    complaint.reason().text("\n");
  }
  KOLBEN_REAL(perror)(text);
}

// What assert() calls.
KOLBEN_EXPORT void __assert_fail(const char* assertion, const char* file, unsigned line,
                                 const char* function) {
  {
    Complaint complaint;
    complaint.text(program_invocation_short_name).text(": ").text(file).text(":").number(line);
    complaint.text(": ").text(function == nullptr ? "" : function);
    complaint.text(function == nullptr ? "" : ": ").text("Assertion `").text(assertion);
    complaint.text("' failed.\n");
  }
  using AssertFail = void (*)(const char*, const char*, unsigned, const char*);
  real<AssertFail>(Real::k___assert_fail)(assertion, file, line, function);
}

}  // extern "C"

namespace kolben::agent {

// All or none: some of the real functions may call others of them by our doors.
void set_doors() {
#if defined(__x86_64__)
  CLibrary c_library;
  bool is_its = true;
#define KOLBEN_IS_SAME(name) is_its = is_its && c_library.has(Real::k_##name);
  KOLBEN_DOORS(KOLBEN_IS_SAME)
  if (is_its) return;
#define KOLBEN_GO_ON(name) kolben_elsewhere_##name = real_address(Real::k_##name);
  KOLBEN_DOORS(KOLBEN_GO_ON)
#endif
}

}  // namespace kolben::agent
