#include "base/descriptors.h"

#include <dirent.h>
#include <sys/resource.h>

#include <string>

namespace kolben {
namespace {

// Without /proc: the standard streams.
constexpr std::size_t kOpenAtLeast = 3;

std::size_t open_descriptors() {
  DIR* stream = ::opendir("/proc/self/fd");
  if (stream == nullptr) return kOpenAtLeast;
  std::size_t names = 0;
  while (::readdir(stream) != nullptr) ++names;
  ::closedir(stream);
  constexpr std::size_t kOthers = 3;  // ".", ".." and the stream's own
  return names > kOthers ? names - kOthers : 0;
}

}  // namespace

Status descriptors_left(std::size_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return Status::ok();
  }
  // Counting takes as long as there are descriptors, so only where they may be few.
  constexpr rlim_t kPlenty = 4096;
  if (limit.rlim_cur >= kPlenty) return Status::ok();
  const std::size_t open = open_descriptors();
  if (open + wanted <= limit.rlim_cur) return Status::ok();
  return resource_exhausted("only " + std::to_string(limit.rlim_cur) + " files may be open, " +
                            std::to_string(open) + " are, " + std::to_string(wanted) +
                            " more are needed: raise the limit (ulimit -n)");
}

}  // namespace kolben
