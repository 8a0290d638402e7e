#include "app/descriptor_limit.h"

#include <sys/resource.h>

#include <string>

namespace kolben::app {
namespace {

// The built-in configuration holds some 40 before anybody connects; gRPC aborts where it gets none.
constexpr rlim_t kDescriptorsMin = 64;

}  // namespace

Status raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return Status::ok();
  if (limit.rlim_max < kDescriptorsMin) {
    return failed_precondition("only " + std::to_string(limit.rlim_max) + " files may be open, " +
                               std::to_string(kDescriptorsMin) +
                               " are needed at least: raise the limit (ulimit -n)");
  }
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return Status::ok();
}

}  // namespace kolben::app
