// What a program can see of the calls that the library stands behind: results, errno, short counts,
// file numbers, signals, cancellation, children. Prints it, one line each, the same with the
// library and without; programs_test.py compares.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/preload/testing/loopback.h"

namespace {

using namespace kolben::agent::testing;  // NOLINT: a program

// Not constants, so that the compiler does not see what is wrong on purpose.
volatile int no_file = -1;
volatile int wrong_count = -1;
epoll_event* volatile no_events = nullptr;
char** volatile no_strings = nullptr;

void say(const char* what, long result, int error) {
  printf("%s: %ld %s\n", what, result, result < 0 ? strerrorname_np(error) : "-");
}
#define SAY(call)                                                         \
  do {                                                                    \
    errno = 77;                                                           \
    const auto said = static_cast<long>(call);                            \
    const int error = errno;                                              \
    say(#call, said, error);                                              \
    if (said >= 0 && error != 77) printf("errno changed to %d\n", error); \
  } while (0)

int open_files() {
  int count = 0;
  for (int file = 0; file < 1024; ++file) count += fcntl(file, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

void failures() {
  char byte = 'x';
  iovec piece = {&byte, 1};
  msghdr message = {};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  SAY(read(no_file, &byte, 1));
  SAY(readv(no_file, &piece, 1));
  SAY(recv(no_file, &byte, 1, 0));
  SAY(recvmsg(no_file, &message, 0));
  SAY(write(no_file, &byte, 1));
  SAY(writev(no_file, &piece, 1));
  SAY(writev(1, &piece, wrong_count));
  SAY(send(no_file, &byte, 1, 0));
  SAY(sendmsg(no_file, &message, 0));
  SAY(send(1, &byte, 1, 0));
  SAY(close(no_file));
  SAY(close(100000));
  SAY(dup2(no_file, 5));
  SAY(dup3(1, 1, 0));
  SAY(shutdown(no_file, SHUT_WR));
  SAY(accept(no_file, nullptr, nullptr));
  SAY(connect(no_file, nullptr, 0));
  SAY(epoll_wait(no_file, no_events, 1, 0));
  SAY(syscall(SYS_close, no_file));
  SAY(execve("/nonexistent", no_strings, no_strings));
  Pair pair;
  const int flags = fcntl(pair.client, F_SETFL, O_NONBLOCK);
  say("nonblocking", flags, errno);
  SAY(recv(pair.client, &byte, 1, 0));
  close(pair.server);
  pair.server = -1;
  SAY(recv(pair.client, &byte, 1, 0));
  SAY(send(pair.client, &byte, 0, MSG_NOSIGNAL));
}

void counts() {
  Pair pair;
  char buffer[64];
  SAY(write(pair.client, kRequest, 10));
  SAY(recv(pair.server, buffer, sizeof(buffer), MSG_PEEK));
  SAY(recv(pair.server, buffer, 4, 0));
  SAY(recv(pair.server, buffer, 0, 0));
  SAY(read(pair.server, buffer, sizeof(buffer)));
  iovec pieces[3] = {{const_cast<char*>("abc"), 3}, {nullptr, 0}, {const_cast<char*>("de"), 2}};
  SAY(writev(pair.server, pieces, 3));
  SAY(recv(pair.client, buffer, sizeof(buffer), MSG_WAITALL | MSG_DONTWAIT));
  SAY(shutdown(pair.client, SHUT_WR));
  SAY(read(pair.server, buffer, sizeof(buffer)));
}

// A request that the kernel takes in pieces: what the program is told adds up to its own bytes.
void partial_writes() {
  Pair pair;
  const int small = 4096;
  setsockopt(pair.client, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
  fcntl(pair.client, F_SETFL, O_NONBLOCK);
  const std::string request = "POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n" +
                              std::string(3000000, 'b');
  size_t sent = 0;
  std::string seen;
  std::vector<char> buffer(65536);
  while (sent < request.size()) {
    const ssize_t size = write(pair.client, request.data() + sent, request.size() - sent);
    if (size > 0) sent += static_cast<size_t>(size);
    if (size < 0 && errno != EAGAIN) break;
    const ssize_t got = recv(pair.server, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got > 0) seen.append(buffer.data(), static_cast<size_t>(got));
  }
  shutdown(pair.client, SHUT_WR);
  for (ssize_t got; (got = read(pair.server, buffer.data(), buffer.size())) > 0;) {
    seen.append(buffer.data(), static_cast<size_t>(got));
  }
  const size_t received = seen.size() - seen.find("\r\n\r\n") - 4;
  printf("partial writes: %zu sent, %zu of the body received\n", sent, received);
}

void file_numbers() {
  const int before = open_files();
  {
    Pair pair;
    exchange(pair);
    const int copy = dup(pair.server);
    close(pair.server);
    pair.server = copy;
    printf("exchange over a copy: %d\n", exchange(pair));
    // The number of the old connection becomes a file, then another connection.
    close(pair.client);
    pair.client = open("/dev/null", O_RDWR);
    SAY(write(pair.client, kRequest, strlen(kRequest)));
  }
  printf("files: %d\n", open_files() - before);
  if (fork() == 0) {  // as daemons do
    for (int file = 3; file < 4096; ++file) close(file);
    close_range(3, ~0U, 0);
    closefrom(3);
    Pair pair;
    const bool done = exchange(pair);
    rlimit few = {20, 20};
    setrlimit(RLIMIT_NOFILE, &few);
    Pair again;
    printf("after closing all: %d, with 20 files: %d\n", done, exchange(again));
    fflush(stdout);
    _exit(0);
  }
  wait(nullptr);
}

std::atomic<int> ticks{0};
int tick_pipe[2];

void on_tick(int) {
  const int saved = errno;
  ++ticks;
  [[maybe_unused]] const ssize_t size = write(tick_pipe[1], "t", 1);
  errno = saved;
}

void signals_during_exchanges() {
  if (pipe2(tick_pipe, O_NONBLOCK | O_CLOEXEC) != 0) abort();
  struct sigaction action = {};
  action.sa_handler = on_tick;
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, nullptr);
  const itimerval often = {{0, 200}, {0, 200}};
  setitimer(ITIMER_REAL, &often, nullptr);
  Pair pair;
  int done = 0;
  for (int i = 0; i < 3000; ++i) {
    done += exchange(pair) ? 1 : 0;
    char byte[64];
    while (read(tick_pipe[0], byte, sizeof(byte)) > 0) {
    }
  }
  const itimerval never = {};
  setitimer(ITIMER_REAL, &never, nullptr);
  printf("exchanges under signals: %d, ticks seen: %d\n", done, ticks.load() > 0);
}

sigjmp_buf out_of_read;
void jump(int) {
  siglongjmp(out_of_read, 1);
}

void leaving_a_call() {
  Pair pair;
  signal(SIGUSR1, jump);
  if (sigsetjmp(out_of_read, 1) == 0) {
    pthread_t self = pthread_self();
    pthread_t thread;
    pthread_create(
        &thread, nullptr,
        [](void* target) -> void* {
          usleep(20000);
          pthread_kill(*static_cast<pthread_t*>(target), SIGUSR1);
          return nullptr;
        },
        &self);
    pthread_detach(thread);
    char byte;
    [[maybe_unused]] const ssize_t size = read(pair.server, &byte, 1);
  }
  printf("after a jump out of read: %d\n", exchange(pair));

  pthread_t thread;
  pthread_create(
      &thread, nullptr,
      [](void* file) -> void* {
        char one;
        [[maybe_unused]] const ssize_t size = recv(*static_cast<int*>(file), &one, 1, 0);
        return nullptr;
      },
      &pair.server);
  usleep(20000);
  pthread_cancel(thread);
  void* result = nullptr;
  pthread_join(thread, &result);
  printf("canceled in recv: %d, after it: %d\n", result == PTHREAD_CANCELED, exchange(pair));
}

void children() {
  Pair pair;
  int status = 0;
  for (int i = 0; i < 50; ++i) {
    const pid_t child = vfork();
    if (child == 0) _exit(9);
    waitpid(child, &status, 0);
  }
  printf("vfork: %d, after it: %d\n", WEXITSTATUS(status), exchange(pair));
  pid_t child = 0;
  char* const arguments[] = {const_cast<char*>("sh"), const_cast<char*>("-c"),
                             const_cast<char*>("exit 4"), nullptr};
  char* const nothing[] = {nullptr};
  SAY(posix_spawn(&child, "/bin/sh", nullptr, nullptr, arguments, nothing));
  waitpid(child, &status, 0);
  printf("posix_spawn: %d\n", WEXITSTATUS(status));
  SAY(posix_spawn(&child, "/nonexistent", nullptr, nullptr, arguments, nothing));
  child = fork();
  if (child == 0) {
    Pair own;
    _exit(exchange(own) ? 6 : 7);
  }
  waitpid(child, &status, 0);
  printf("fork: %d, after it: %d\n", WEXITSTATUS(status), exchange(pair));
  child = vfork();
  if (child == 0) {
    execle("/bin/sh", "sh", "-c", "exit 8", nullptr, nothing);
    _exit(1);
  }
  waitpid(child, &status, 0);
  printf("vfork and exec: %d, after it: %d\n", WEXITSTATUS(status), exchange(pair));
}

// Children that the C library does not tell anybody of, and one in our memory.
void children_by_other_ways() {
  Pair pair;
  int status = 0;
  pid_t child = _Fork();
  if (child == 0) {
    Pair own;
    _exit(exchange(own) ? 6 : 7);
  }
  waitpid(child, &status, 0);
  printf("_Fork: %d\n", WEXITSTATUS(status));
  child = static_cast<pid_t>(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
  if (child == 0) {
    Pair own;
    _exit(exchange(own) ? 6 : 7);
  }
  waitpid(child, &status, 0);
  printf("raw clone: %d\n", WEXITSTATUS(status));

  send_all(pair.client, kRequest, strlen(kRequest));
  receive_until(pair.server, "\r\n\r\n");
  static char stack[65536];
  child = clone(
      [](void* file) {
        close(*static_cast<int*>(file));
        return 5;
      },
      stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, &pair.server);
  waitpid(child, &status, 0);
  const bool answered = send_all(pair.server, kResponse, strlen(kResponse));
  printf("clone: %d, after it: %d\n", WEXITSTATUS(status),
         answered && receive_until(pair.client, "ok"));
}

// A process that forbids itself everything but reading, writing and ending, on connections that it
// has already.
bool forbid_the_rest() {
  constexpr std::uint32_t kNumber = 0;  // the offset of nr in seccomp_data
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNumber),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_read, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  const sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

void under_seccomp() {
  Pair pair;
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    char buffer[256];
    bool done = forbid_the_rest();
    done = done && write(pair.client, kRequest, strlen(kRequest)) > 0;
    done = done && read(pair.server, buffer, sizeof(buffer)) > 0;
    done = done && write(pair.server, kResponse, strlen(kResponse)) > 0;
    done = done && read(pair.client, buffer, sizeof(buffer)) > 0;
    syscall(SYS_exit, done ? 5 : 6);
  }
  int status = 0;
  waitpid(child, &status, 0);
  printf("under seccomp: %d, signal %d\n", WEXITSTATUS(status), WTERMSIG(status));
}

void many_threads() {
  std::vector<pthread_t> threads(1000);
  static std::atomic<int> done{0};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 65536);
  for (pthread_t& thread : threads) {
    pthread_create(
        &thread, &attributes,
        [](void*) -> void* {
          Pair pair;
          done += exchange(pair) ? 1 : 0;
          return nullptr;
        },
        nullptr);
  }
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
  printf("threads: %d\n", done.load());
}

}  // namespace

int main() {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  failures();
  counts();
  partial_writes();
  file_numbers();
  signals_during_exchanges();
  leaving_a_call();
  children();
  children_by_other_ways();
  under_seccomp();
  many_threads();
  return 0;
}
