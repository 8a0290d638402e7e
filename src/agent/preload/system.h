// The operating system as the logic sees it: the only way from the classes of this folder to the
// outside, so that tests can stand in for it. Plain function pointers: no virtual tables in
// somebody else's process.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

namespace kolben::agent {

// Text form of a socket's two ends; empty where unknown or not TCP.
struct SocketNames {
  static constexpr std::size_t kAddressBytesMax = 46;  // INET6_ADDRSTRLEN
  char local[kAddressBytesMax] = {};
  char peer[kAddressBytesMax] = {};
  std::uint8_t local_size = 0;
  std::uint8_t peer_size = 0;
  std::uint16_t local_port = 0;
  std::uint16_t peer_port = 0;
};

struct System {
  std::uint64_t (*now)() = nullptr;         // CLOCK_REALTIME, nanoseconds
  std::uint64_t (*coarse_now)() = nullptr;  // the same, up to some milliseconds late, for less
  void (*random)(void* bytes, std::size_t size) = nullptr;
  bool (*is_stream_socket)(int file) = nullptr;
  // Known to be something else: false where it cannot be asked.
  bool (*is_no_stream_socket)(int file) = nullptr;
  // Whether two numbers are one file; false where it cannot be asked.
  bool (*is_same_file)(int file, int other) = nullptr;
  // Fills the ends that are still unknown.
  void (*socket_names)(int file, SocketNames* names) = nullptr;
  // Zeroed memory for the life of the process, only touched pages cost; null: none.
  void* (*allocate)(std::size_t bytes) = nullptr;
  ssize_t (*send_message)(int file, const msghdr* message, int flags) = nullptr;
  // Lets another thread have the processor, where that may be asked for.
  void (*yield)() = nullptr;
  // The path that the kernel has of an open file, without an end zero; less than 0: not known.
  ssize_t (*file_path)(int file, char* path, std::size_t size) = nullptr;
};

// For SocketNames: the text and port of an address; sizes 0 for families other than IP.
void format_address(const sockaddr* address, socklen_t size, char* text, std::uint8_t* text_size,
                    std::uint16_t* port);

}  // namespace kolben::agent
