#include "agent/process/process_watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <climits>
#include <cstring>

namespace kolben::agent {
namespace {

// A file of /proc, which tells no size; cut at 1 MiB (maps of some thousand libraries).
std::string read_proc_file(const std::string& path) {
  constexpr std::size_t kBytesMax = 1 << 20;
  std::string text;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return text;
  char buffer[16384];
  ssize_t size = 0;
  while (text.size() < kBytesMax && (size = ::read(file, buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<std::size_t>(size));
  }
  ::close(file);
  return text;
}

// The field `exit_code` of /proc/PID/stat, the last one; of a zombie, which its parent still has to
// ask for.
std::optional<int> wait_status_of_zombie(std::uint32_t pid) {
  const std::string text = read_proc_file("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = text.rfind(')');
  const std::size_t last = text.rfind(' ');
  const bool is_zombie = name_end != std::string::npos && text.compare(name_end, 3, ") Z") == 0;
  if (!is_zombie || last == std::string::npos) return std::nullopt;
  int status = 0;
  const char* const end = text.data() + text.size();
  if (std::from_chars(text.data() + last + 1, end, status).ec != std::errc()) return std::nullopt;
  return status;
}

std::optional<int> wait_status_of(std::uint32_t pid, int file_descriptor) {
  // linux/pidfd.h of 6.15, whose first version has 64 bytes.
  struct {
    std::uint64_t mask = 8;  // PIDFD_INFO_EXIT
    std::uint64_t cgroup = 0;
    std::uint32_t ids[11] = {};
    std::int32_t exit_code = 0;
  } info;
  static_assert(sizeof info == 64);
  constexpr unsigned long kGetInfo = _IOWR(0xff, 11, decltype(info));
  if (::ioctl(file_descriptor, kGetInfo, &info) == 0 && (info.mask & 8) != 0) {
    return info.exit_code;
  }
  return wait_status_of_zombie(pid);
}

// Or a zombie.
bool is_gone(std::uint32_t pid) {
  return (::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH) ||
         wait_status_of_zombie(pid).has_value();
}

}  // namespace

ProcessWatch::ProcessWatch()
    : files_max_([] {
        rlimit limit{};
        const bool is_known = ::getrlimit(RLIMIT_NOFILE, &limit) == 0;
        const rlim_t most = std::min<rlim_t>(limit.rlim_cur, INT_MAX);
        return is_known ? static_cast<int>(most) - kSpareFiles : INT_MAX;
      }()) {}

ProcessWatch::~ProcessWatch() {
  for (const Process& process : processes_) {
    if (process.file_descriptor >= 0) ::close(process.file_descriptor);
  }
}

bool ProcessWatch::add(std::uint32_t pid) {
  if (processes_.size() >= kProcessesMax) return true;
  const auto is_same = [pid](const Process& process) { return process.pid == pid; };
  if (std::any_of(processes_.begin(), processes_.end(), is_same)) return true;
  const long file = ::syscall(SYS_pidfd_open, pid, 0);
  if (file < 0 && errno == ESRCH) return false;
  const bool is_spare = file >= files_max_;
  if (is_spare) ::close(static_cast<int>(file));
  add(pid, is_spare ? -1 : static_cast<int>(file));
  return true;
}

void ProcessWatch::add(std::uint32_t pid, int file_descriptor) {
  processes_.push_back({pid, file_descriptor});
}

std::vector<std::uint32_t> ProcessWatch::pids() const {
  std::vector<std::uint32_t> result;
  for (const Process& process : processes_) result.push_back(process.pid);
  return result;
}

// Only the files that there are: poll() refuses more places than the process may have files.
std::vector<ProcessWatch::Ended> ProcessWatch::wait(std::chrono::milliseconds timeout) {
  std::vector<pollfd> polls;
  polls.reserve(processes_.size());
  for (const Process& process : processes_) {
    if (process.file_descriptor >= 0) polls.push_back({process.file_descriptor, POLLIN, 0});
  }
  ::poll(polls.data(), polls.size(), static_cast<int>(timeout.count()));
  std::vector<Ended> ended;
  std::size_t polled = polls.size();
  for (std::size_t i = processes_.size(); i-- > 0;) {
    const auto [pid, file] = processes_[i];
    const bool has_ended = file >= 0 ? polls[--polled].revents != 0 : is_gone(pid);
    if (!has_ended) continue;
    ended.push_back({pid, file >= 0 ? wait_status_of(pid, file) : wait_status_of_zombie(pid)});
    if (file >= 0) ::close(file);
    processes_.erase(processes_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return ended;
}

std::vector<std::uint32_t> processes_that_map(const std::string& path) {
  std::vector<std::uint32_t> result;
  DIR* proc = ::opendir("/proc");
  if (proc == nullptr) return result;
  const auto self = static_cast<std::uint32_t>(::getpid());
  while (const dirent* entry = ::readdir(proc)) {
    const char* const end = entry->d_name + std::strlen(entry->d_name);
    std::uint32_t pid = 0;
    const auto parsed = std::from_chars(entry->d_name, end, pid);
    if (parsed.ec != std::errc() || parsed.ptr != end || pid == self) continue;
    const std::string maps = read_proc_file("/proc/" + std::string(entry->d_name) + "/maps");
    if (maps.find(path) != std::string::npos) result.push_back(pid);
  }
  ::closedir(proc);
  return result;
}

}  // namespace kolben::agent
