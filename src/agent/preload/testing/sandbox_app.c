// Allows itself the calls that it makes, and is killed for any other; then makes connections,
// begins children.
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#define STEPS_MAX 128
static const int own[] = {SYS_read,
                          SYS_write,
                          SYS_close,
                          SYS_socket,
                          SYS_connect,
                          SYS_accept,
                          SYS_accept4,
                          SYS_sendto,
                          SYS_recvfrom,
                          SYS_listen,
                          SYS_bind,
                          SYS_exit,
                          SYS_exit_group,
                          SYS_wait4,
                          SYS_clone,
                          SYS_clone3,
                          SYS_set_robust_list,
                          SYS_rseq,
                          SYS_rt_sigprocmask,
                          SYS_gettid};
static int forbid(int by_prctl) {
  static struct sock_filter steps[STEPS_MAX];
  unsigned short count = 0;
  steps[count++] =
      (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); ++i) {
    steps[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, own[i], 0, 1);
    steps[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  }
  steps[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  struct sock_fprog program = {count, steps};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return by_prctl ? prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)
                  : (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}
static void say(const char* text) {
  if (write(1, text, strlen(text)) < 0) _exit(9);
}
static char bytes[1 << 16];
static int exchange(int listener, const struct sockaddr* address, const char* request, size_t size,
                    const char* answer) {
  int client = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(client, address, sizeof(struct sockaddr_in)) != 0) return 0;
  int server = accept(listener, NULL, NULL);
  if (send(client, request, size, 0) != (ssize_t)size) return 0;
  for (size_t got = 0; got < size;) {
    ssize_t some = recv(server, bytes, sizeof(bytes), 0);
    if (some <= 0) return 0;
    got += (size_t)some;
  }
  if (write(server, answer, strlen(answer)) <= 0 || read(client, bytes, sizeof(bytes)) <= 0)
    return 0;
  close(client);
  close(server);
  return 1;
}
int main(int count, char** arguments) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  socklen_t size = sizeof(address);
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr*)&address, size) != 0 || listen(listener, 4) != 0) return 1;
  getsockname(listener, (struct sockaddr*)&address, &size);
  if (forbid(count > 1 && strcmp(arguments[1], "prctl") == 0) != 0) return 2;
  const char get[] = "GET /sandbox HTTP/1.1\r\nHost: a\r\n\r\n";
  static char post[20000] = "POST /sandbox HTTP/1.1\r\nHost: a\r\nContent-Length: 19945\r\n\r\n";
  const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  const char ping[] = "*1\r\n$4\r\nPING\r\n";
  const struct sockaddr* to = (const struct sockaddr*)&address;
  int done = 0;
  for (int i = 0; i < 3; ++i) done += exchange(listener, to, get, sizeof(get) - 1, ok);
  say(done == 3 ? "small requests\n" : "small requests failed\n");
  say(exchange(listener, to, post, sizeof(post), ok) ? "large ones\n" : "large ones failed\n");
  say(exchange(listener, to, ping, sizeof(ping) - 1, "+PONG\r\n") ? "a database\n"
                                                                  : "no database\n");
  int another = socket(AF_INET, SOCK_STREAM, 0);
  say(listen(another, 4) == 0 ? "another port\n" : "no other port\n");
  pid_t child = fork();
  if (child == 0) {
    say(exchange(listener, to, get, sizeof(get) - 1, ok) ? "of a child\n" : "of a child failed\n");
    _exit(5);
  }
  int status = 0;
  waitpid(child, &status, 0);
  say(WIFEXITED(status) && WEXITSTATUS(status) == 5 ? "a child\n" : "no child\n");
  return 3;
}
