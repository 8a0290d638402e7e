#include "app/last_words.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <system_error>

namespace kolben::app {
namespace {

// Without memory, so without streams and strings.
void say(const char* text) {
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text, std::strlen(text));
}

[[noreturn]] void end() {
  say("kolben: ended: ");
  try {
    if (std::current_exception() != nullptr) std::rethrow_exception(std::current_exception());
    say("a broken assumption");
  } catch (const std::bad_alloc&) {
    say("the system gives no more memory (limits: ulimit -v, the memory of the container)");
  } catch (const std::system_error& error) {
    say(error.what());
    say(" (threads and memory are limited by ulimit -u, ulimit -v, the limits of the container)");
  } catch (const std::exception& exception) {
    say(exception.what());
  } catch (...) {
    say("an exception of unknown kind");
  }
  say("\n");
  std::abort();
}

}  // namespace

void say_last_words() {
  std::set_terminate(end);
}

}  // namespace kolben::app
