#include "agent/preload/real.h"

#include <dlfcn.h>

#include <atomic>

namespace kolben::agent {
namespace {

constexpr int kCount = static_cast<int>(Real::kCount);

constexpr const char* kNames[kCount] = {
#define KOLBEN_REAL_NAME(name) #name,
    KOLBEN_REAL_FUNCTIONS(KOLBEN_REAL_NAME)
#undef KOLBEN_REAL_NAME
};

constinit std::atomic<void*> addresses[kCount] = {};

}  // namespace

void* real_address(Real function) {
  std::atomic<void*>& address = addresses[static_cast<int>(function)];
  void* found = address.load(std::memory_order_relaxed);
  if (found == nullptr) [[unlikely]] {
    found = dlsym(RTLD_NEXT, kNames[static_cast<int>(function)]);
    address.store(found, std::memory_order_relaxed);
  }
  return found;
}

void resolve_all() {
  for (int i = 0; i < kCount; ++i) real_address(static_cast<Real>(i));
}

}  // namespace kolben::agent
