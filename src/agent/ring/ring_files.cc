#include "agent/ring/ring_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

namespace kolben::agent {
namespace {

// Looked at each time: others' files cost a start of ours nothing.
constexpr int kRingsMax = 64;

void remove_if_abandoned(int directory, const char* name, long young_seconds) {
  const int file = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) return;
  struct stat status = {};
  const bool is_ours = fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
                       status.st_uid == geteuid() &&
                       time(nullptr) - status.st_ctime >= young_seconds;
  if (is_ours && flock(file, LOCK_EX | LOCK_NB) == 0) unlinkat(directory, name, 0);
  close(file);
}

}  // namespace

void hold_ring(const char* path) {
  const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  // Where it fails, the ring is removed early after a minute: then programs that start later under
  // this agent run without telemetry.
  if (file >= 0) flock(file, LOCK_SH | LOCK_NB);
}

void remove_abandoned_rings(const char* directory, long young_seconds) {
  DIR* const entries = opendir(directory);
  if (entries == nullptr) return;
  int rings = 0;
  while (const dirent* entry = readdir(entries)) {
    if (std::strncmp(entry->d_name, kRingFilePrefix, sizeof(kRingFilePrefix) - 1) != 0) continue;
    remove_if_abandoned(dirfd(entries), entry->d_name, young_seconds);
    if (++rings == kRingsMax) break;
  }
  closedir(entries);
}

}  // namespace kolben::agent
