// The operating system as it is: what stands behind System in a program. Also where the threads'
// random numbers come from.
#include <sched.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstring>

#include "agent/preload/agent.h"
#include "agent/preload/real.h"
#include "agent/preload/tick_clock.h"
#include "agent/ring/ring_notes.h"

namespace kolben::agent {
namespace {

constinit TickClock<KernelTicks> tick_clock;

[[gnu::hot]] std::uint64_t now_nanos() {
  return tick_clock.now();
}

// Late by a tick of the kernel at most, and for a fifth of the price.
[[gnu::hot]] std::uint64_t coarse_now_nanos() {
  timespec time = {};
  clock_gettime(CLOCK_REALTIME_COARSE, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_nsec);
}

// What the threads' generators are seeded from: a server may have a thread for each request, which
// must not cost a system call. Chosen at start and after each fork.
constinit std::uint64_t seed_key = 0;
constinit std::atomic<std::uint64_t> seed_count{0};

constexpr std::uint64_t kSeedStep = 0x9e37'79b9'7f4a'7c15;

// The finalizer of SplitMix64 (Steele, Lea and Flood).
std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58'476d'1ce4'e5b9;
  value = (value ^ (value >> 27)) * 0x94d0'49bb'1331'11eb;
  return value ^ (value >> 31);
}

// SplitMix64, whose steps are a count that the threads share.
void fill_random(void* bytes, std::size_t size) {
  auto* to = static_cast<std::uint8_t*>(bytes);
  for (std::size_t done = 0; done < size; done += sizeof(std::uint64_t)) {
    const std::uint64_t step = 1 + seed_count.fetch_add(1, std::memory_order_relaxed);
    const std::uint64_t word = mixed(seed_key + kSeedStep * step);
    const std::size_t left = size - done;
    std::memcpy(to + done, &word, left < sizeof(word) ? left : sizeof(word));
  }
}

bool allows(OwnCall call) {
  return agent_instance.filter.allows(call);
}

bool is_stream_socket(int file) {
  if (!allows(OwnCall::kGetsockopt)) return false;
  int type = 0;
  socklen_t size = sizeof(type);
  return KOLBEN_REAL(getsockopt)(file, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
         type == SOCK_STREAM;
}

bool is_no_stream_socket(int file) {
  return allows(OwnCall::kGetsockopt) && !is_stream_socket(file);
}

bool is_same_file(int file, int other) {
  struct stat one = {};
  struct stat two = {};
  return allows(OwnCall::kStart) && fstat(file, &one) == 0 && fstat(other, &two) == 0 &&
         one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

void socket_names(int file, SocketNames* names) {
  sockaddr_storage storage = {};
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  socklen_t size = sizeof(storage);
  if (names->local_size == 0 && allows(OwnCall::kGetsockname) &&
      getsockname(file, address, &size) == 0) {
    format_address(address, size, names->local, &names->local_size, &names->local_port);
  }
  size = sizeof(storage);
  if (names->peer_size == 0 && allows(OwnCall::kGetpeername) &&
      getpeername(file, address, &size) == 0) {
    format_address(address, size, names->peer, &names->peer_size, &names->peer_port);
  }
}

void* allocate(std::size_t bytes) {
  OwnMemory& memory = agent_instance.memory;
  if (!allows(OwnCall::kMmap) || (memory.is_locked() && !allows(OwnCall::kMemory))) return nullptr;
  return memory.map(bytes);
}

// By a call that the program's filter lets pass: it has just written by one of them.
ssize_t send_message(int file, const msghdr* message, int flags) {
  if (!allows(OwnCall::kSendmsg)) {
    const iovec& first = message->msg_iov[0];
    if (!allows(OwnCall::kSendto)) return KOLBEN_REAL(write)(file, first.iov_base, first.iov_len);
    return KOLBEN_REAL(sendto)(file, first.iov_base, first.iov_len, flags, nullptr, 0);
  }
  return KOLBEN_REAL(sendmsg)(file, message, flags);
}

void yield() {
  if (allows(OwnCall::kSchedYield)) sched_yield();
}

ssize_t file_path(int file, char* path, std::size_t size) {
  if (!allows(OwnCall::kReadlink)) return -1;
  char link[32] = "/proc/self/fd/";
  char digits[16];
  int count = 0;
  do digits[count++] = static_cast<char>('0' + file % 10);
  while ((file /= 10) != 0);
  char* to = link + std::strlen(link);
  while (count != 0) *to++ = digits[--count];
  *to = '\0';
  return readlink(link, path, size);
}

}  // namespace

void choose_seed() {
  if (getrandom(&seed_key, sizeof(seed_key), GRND_NONBLOCK) == sizeof(seed_key)) return;
  // No entropy this early after boot, or a filter of system calls: what differs between processes.
  seed_key = now_nanos() ^ reinterpret_cast<std::uint64_t>(&thread_state) ^
             static_cast<std::uint64_t>(getpid()) << 32;
}

// Without a system call: the program may have forbidden itself those that it does not use.
void choose_seed_of_child(std::uint32_t pid) {
  seed_key = mixed(seed_key + kSeedStep) ^ mixed(now_nanos() ^ std::uint64_t{pid} << 32);
}

System real_system(const RingHeader* ring) {
  if (ProcessorTicks::kAreThere && kernel_counts_ticks(ring)) tick_clock.count_ticks();
  return {.now = now_nanos,
          .coarse_now = coarse_now_nanos,
          .random = fill_random,
          .is_stream_socket = is_stream_socket,
          .is_no_stream_socket = is_no_stream_socket,
          .is_same_file = is_same_file,
          .socket_names = socket_names,
          .allocate = allocate,
          .send_message = send_message,
          .yield = yield,
          .file_path = file_path};
}

}  // namespace kolben::agent
