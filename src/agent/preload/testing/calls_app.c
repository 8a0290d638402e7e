// Calls and ways that few programs use, by the first argument; what it prints is the same with the
// library and without. See programs_calls_test.py.
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static const char request[] = "GET /calls HTTP/1.1\r\nHost: a\r\n\r\n";
static const char response[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

struct pair {
  int client, server;
};

static struct pair connected(void) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t size = sizeof(address);
  struct pair pair;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr*)&address, size) != 0 || listen(listener, 4) != 0 ||
      getsockname(listener, (struct sockaddr*)&address, &size) != 0) {
    abort();
  }
  pair.client = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(pair.client, (struct sockaddr*)&address, size) != 0) abort();
  pair.server = accept(listener, NULL, NULL);
  close(listener);
  return pair;
}

static int has(int file, const char* end) {
  char bytes[1024];
  size_t size = 0;
  while (size < sizeof(bytes) - 1) {
    ssize_t got = recv(file, bytes + size, sizeof(bytes) - 1 - size, 0);
    if (got <= 0) return 0;
    size += (size_t)got;
    bytes[size] = 0;
    if (strstr(bytes, end) != NULL) return 1;
  }
  return 0;
}

static int ask(struct pair pair) {
  return send(pair.client, request, strlen(request), 0) > 0 && has(pair.server, "\r\n\r\n");
}
static int answer(struct pair pair) {
  return send(pair.server, response, strlen(response), 0) > 0 && has(pair.client, "ok");
}
static int exchange(struct pair pair) {
  return ask(pair) && answer(pair);
}
static void close_pair(struct pair pair) {
  close(pair.client);
  close(pair.server);
}

// --- lock FLAGS LIMIT_KIB [used] [threads]
// ----------------------------------------------------------------

static long status_kib(const char* name) {
  char line[256];
  long value = -1;
  FILE* status = fopen("/proc/self/status", "r");
  while (status != NULL && fgets(line, sizeof(line), status) != NULL) {
    if (strncmp(line, name, strlen(name)) == 0) value = atol(line + strlen(name) + 1);
  }
  if (status != NULL) fclose(status);
  return value;
}

static void without_right_to_lock(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &header, data) != 0) abort();
  data[0].effective &= ~(1U << CAP_IPC_LOCK);
  if (syscall(SYS_capset, &header, data) != 0) abort();
}

static void* nothing(void* argument) {
  return argument;
}

static int lock(int flags, long limit_kib, int used, int threads) {
  pthread_t thread;
  if (threads && pthread_create(&thread, NULL, nothing, NULL) == 0) pthread_join(thread, NULL);
  if (limit_kib >= 0) {
    struct rlimit limit = {(rlim_t)limit_kib << 10, (rlim_t)limit_kib << 10};
    if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0) abort();
    without_right_to_lock();
  }
  if (used) {
    struct pair pair = connected();
    printf("before: %d\n", exchange(pair));
    close_pair(pair);
  }
  int result = mlockall(flags);
  printf("mlockall: %d %s\n", result, result == 0 ? "" : strerror(errno));
  void* more = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  printf("1 MiB more: %s\n", more == MAP_FAILED ? strerror(errno) : "yes");
  struct pair pair = connected();
  printf("after: %d\n", exchange(pair));
  close_pair(pair);
  fflush(stdout);
  fprintf(stderr, "%ld %ld\n", status_kib("VmLck"), status_kib("VmRSS"));
  return 0;
}

// --- jumps --------------------------------------------------------------------------------------

static sigjmp_buf out;
static volatile long jumps;
static void jump(int number) {
  (void)number;
  ++jumps;
  siglongjmp(out, 1);
}

// A timeout as programs had it before there were others: wherever the alarm finds it.
static int jump_out(long wanted) {
  struct sigaction action = {.sa_handler = jump};
  struct itimerval once = {{0, 0}, {0, 0}}, never = {{0, 0}, {0, 0}};
  sigaction(SIGALRM, &action, NULL);
  volatile struct pair pair = connected();
  if (sigsetjmp(out, 1) != 0 || jumps == 0) {
    close(pair.client);
    close(pair.server);
    struct pair next = connected();
    pair.client = next.client;
    pair.server = next.server;
    if (jumps < wanted) {
      // Another moment each time.
      once.it_value.tv_usec = 20 + (jumps * 7) % 300;
      setitimer(ITIMER_REAL, &once, NULL);
      for (;;) exchange(next);
    }
  }
  setitimer(ITIMER_REAL, &never, NULL);
  struct pair last = {pair.client, pair.server};
  int done = 0;
  for (int i = 0; i < 10; ++i) done += exchange(last);
  close_pair(last);
  printf("after %ld jumps: %d\n", jumps, done);
  return 0;
}

// --- forks: the parent reads the request, a child answers ----------------------------------------

