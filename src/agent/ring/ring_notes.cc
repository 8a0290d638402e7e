#include "agent/ring/ring_notes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "agent/ring/ring_header.h"

namespace kolben::agent {

std::uint64_t pid_namespace() {
  struct stat status = {};
  return stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

void ask_for_end(RingHeader* ring) {
  ring->end_is_asked_for.store(1, std::memory_order_release);
}

bool is_asked_for_end(const RingHeader* ring) {
  return ring->end_is_asked_for.load(std::memory_order_acquire) != 0;
}

void tell_end_is_done(RingHeader* ring) {
  ring->end_is_done.store(1, std::memory_order_release);
}

bool is_end_done(const RingHeader* ring) {
  return ring->end_is_done.load(std::memory_order_acquire) != 0;
}

void note_reader(RingHeader* ring, std::uint32_t pid) {
  ring->reader.store(pid, std::memory_order_release);
}

std::uint32_t reader_of(const RingHeader* ring) {
  return ring->reader.load(std::memory_order_acquire);
}

bool is_in_ring_namespace(const RingHeader* ring) {
  const std::uint64_t own = pid_namespace();
  return own == 0 || ring->pid_namespace == 0 || own == ring->pid_namespace;
}

void note_without_rights(RingHeader* ring, std::uint32_t pid) {
  if (pid == ring->program) ring->is_without_rights.store(1, std::memory_order_relaxed);
}

bool is_without_rights(const RingHeader* ring) {
  return ring->is_without_rights.load(std::memory_order_relaxed) != 0;
}

std::uint32_t owner_of(const RingHeader* ring) {
  return ring->owner;
}

void tell_library(RingHeader* ring, const LibrarySettings& settings) {
  ring->library = settings;
  ring->library_is_told.store(1, std::memory_order_release);
}

bool library_settings(const RingHeader* ring, LibrarySettings* settings) {
  if (ring->library_is_told.load(std::memory_order_acquire) == 0) return false;
  *settings = ring->library;
  // A broken program may have scribbled over it.
  settings->sampler[sizeof(settings->sampler) - 1] = '\0';
  settings->sampler_argument[sizeof(settings->sampler_argument) - 1] = '\0';
  settings->propagators[sizeof(settings->propagators) - 1] = '\0';
  for (auto& names : settings->captured_headers) names[sizeof(names) - 1] = '\0';
  return true;
}

void note_outputs(RingHeader* ring) {
  for (int i = 0; i < 2; ++i) {
    struct stat status = {};
    if (fstat(i + 1, &status) != 0) continue;
    ring->output_device[i] = status.st_dev;
    ring->output_inode[i] = status.st_ino;
  }
}

void note_loader(RingHeader* ring, std::uint64_t device, std::uint64_t inode) {
  ring->loader_device = device;
  ring->loader_inode = inode;
}

void noted_loader(const RingHeader* ring, std::uint64_t* device, std::uint64_t* inode) {
  *device = ring->loader_device;
  *inode = ring->loader_inode;
}

void note_clock(RingHeader* ring) {
  const int file = open("/sys/devices/system/clocksource/clocksource0/current_clocksource",
                        O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  constexpr char kTicks[] = "tsc\n";
  char source[sizeof(kTicks)] = {};
  const ssize_t size = read(file, source, sizeof(source));
  close(file);
  const bool counts =
      size == sizeof(kTicks) - 1 && std::memcmp(source, kTicks, sizeof(kTicks) - 1) == 0;
  ring->kernel_counts_ticks.store(counts ? 1 : 0, std::memory_order_relaxed);
}

bool kernel_counts_ticks(const RingHeader* ring) {
  return ring->kernel_counts_ticks.load(std::memory_order_relaxed) != 0;
}

void note_log_files(RingHeader* ring, const char* patterns, std::uint32_t size) {
  if (size > sizeof(ring->log_files)) return;
  std::memcpy(ring->log_files, patterns, size);
  ring->log_files_size.store(size, std::memory_order_release);
}

std::uint32_t noted_log_files(const RingHeader* ring, char (&patterns)[kLogFilesBytesMax]) {
  const std::uint32_t size = ring->log_files_size.load(std::memory_order_acquire);
  // A broken program may have scribbled over it.
  if (size == 0 || size > sizeof(patterns)) return 0;
  std::memcpy(patterns, ring->log_files, size);
  patterns[size - 1] = '\0';
  return size;
}

void* sampling_memory(RingHeader* ring) {
  return ring->sampling;
}

int noted_output(const RingHeader* ring, int file) {
  const bool noted = ring->output_inode[0] != 0 || ring->output_inode[1] != 0;
  if (!noted) return file;
  struct stat status = {};
  if (fstat(file, &status) != 0) return 0;
  for (const int output : {file, 3 - file}) {
    const bool is_that = ring->output_device[output - 1] == status.st_dev &&
                         ring->output_inode[output - 1] == status.st_ino;
    if (is_that) return output;
  }
  return 0;
}

}  // namespace kolben::agent
