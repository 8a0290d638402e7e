// Which process listens on a port: the kernel's socket tables name the socket's inode, and the
// process that has it open has a link to it among its file descriptors (proc(5)).
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cctype>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"

namespace kolben::net {

namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;
using Directory = std::unique_ptr<DIR, CloseDirectory>;

constexpr unsigned kListening = 0x0A;  // TCP_LISTEN in the tables' column `st`

// "  0: 0100007F:10DD 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 18417 ..."
void collect_listening_inodes(const char* table, std::uint16_t port,
                              std::vector<unsigned long>& inodes) {
  const File file(std::fopen(table, "re"));
  if (!file) return;
  char line[512];
  while (std::fgets(line, sizeof line, file.get()) != nullptr) {
    unsigned local_port = 0;
    unsigned state = 0;
    unsigned long inode = 0;
    const int fields =
        std::sscanf(line, "%*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*u %*u %lu",
                    &local_port, &state, &inode);
    if (fields == 3 && local_port == port && state == kListening) inodes.push_back(inode);
  }
}

bool has_open(const std::string& fd_directory, const std::vector<unsigned long>& inodes) {
  const Directory directory(opendir(fd_directory.c_str()));
  if (!directory) return false;  // another user's process
  while (const dirent* entry = readdir(directory.get())) {
    char target[64];
    const ssize_t length = readlinkat(dirfd(directory.get()), entry->d_name, target, sizeof target);
    if (length <= 0) continue;
    const std::string_view link(target, static_cast<std::size_t>(length));
    constexpr std::string_view kPrefix = "socket:[";
    if (!link.starts_with(kPrefix)) continue;
    unsigned long inode = 0;
    std::from_chars(link.data() + kPrefix.size(), link.data() + link.size(), inode);
    for (const unsigned long wanted : inodes) {
      if (inode == wanted) return true;
    }
  }
  return false;
}

std::string command_of(const std::string& process_directory) {
  const File file(std::fopen((process_directory + "/comm").c_str(), "re"));
  char name[64];
  if (!file || std::fgets(name, sizeof name, file.get()) == nullptr) return {};
  std::string command(name);
  while (!command.empty() && command.back() == '\n') command.pop_back();
  return command;
}

std::optional<std::string> holder_of(const std::vector<unsigned long>& inodes) {
  const Directory processes(opendir("/proc"));
  if (!processes || inodes.empty()) return std::nullopt;
  while (const dirent* entry = readdir(processes.get())) {
    if (std::isdigit(static_cast<unsigned char>(entry->d_name[0])) == 0) continue;
    const std::string directory = std::string("/proc/") + entry->d_name;
    if (!has_open(directory + "/fd", inodes)) continue;
    const std::string command = command_of(directory);
    if (command.empty()) return std::string("pid ") + entry->d_name;
    return command + " (pid " + entry->d_name + ")";
  }
  return std::nullopt;
}

}  // namespace

std::string describe_port_holder(std::uint16_t port) {
  std::vector<unsigned long> inodes;
  collect_listening_inodes("/proc/net/tcp", port, inodes);
  collect_listening_inodes("/proc/net/tcp6", port, inodes);
  std::string text = "port " + std::to_string(port) + " is in use";
  if (const std::optional<std::string> holder = holder_of(inodes)) text += " by " + *holder;
  return text;
}

}  // namespace kolben::net