static int forks(void) {
  for (int closes_first = 0; closes_first < 2; ++closes_first) {
    struct pair pair = connected();
    int go[2];
    if (pipe(go) != 0 || !ask(pair)) return 1;
    pid_t child = fork();
    if (child == 0) {
      char byte;
      close(go[1]);
      ssize_t size = read(go[0], &byte, 1);  // until the parent has closed
      (void)size;
      size = send(pair.server, response, strlen(response), 0);
      _exit(size > 0 ? 3 : 4);
    }
    int status = 0;
    close(go[0]);
    if (closes_first) close(pair.server);
    close(go[1]);
    printf("answered: %d", has(pair.client, "ok"));
    waitpid(child, &status, 0);
    printf(", child: %d\n", WEXITSTATUS(status));
    if (!closes_first) close(pair.server);
    close(pair.client);
  }
  return 0;
}

// --- copies of file numbers ----------------------------------------------------------------------

static int copy_of(int file, int how) {
  switch (how) {
    case 0:
      return dup(file);
    case 1:
      return dup2(file, 100);
    case 2:
      return dup3(file, 101, O_CLOEXEC);
    case 3:
      return fcntl(file, F_DUPFD, 50);
    default:
      return fcntl(file, F_DUPFD_CLOEXEC, 60);
  }
}

static int copies(void) {
  for (int how = 0; how < 5; ++how) {
    struct pair pair = connected();
    int done = ask(pair);
    int copy = copy_of(pair.server, how);
    struct pair other = {pair.client, copy};
    done += answer(other);
    done += exchange(pair);
    close(pair.server);
    done += exchange(other);
    int client = copy_of(pair.client, 0);
    done += send(client, request, strlen(request), 0) > 0 && has(copy, "\r\n\r\n");
    close(client);
    done += answer(other);
    printf("copy %d: %d\n", how, done);
    close_pair(other);
  }
  return 0;
}

// As inetd does: the program has the connection as its input and output.
static int inetd(char** command) {
  struct pair pair = connected();
  pid_t child = fork();
  if (child == 0) {
    dup2(pair.server, 0);
    dup2(pair.server, 1);
    close_pair(pair);
    execvp(command[0], command);
    _exit(9);
  }
  close(pair.server);
  int status = 0, answered = 0;
  if (send(pair.client, request, strlen(request), 0) > 0) answered = has(pair.client, "ok");
  waitpid(child, &status, 0);
  printf("answered: %d, ended: %d\n", answered, WEXITSTATUS(status));
  close(pair.client);
  return 0;
}

// --- what only the kernel sees, and many at once -------------------------------------------------

static int all_through(int from, int to, size_t size) {
  while (size != 0) {
    ssize_t moved = splice(from, NULL, to, NULL, size, 0);
    if (moved <= 0) return 0;
    size -= (size_t)moved;
  }
  return 1;
}

static int spliced(void) {
  static const char post[] = "POST /calls HTTP/1.1\r\nContent-Length: 1000\r\n\r\n";
  static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
  // Looks like an answer of its own: whoever takes it for one is out of step.
  static char body[1000] = "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n";
  struct pair pair = connected();
  int through[2], done = 0;
  if (pipe(through) != 0) return 1;
  for (int i = 0; i < 3; ++i) {
    done += send(pair.client, post, strlen(post), 0) > 0 && has(pair.server, "\r\n\r\n");
    done += send(pair.client, body, sizeof(body), 0) == (ssize_t)sizeof(body);
    done += all_through(pair.server, through[1], sizeof(body));
    done += send(pair.server, head, strlen(head), 0) > 0 && has(pair.client, "\r\n\r\n");
    done += all_through(through[0], pair.server, sizeof(body));
    done += all_through(pair.client, through[1], sizeof(body));
    done += read(through[0], body, sizeof(body)) == (ssize_t)sizeof(body);
  }
  done += exchange(pair);
  printf("spliced: %d\n", done);
  close_pair(pair);
  return 0;
}

static int many_at_once(void) {
  struct pair pair = connected();
  char bytes[2][64];
  int done = 0;
  for (int i = 0; i < 3; ++i) {
    struct iovec asked[2] = {{(char*)request, 20}, {(char*)request + 20, strlen(request) - 20}};
    struct iovec part[2] = {{bytes[0], 20}, {bytes[1], strlen(request) - 20}};
    struct iovec room[2] = {{bytes[0], sizeof(bytes[0])}, {bytes[1], sizeof(bytes[1])}};
    struct mmsghdr messages[2], taken[2];
    memset(messages, 0, sizeof(messages));
    memset(taken, 0, sizeof(taken));
    for (int j = 0; j < 2; ++j) {
      messages[j].msg_hdr.msg_iov = &asked[j];
      messages[j].msg_hdr.msg_iovlen = 1;
      taken[j].msg_hdr.msg_iov = &part[j];
      taken[j].msg_hdr.msg_iovlen = 1;
    }
    done += sendmmsg(pair.client, messages, 2, 0) == 2;
    done += recvmmsg(pair.server, taken, 2, MSG_WAITALL, NULL) == 2;
    struct iovec answered[2] = {{(char*)response, 10},
                                {(char*)response + 10, strlen(response) - 10}};
    done += pwritev2(pair.server, answered, 2, -1, 0) == (ssize_t)strlen(response);
    done += preadv2(pair.client, room, 2, -1, 0) == (ssize_t)strlen(response);
  }
  printf("many at once: %d\n", done);
  close_pair(pair);
  return 0;
}

