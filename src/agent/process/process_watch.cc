#include "agent/process/process_watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
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

}  // namespace

ProcessWatch::~ProcessWatch() {
  for (const Process& process : processes_) ::close(process.file_descriptor);
}

void ProcessWatch::add(std::uint32_t pid) {
  if (processes_.size() >= kProcessesMax) return;
  const auto is_same = [pid](const Process& process) { return process.pid == pid; };
  if (std::any_of(processes_.begin(), processes_.end(), is_same)) return;
  const long file = ::syscall(SYS_pidfd_open, pid, 0);
  if (file < 0) return;
  processes_.push_back({pid, static_cast<int>(file)});
}

std::vector<std::uint32_t> ProcessWatch::wait(std::chrono::milliseconds timeout) {
  std::vector<pollfd> polls;
  polls.reserve(processes_.size());
  for (const Process& process : processes_) polls.push_back({process.file_descriptor, POLLIN, 0});
  std::vector<std::uint32_t> ended;
  const auto count = static_cast<nfds_t>(polls.size());
  if (::poll(polls.data(), count, static_cast<int>(timeout.count())) <= 0) return ended;
  for (std::size_t i = polls.size(); i-- > 0;) {
    if (polls[i].revents == 0) continue;
    ended.push_back(processes_[i].pid);
    ::close(processes_[i].file_descriptor);
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
