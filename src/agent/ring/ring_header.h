// RingHeader: the first four pages of the ring. Only for the .cc files of this folder.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "agent/ring/refusals.h"
#include "agent/ring/ring.h"

namespace kolben::agent {

inline constexpr std::size_t kHeaderBytes = 16384;
inline constexpr std::size_t kCacheLine = 64;

struct RingHeader {
  std::uint64_t magic = 0;
  std::uint32_t version = 0;
  std::uint32_t slots = 0;
  // Up to which position there is memory: the first slots, then all.
  std::atomic<std::uint64_t> ready{0};
  // Positions count slots from the ring's creation; they never wrap in practice (2^64 slots).
  alignas(kCacheLine) std::atomic<std::uint64_t> head{0};
  alignas(kCacheLine) std::atomic<std::uint64_t> tail{0};
  alignas(kCacheLine) std::atomic<std::uint64_t> dropped{0};
  std::atomic<std::uint64_t> abandoned{0};
  std::atomic<std::uint64_t> untraced{0};
  // Device and inode of the launched program's stdout and stderr; zero: not noted.
  std::uint64_t output_device[2] = {};
  std::uint64_t output_inode[2] = {};
  std::uint32_t program = 0;        // the launcher, in whose place the program is
  std::uint32_t owner = 0;          // user
  std::uint64_t pid_namespace = 0;  // its inode; 0: not known
  std::atomic<std::uint32_t> reader{0};
  std::atomic<std::uint32_t> end_is_asked_for{0};
  std::atomic<std::uint32_t> end_is_done{0};
  std::atomic<std::uint32_t> is_without_rights{0};
  std::atomic<std::uint32_t> kernel_counts_ticks{0};
  std::atomic<std::uint32_t> library_is_told{0};
  std::atomic<std::uint32_t> log_files_size{0};
  LibrarySettings library;
  alignas(kCacheLine) RefusalTable refusals{};
  char log_files[kLogFilesBytesMax] = {};
  alignas(kCacheLine) std::uint8_t sampling[kSamplingBytes] = {};
  std::uint64_t loader_device = 0;  // of the launcher
  std::uint64_t loader_inode = 0;
};
static_assert(sizeof(RingHeader) <= kHeaderBytes);

}  // namespace kolben::agent
