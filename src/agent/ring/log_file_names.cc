#include "agent/ring/log_file_names.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

namespace kolben::agent {
namespace {

bool make_absolute(const char* name, std::size_t size, char (&path)[PATH_MAX]) {
  std::size_t used = 0;
  if (name[0] != '/') {
    if (getcwd(path, sizeof(path)) == nullptr) return false;
    used = std::strlen(path);
    if (used == 1) used = 0;  // "/"
    if (used + 1 >= sizeof(path)) return false;
    path[used++] = '/';
  }
  if (size >= sizeof(path) - used) return false;
  std::memcpy(path + used, name, size);
  path[used + size] = '\0';
  return true;
}

// A log that leads to /dev/null, or /dev/stdout, is not whatever else goes there.
bool is_device(const char* path) {
  struct stat status = {};
  return stat(path, &status) == 0 && (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode));
}

bool is_directory(const char* path) {
  struct stat status = {};
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

}  // namespace

const char* describe(LogFileFault fault) {
  switch (fault) {
    case LogFileFault::kNone:
      break;
    case LogFileFault::kNoRoom:
      return "is too long, or one too many; it is left out";
    case LogFileFault::kDirectory:
      return "is a directory, and left out; with /* behind it, it names the files within";
    case LogFileFault::kHome:
      return "begins with a '~' that nobody has made a directory of; it is left out, $HOME/ is "
             "that directory";
  }
  return "";
}

LogFileFault LogFileNames::add(const char* name, std::size_t size) {
  while (size != 0 && is_blank(name[0])) ++name, --size;
  while (size != 0 && is_blank(name[size - 1])) --size;
  if (size == 0) return LogFileFault::kNone;
  char path[PATH_MAX];
  if (!make_absolute(name, size, path)) return LogFileFault::kNoRoom;
  if (is_directory(path)) return LogFileFault::kDirectory;
  if (name[0] == '~' && access(path, F_OK) != 0) return LogFileFault::kHome;
  // The longest beginning that is there; the root always is.
  for (char* end = path + std::strlen(path);;) {
    const char rest = *end;
    *end = '\0';
    char resolved[PATH_MAX];
    resolved[0] = '\0';
    const bool is_there = end == path || (std::strpbrk(path, "*?") == nullptr && !is_device(path) &&
                                          realpath(path, resolved) != nullptr);
    *end = rest;
    if (is_there) {
      std::size_t resolved_size = end == path ? 0 : std::strlen(resolved);
      if (resolved_size == 1) resolved_size = 0;  // "/", which the rest begins with
      return put(resolved, resolved_size, end) ? LogFileFault::kNone : LogFileFault::kNoRoom;
    }
    do --end;
    while (*end != '/');
  }
}

bool LogFileNames::put(const char* begin, std::size_t begin_size, const char* rest) {
  const std::size_t rest_size = std::strlen(rest);
  const std::size_t whole = begin_size + rest_size + 1;
  if (whole > kLogPathBytesMax || whole > sizeof(patterns_) - size_) return false;
  std::memcpy(patterns_ + size_, begin, begin_size);
  std::memcpy(patterns_ + size_ + begin_size, rest, rest_size + 1);
  size_ += static_cast<std::uint32_t>(whole);
  return true;
}

}  // namespace kolben::agent
