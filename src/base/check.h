// KOLBEN_CHECK stops the program at a bug of ours, in every build. It is never used on what a peer
// sent, on what a file holds, or in code that is loaded into someone else's process.
#pragma once

namespace kolben {

// Prints "file:line: check failed: expression" to stderr and aborts. Does not allocate.
[[noreturn]] void check_failed(const char* file, int line, const char* expression);

}  // namespace kolben

#define KOLBEN_CHECK(expression) \
  ((expression) ? static_cast<void>(0) : ::kolben::check_failed(__FILE__, __LINE__, #expression))

#ifdef NDEBUG
#define KOLBEN_DCHECK(expression) static_cast<void>(0)
#else
#define KOLBEN_DCHECK(expression) KOLBEN_CHECK(expression)
#endif
