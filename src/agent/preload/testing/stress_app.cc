// Programs of a kind that is hard to watch; what they print is the same with the library and
// without (programs_stress_test.py).
//
//   churn N     N connections, one after the other, each with an exchange, on the same file numbers
//   many N      N connections at a time between two processes, each with a request that waits
//   body BYTES  one response of so many bytes
//   chunked BYTES  the same in chunks
//   head BYTES  a request whose head has so many bytes and no end
//   forks N     N children, each with an exchange, while threads of the parent have theirs
//   eperm KNOWN exchanges while the kernel refuses what a server does not need (seccomp); KNOWN:
//   not
//               the first ones
//   unseen      a connection whose end nobody sees, and a file that gets its number
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include "agent/preload/testing/loopback.h"

namespace {

using namespace kolben::agent::testing;  // NOLINT: a program

// Closed by a reset, the port is free at once: there are fewer ports than connections.
void reset_at_close(int file) {
  const linger now = {1, 0};
  setsockopt(file, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

void churn(long count) {
  Listener listener;
  long done = 0;
  for (long i = 0; i < count; ++i) {
    Pair pair(listener);
    reset_at_close(pair.client);
    done += exchange(pair) ? 1 : 0;
  }
  printf("churned: %ld\n", done);
}

// The clients' side, in a process of its own: a process may have too few files for both.
[[noreturn]] void ask_all(const Listener& listener, long count) {
  std::vector<int> files;
  bool done = true;
  for (long i = 0; i < count; ++i) {
    files.push_back(listener.connected());
    done = send_all(files.back(), kRequest, strlen(kRequest)) && done;
  }
  for (const int file : files) done = receive_until(file, "ok") && done;
  _exit(done ? 6 : 7);
}

void many(long count) {
  Listener listener;
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) ask_all(listener, count);
  std::vector<int> files;
  long asked = 0;
  for (long i = 0; i < count; ++i) {
    files.push_back(listener.accepted());
    asked += receive_until(files.back(), "\r\n\r\n") ? 1 : 0;
  }
  // All wait; now they are answered.
  for (const int file : files) send_all(file, kResponse, strlen(kResponse));
  int status = 0;
  waitpid(child, &status, 0);
  for (const int file : files) close(file);
  printf("at a time: %ld asked, answered: %d\n", asked, WEXITSTATUS(status) == 6);
}

struct Reader {
  int file;
  unsigned long long bytes;
};

void* read_all(void* argument) {
  auto* reader = static_cast<Reader*>(argument);
  std::vector<char> buffer(1 << 20);
  for (ssize_t size; (size = read(reader->file, buffer.data(), buffer.size())) > 0;) {
    reader->bytes += static_cast<unsigned long long>(size);
  }
  return nullptr;
}

void body(long long bytes) {
  Listener listener;
  Pair pair(listener);
  ask(pair);
  Reader reader = {pair.client, 0};
  pthread_t thread;
  pthread_create(&thread, nullptr, read_all, &reader);
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n";
  const std::vector<char> piece(1 << 20, 'b');
  bool sent = send_all(pair.server, head.data(), head.size());
  for (long long left = bytes; left > 0 && sent; left -= static_cast<long long>(piece.size())) {
    sent = send_all(pair.server, piece.data(),
                    static_cast<size_t>(std::min(left, static_cast<long long>(piece.size()))));
  }
  shutdown(pair.server, SHUT_WR);
  pthread_join(thread, nullptr);
  printf("body: %d, %llu bytes more than the head\n", sent, reader.bytes - head.size());
}

// The bytes of a piece, again and again; how many were sent, at least `bytes`, else -1.
long long send_again(int file, const std::string& piece, long long bytes) {
  long long sent = 0;
  for (; sent < bytes; sent += static_cast<long long>(piece.size())) {
    if (!send_all(file, piece.data(), piece.size())) return -1;
  }
  return sent;
}

void chunked(long long bytes) {
  Listener listener;
  Pair pair(listener);
  ask(pair);
  Reader reader = {pair.client, 0};
  pthread_t thread;
  pthread_create(&thread, nullptr, read_all, &reader);
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string chunk = "100000;a=b\r\n" + std::string(1 << 20, 'c') + "\r\n";
  const std::string end = "0\r\n\r\n";
  bool sent = send_all(pair.server, head.data(), head.size());
  const long long all = send_again(pair.server, chunk, bytes);
  sent = sent && all > 0 && send_all(pair.server, end.data(), end.size());
  shutdown(pair.server, SHUT_WR);
  pthread_join(thread, nullptr);
  printf("chunked: %d, received as sent: %d\n", sent,
         reader.bytes == head.size() + static_cast<unsigned long long>(all) + end.size());
}

void endless_head(long long bytes) {
  Listener listener;
  Pair pair(listener);
  Reader reader = {pair.server, 0};
  pthread_t thread;
  pthread_create(&thread, nullptr, read_all, &reader);
  const std::string begin = "GET /endless HTTP/1.1\r\n";
  const std::string line = "X-Y: " + std::string(10'000, 'z') + "\r\nHost: a\r\n";
  send_all(pair.client, begin.data(), begin.size());
  const long long all = send_again(pair.client, line, bytes);
  shutdown(pair.client, SHUT_WR);
  pthread_join(thread, nullptr);
  printf("head: received as sent: %d\n",
         reader.bytes == begin.size() + static_cast<unsigned long long>(all));
}

std::atomic<bool> is_over{false};

void* exchange_until_over(void* count) {
  Listener listener;
  while (!is_over) {
    Pair pair(listener);
    reset_at_close(pair.client);
    if (!exchange(pair)) return nullptr;
    ++*static_cast<std::atomic<long>*>(count);
  }
  return nullptr;
}

void forks(long count) {
  std::atomic<long> exchanges{0};
  std::vector<pthread_t> threads(4);
  for (pthread_t& thread : threads) {
    pthread_create(&thread, nullptr, exchange_until_over, &exchanges);
  }
  long done = 0;
  for (long i = 0; i < count; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      Listener listener;
      Pair pair(listener);
      _exit(exchange(pair) ? 6 : 7);
    }
    int status = 0;
    waitpid(child, &status, 0);
    done += WIFEXITED(status) && WEXITSTATUS(status) == 6 ? 1 : 0;
  }
  is_over = true;
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
  printf("forks: %ld, exchanges of threads: %d\n", done, exchanges > 0);
}

// Refuses what neither these exchanges nor the C library need for them.
bool refuse_the_unusual() {
  constexpr std::uint32_t kNumber = 0;                          // the offset of nr in seccomp_data
  constexpr std::uint32_t kNotAllowed = SECCOMP_RET_ERRNO | 1;  // EPERM
  constexpr long kRefused[] = {SYS_mmap,        SYS_madvise, SYS_openat,     SYS_getrandom,
                               SYS_getsockname, SYS_futex,   SYS_getsockopt, SYS_getpeername,
                               SYS_getpid,      SYS_kill};
  std::vector<sock_filter> filter = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNumber)};
  for (const long number : kRefused) {
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1));
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, kNotAllowed));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program = {static_cast<unsigned short>(filter.size()), filter.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

void eperm(bool is_known) {
  Listener listener;
  if (is_known) {
    Pair pair(listener);
    exchange(pair);
  }
  printf("refused: ");
  const bool refused = refuse_the_unusual();
  // New connections too: nothing of them could be asked before.
  bool done = true;
  for (int i = 0; i < 100; ++i) {
    Pair pair(listener);
    done = done && exchange(pair);
  }
  printf("%d, exchanges: %d\n", refused, done);
}

void unseen() {
  Listener listener;
  Pair pair(listener);
  ask(pair);
  long result = SYS_close;
#if defined(__x86_64__)
  // Behind the C library's back.
  __asm__ volatile("syscall" : "+a"(result) : "D"(pair.server) : "rcx", "r11", "memory");
#else
  result = close(pair.server);
#endif
  const int file = open("/dev/null", O_RDWR);
  printf("the same number: %d, written: %zd\n", file == pair.server,
         write(file, kResponse, strlen(kResponse)));
  pair.server = file;
  Pair again(listener);
  printf("after it: %d\n", exchange(again));
}

}  // namespace

int main(int count, char** arguments) {
  const std::string what = count > 1 ? arguments[1] : "";
  const long long number = count > 2 ? atoll(arguments[2]) : 0;
  rlimit files = {};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  if (what == "churn") churn(static_cast<long>(number));
  if (what == "many") many(static_cast<long>(number));
  if (what == "body") body(number);
  if (what == "chunked") chunked(number);
  if (what == "head") endless_head(number);
  if (what == "forks") forks(static_cast<long>(number));
  if (what == "eperm") eperm(number != 0);
  if (what == "unseen") unseen();
  return 0;
}