// --- stack BYTES: what a thread needs ------------------------------------------------------------

static void* in_thread(void* what) {
  struct pair pair = connected();
  int done = exchange(pair);
  close_pair(pair);
  if (what != NULL) {
    char* arguments[] = {"true", NULL};
    pid_t child = 0;
    int status = -1;
    done += posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environ) == 0;
    waitpid(child, &status, 0);
    done += status == 0;
    child = vfork();
    if (child == 0) {
      execve("/bin/true", arguments, environ);
      _exit(1);
    }
    waitpid(child, &status, 0);
    done += status == 0;
  }
  return (void*)(long)done;
}

static int with_stack(size_t bytes, int starts) {
  unsigned char* stack =
      mmap(NULL, bytes + 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(stack, 65536, PROT_NONE);  // further down than a frame
  stack += 65536;
  memset(stack, 0xa5, bytes);
  pthread_attr_t attributes;
  pthread_t thread;
  void* done = NULL;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, stack, bytes);
  if (pthread_create(&thread, &attributes, in_thread, starts ? stack : NULL) != 0) return 1;
  pthread_join(thread, &done);
  size_t untouched = 0;
  while (untouched < bytes && stack[untouched] == 0xa5) ++untouched;
  printf("in a thread: %ld\n", (long)done);
  fprintf(stderr, "%zu\n", bytes - untouched);
  return 0;
}

// From here on a clock's look at the processor's counter is death, and so are, in the strict mode,
// all calls but read(), write() and the end of a thread.
static void forbid(const char* how) {
  int failed = 1;
  if (strcmp(how, "strict") == 0) failed = prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
  if (strcmp(how, "syscall") == 0)
    failed = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL);
  if (strcmp(how, "tsc") == 0) failed = prctl(PR_SET_TSC, PR_TSC_SIGSEGV);
  if (failed != 0) _exit(99);
}

static int without_clock(const char* how) {
  const struct pair pair = connected();
  const struct pair open = connected();  // where an answer never comes
  printf("before: %d\n", exchange(pair) + ask(open));
  fflush(stdout);
  forbid(how);
  static const char line[] = "still here\n";
  for (int i = 0; i < 3; ++i) {
    if (write(1, line, sizeof(line) - 1) != sizeof(line) - 1) syscall(SYS_exit, 98);
    if (write(pair.client, request, sizeof(request) - 1) < 0) syscall(SYS_exit, 97);
  }
  syscall(SYS_exit, 7);
  return 0;
}

// Meanwhile the kernel has taken a part of what is written for a request; how much the server reads
// of it goes to stderr.
static int without_clock_within_a_request(const char* how) {
  const struct pair pair = connected();
  const size_t size = sizeof(request) - 1;
  void (*limit_next_write)(size_t) = (void (*)(size_t))dlsym(RTLD_DEFAULT, "limit_next_write");
  if (limit_next_write != NULL) limit_next_write(size + 8);
  size_t sent = (size_t)write(pair.client, request, size);
  forbid(how);
  for (int i = 0; i < 9 && sent < size; ++i) {
    const ssize_t more = write(pair.client, request + sent, size - sent);
    if (more > 0) sent += (size_t)more;
  }
  static char seen[1024];
  size_t count = 0;
  while (count < 4 || memcmp(seen + count - 4, "\r\n\r\n", 4) != 0) {
    const ssize_t got = read(pair.server, seen + count, sizeof(seen) - count);
    if (got <= 0) syscall(SYS_exit, 98);
    count += (size_t)got;
  }
  if (memcmp(seen, request, size - 2) != 0) syscall(SYS_exit, 97);
  write(2, seen + size - 2, count - size);
  syscall(SYS_exit, 7);
  return 0;
}

int main(int count, char** arguments) {
  const char* what = count > 1 ? arguments[1] : "";
  if (strcmp(what, "lock") == 0) {
    return lock(atoi(arguments[2]), atol(arguments[3]), count > 4, count > 5);
  }
  if (strcmp(what, "jumps") == 0) return jump_out(atol(arguments[2]));
  if (strcmp(what, "forks") == 0) return forks();
  if (strcmp(what, "copies") == 0) return copies();
  if (strcmp(what, "inetd") == 0) return inetd(arguments + 2);
  if (strcmp(what, "splice") == 0) return spliced();
  if (strcmp(what, "many") == 0) return many_at_once();
  if (strcmp(what, "stack") == 0) return with_stack((size_t)atol(arguments[2]), count > 3);
  if (strcmp(what, "clockless") == 0) return without_clock(arguments[2]);
  if (strcmp(what, "within") == 0) return without_clock_within_a_request(arguments[2]);
  return 2;
}
