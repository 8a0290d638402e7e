#include "base/descriptors.h"

#include <dirent.h>
#include <sys/resource.h>

#include <cerrno>
#include <string>

#include "base/result.h"

namespace kolben {
namespace {

// Without /proc: the standard streams.
constexpr std::size_t kOpenAtLeast = 3;

// An error where there is not even one to count with.
Result<std::size_t> open_descriptors() {
  DIR* stream = ::opendir("/proc/self/fd");
  if (stream == nullptr) {
    if (errno != EMFILE && errno != ENFILE) return kOpenAtLeast;
    return from_errno(errno, "counting the open files");
  }
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
  KOLBEN_TRY(const std::size_t open, open_descriptors());
  if (open <= limit.rlim_cur && wanted <= limit.rlim_cur - open) return Status::ok();
  return resource_exhausted("only " + std::to_string(limit.rlim_cur) + " files may be open, " +
                            std::to_string(open) + " are, " + std::to_string(wanted) +
                            " more are needed: raise the limit (ulimit -n)");
}

}  // namespace kolben
