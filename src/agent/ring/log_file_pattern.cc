#include "agent/ring/log_file_pattern.h"

#include <cstring>

namespace kolben::agent {

// One way back is enough: what a later `*` can take, an earlier one in the same part of the path
// need not, and none takes a slash.
bool matches_log_file(const char* pattern, const char* path, std::size_t path_size) {
  const char* const end = path + path_size;
  const char* star = nullptr;    // the last one that was met
  const char* behind = nullptr;  // where in the path what is behind it was tried last
  while (path != end) {
    if (*pattern == '*') {
      star = pattern++;
      behind = path;
    } else if (*pattern != '\0' && (*pattern == *path || (*pattern == '?' && *path != '/'))) {
      ++pattern;
      ++path;
    } else if (star != nullptr && *behind != '/') {
      pattern = star + 1;
      path = ++behind;
    } else {
      return false;
    }
  }
  while (*pattern == '*') ++pattern;
  return *pattern == '\0';
}

bool is_log_file(const char* patterns, std::uint32_t patterns_size, const char* path,
                 std::size_t path_size) {
  const char* const end = patterns + patterns_size;
  while (patterns < end) {
    if (matches_log_file(patterns, path, path_size)) return true;
    patterns += std::strlen(patterns) + 1;
  }
  return false;
}

}  // namespace kolben::agent
