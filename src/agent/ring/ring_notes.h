// What the launcher, the library and the agent process note for each other in the ring's first
// pages, beside the records. Any thread.
#pragma once

#include <cstdint>

namespace kolben::agent {

struct RingHeader;

// What the agent process has read from a configuration file for the library, which has no reader of
// files: the values that the variables OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG and
// OTEL_PROPAGATORS would have, null-terminated. Told before the program begins, while the launcher
// waits.
struct LibrarySettings {
  char sampler[32] = {};
  char sampler_argument[64] = {};
  char propagators[64] = {};
  // Lists of names, in the order of CapturedHeaders (agent/protocols/captured_headers.h).
  char captured_headers[4][256] = {};
  std::uint8_t captures_output = 0;
};
void tell_library(RingHeader* ring, const LibrarySettings& settings);
// False: nothing was told, the variables count.
bool library_settings(const RingHeader* ring, LibrarySettings* settings);

// With process 1 of a namespace (a container's program) the kernel ends all others, the agent
// process too. So that one asks it to export everything when it ends, and waits.
void ask_for_end(RingHeader* ring);
bool is_asked_for_end(const RingHeader* ring);
void tell_end_is_done(RingHeader* ring);
bool is_end_done(const RingHeader* ring);
// The agent process; 0: it is not there yet.
void note_reader(RingHeader* ring, std::uint32_t pid);
std::uint32_t reader_of(const RingHeader* ring);

// Whether this process's number means the same to the agent process. Reads /proc; true where that
// cannot be.
bool is_in_ring_namespace(const RingHeader* ring);

// The process `pid` becomes a program that may not open the ring, for it has other rights. Noted of
// the launched program alone: a server's helpers have such rights on purpose.
void note_without_rights(RingHeader* ring, std::uint32_t pid);
bool is_without_rights(const RingHeader* ring);
// Who may.
std::uint32_t owner_of(const RingHeader* ring);

// What the launched program's stdout and stderr are, so that a child whose fd 1 is a pipe or a log
// file is not taken for the program's output. Notes those of the calling process; for the launcher.
void note_outputs(RingHeader* ring);
// Which of them `file` (1 or 2) is: 1, 2, or 0 for none. `file` itself where both are the same, or
// nothing was noted.
int noted_output(const RingHeader* ring, int file);

// Which file loads the library: device and inode of the launcher's own loader, so that the library
// stays out of programs that have another one. Zero: not noted.
void note_loader(RingHeader* ring, std::uint64_t device, std::uint64_t inode);
void noted_loader(const RingHeader* ring, std::uint64_t* device, std::uint64_t* inode);

// Whether the kernel's clock counts the processor's ticks (its clock source is "tsc"), so that a
// program may count them too. Noted by the launcher; false where it cannot be known.
void note_clock(RingHeader* ring);
bool kernel_counts_ticks(const RingHeader* ring);

// Which files' lines are log records: patterns (log_file_pattern.h), each with an end zero. Noted
// before the program begins.
inline constexpr std::uint32_t kLogFilesBytesMax = 2048;
// Of one, and of a file's path; longer ones are not followed.
inline constexpr std::uint32_t kLogPathBytesMax = 512;
void note_log_files(RingHeader* ring, const char* patterns, std::uint32_t size);
// Copies the patterns; their size, 0: there are none.
std::uint32_t noted_log_files(const RingHeader* ring, char (&patterns)[kLogFilesBytesMax]);

// For what a remote sampler has been told (agent/protocols/sampling_table.h); zeroes at first.
inline constexpr std::uint32_t kSamplingBytes = 9 * 1024;
void* sampling_memory(RingHeader* ring);

// The inode of this process's namespace of process numbers; 0: it cannot be known.
std::uint64_t pid_namespace();

}  // namespace kolben::agent
