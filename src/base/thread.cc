#include "base/thread.h"

#include <pthread.h>

namespace kolben {

void set_current_thread_name(const std::string& name) {
  constexpr std::size_t kKernelLimit = 15;
  // A thread without a name works as well: nothing to do on failure.
  static_cast<void>(pthread_setname_np(pthread_self(), name.substr(0, kKernelLimit).c_str()));
}

}  // namespace kolben
