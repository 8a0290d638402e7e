#include "agent/process/crash_marks.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kolben::agent {
namespace {

// What a program does not do to itself on purpose, nor somebody else to it.
bool is_fault(int wait_status) {
  if (!WIFSIGNALED(wait_status)) return false;
  switch (WTERMSIG(wait_status)) {
    case SIGSEGV:
    case SIGBUS:
    case SIGILL:
    case SIGABRT:
    case SIGFPE:
    case SIGSYS:
    case SIGTRAP:
      return true;
    default:
      return false;
  }
}

}  // namespace

void CrashMarks::ended(std::optional<int> wait_status, std::uint64_t now_nanos) const {
  if (path_.empty() || !wait_status) return;
  if (is_fault(*wait_status) && now_nanos - start_nanos_ < kSoonNanos) return add_mark();
  ::unlink(path_.c_str());
}

// A byte a mark.
void CrashMarks::add_mark() const {
  for (std::size_t slash = path_.find('/', 1); slash != std::string::npos;
       slash = path_.find('/', slash + 1)) {
    ::mkdir(path_.substr(0, slash).c_str(), 0700);
  }
  const int file =
      ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return;  // a guard that cannot remember does not guard
  [[maybe_unused]] const ssize_t size = ::write(file, "x", 1);
  ::close(file);
}

}  // namespace kolben::agent
