#include "app/descriptor_limit.h"

#include <sys/resource.h>

#include <cstddef>

#include "base/descriptors.h"

namespace kolben::app {
namespace {

// The built-in configuration takes some 45, besides what whoever started us left open.
constexpr std::size_t kDescriptorsMin = 56;

}  // namespace

Status raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  return descriptors_left(kDescriptorsMin);
}

}  // namespace kolben::app
