// What the preload library does for a request, without the system calls around it: nginx's calls
// for a small file, kept-alive connections, a reader on another core. bench/agent_bench.py measures
// the whole in a real server; this tells in a second, and on a busy machine too, what a change did.
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <thread>

#include "agent/preload/connections.h"
#include "agent/preload/tick_clock.h"

namespace {

using namespace kolben::agent;

constexpr int kConnections = 16;
constexpr int kFirstFile = 5;
constexpr int kCalls = 3;  // in which there are bytes of an exchange
constexpr char kRequest[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1:41234\r\n\r\n";
constexpr char kResponse[] =
    "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Wed, 25 Nov 2026 22:28:18 GMT\r\n"
    "Content-Type: text/plain\r\nContent-Length: 612\r\n"
    "Last-Modified: Wed, 25 Nov 2026 22:28:18 GMT\r\nConnection: keep-alive\r\n"
    "ETag: \"65621111-264\"\r\nAccept-Ranges: bytes\r\n\r\n";

TickClock<KernelTicks> tick_clock;
std::uint64_t now() {
  return tick_clock.now();
}
void random(void* bytes, std::size_t size) {
  std::memset(bytes, 0x5a, size);
}
bool is_stream_socket(int) {
  return true;
}
void socket_names(int, SocketNames* names) {
  std::memcpy(names->local, "127.0.0.1", 9);
  names->local_size = 9;
  names->local_port = 80;
}
void* allocate(std::size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

void pin(unsigned core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core % std::thread::hardware_concurrency(), &cores);
  sched_setaffinity(0, sizeof cores, &cores);
}

// A ring and its reader, as the agent process reads it.
class Ring {
 public:
  Ring() {
    const std::string path = "/dev/shm/kolben-bench-" + std::to_string(getpid());
    ring_ = create_ring(path.c_str(), kDefaultSlots);
    unlink(path.c_str());
    reader_ = std::thread([this] {
      pin(1);
      RingReader reader(ring_);
      const auto buffer = std::make_unique<std::uint8_t[]>(kRecordBytesMax);
      while (!ends_) {
        while (reader.next(buffer.get(), now()) != 0) {
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
  }
  ~Ring() {
    ends_ = true;
    reader_.join();
    unmap_ring(ring_);
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  RingHeader* get() const { return ring_; }

 private:
  RingHeader* ring_ = nullptr;
  std::atomic<bool> ends_{false};
  std::thread reader_;
};

// What a kernel and a program do to the first-level caches and to the branch predictor between two
// calls of ours: a taken branch and a conditional one in each of kForeignLines lines of code, and
// as many lines of data. 64 KiB of each, twice what those caches have.
#if defined(__x86_64__)
asm(R"(
  .text
  .p2align 12
foreign_code:
  .rept 1024
  testl %edi, %edi
  js 1f
  addl $1, %esi
  jmp 1f
  .p2align 6
1:
  .endr
  ret
)");
extern "C" void foreign_code(int zero, int sum);
#else
void foreign_code(int, int) {}
#endif
constexpr std::size_t kForeignLines = 1024;

void be_elsewhere() {
  constexpr std::size_t kLine = 64;
  static std::uint8_t data[kForeignLines * kLine];
  foreign_code(0, 0);
  for (std::size_t i = 0; i < sizeof data; i += kLine) {
    benchmark::DoNotOptimize(++data[i]);
  }
}

// `Between` is called before each call of ours.
template <typename Between>
void exchange(benchmark::State& state, Between between) {
  pin(0);
  tick_clock.count_ticks();
  const System system = {.now = now,
                         .coarse_now = now,
                         .random = random,
                         .is_stream_socket = is_stream_socket,
                         .socket_names = socket_names,
                         .allocate = allocate,
                         .send_message = nullptr};
  Ring ring;
  Sampler sampler;
  const auto connections = std::make_unique<Connections>();
  connections->init(system, ring.get(), sampler, kTraceContext | kBaggage);
  connections->forked(1, 42);
  ThreadState thread;
  thread.tid = 1;
  sockaddr_in peer = {};
  peer.sin_family = AF_INET;
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int i = 0; i < kConnections; ++i) {
    connections->accepted(thread, kFirstFile + i, reinterpret_cast<sockaddr*>(&peer), sizeof peer);
  }
  const iovec request = {const_cast<char*>(kRequest), sizeof kRequest - 1};
  const iovec response = {const_cast<char*>(kResponse), sizeof kResponse - 1};
  int file = kFirstFile;
  for ([[maybe_unused]] const auto turn : state) {
    between();
    connections->waits_for_events(thread);
    connections->received(thread, file, &request, 1, request.iov_len);
    between();
    connections->sent(thread, file, &response, 1, response.iov_len);
    between();
    connections->sent_unseen(thread, file, 612);
    if (++file == kFirstFile + kConnections) file = kFirstFile;
  }
}

void settle(benchmark::internal::Benchmark* benchmark) {
  benchmark->MinTime(0.2)->Repetitions(9)->ReportAggregatesOnly(true);
}
// What it takes where nothing else runs, and where the program and the kernel run in between: of
// that `elsewhere` is to be subtracted.
BENCHMARK_CAPTURE(exchange, warm, [] {})->Apply(settle);
BENCHMARK_CAPTURE(exchange, cold, be_elsewhere)->Apply(settle);

void elsewhere(benchmark::State& state) {
  pin(0);
  for ([[maybe_unused]] const auto turn : state) {
    for (int i = 0; i < kCalls; ++i) be_elsewhere();
  }
}
BENCHMARK(elsewhere)->Apply(settle);

}  // namespace

BENCHMARK_MAIN();
