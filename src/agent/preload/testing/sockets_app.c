// Ways to read, write and hand on connections that few programs use, by the first argument; what it
// prints is the same with the library and without. See programs_sockets_test.py.
#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static const char request[] = "GET /sockets HTTP/1.1\r\nHost: a\r\n\r\n";
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

static void close_pair(struct pair pair) {
  close(pair.client);
  close(pair.server);
}

// What comes up to `end`; how many bytes, 0: it does not come.
static size_t read_to(int file, const char* end, char* bytes, size_t room) {
  size_t size = 0;
  while (size < room - 1) {
    ssize_t got = recv(file, bytes + size, room - 1 - size, 0);
    if (got <= 0) return 0;
    size += (size_t)got;
    bytes[size] = 0;
    if (strstr(bytes, end) != NULL) return size;
  }
  return 0;
}
static int has(int file, const char* end) {
  char bytes[1024];
  return read_to(file, end, bytes, sizeof(bytes)) != 0;
}
static int says(int file, const char* text) {
  return send(file, text, strlen(text), 0) == (ssize_t)strlen(text);
}
static int exchange(struct pair pair) {
  return says(pair.client, request) && has(pair.server, "\r\n\r\n") &&
         says(pair.server, response) && has(pair.client, "ok");
}

static int comes(int file, short event) {
  struct pollfd wanted = {file, event, 0};
  return poll(&wanted, 1, 10000) == 1;
}

// Both look at what has come, twice, before they take it.
static int peeks(void) {
  struct pair pair = connected();
  char bytes[1024];
  int done = says(pair.client, request);
  for (int i = 0; i < 2; ++i) {
    done += recv(pair.server, bytes, strlen(request), MSG_PEEK | MSG_WAITALL) > 0;
  }
  done += has(pair.server, "\r\n\r\n") && says(pair.server, response);
  for (int i = 0; i < 2; ++i) {
    struct iovec piece = {bytes, strlen(response)};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    done += recvmsg(pair.client, &message, MSG_PEEK | MSG_WAITALL) == (ssize_t)strlen(response);
  }
  done += has(pair.client, "ok");
  done += exchange(pair);
  printf("peeks: %d\n", done);
  close_pair(pair);
  return 0;
}

static int throws_away(int file, size_t size) {
  while (size != 0) {
    ssize_t got = recv(file, NULL, size, MSG_TRUNC);
    if (got <= 0) return 0;
    size -= (size_t)got;
  }
  return 1;
}

// Bodies are thrown away unread.
static int truncates(void) {
  static const char post[] = "POST /sockets HTTP/1.1\r\nContent-Length: 1000\r\n\r\n";
  static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
  // Looks like a message of its own: whoever takes it for one is out of step.
  static const char begin[] =
      "GET /none HTTP/1.1\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n";
  static char body[1000];
  memcpy(body, begin, sizeof(begin) - 1);
  struct pair pair = connected();
  int done = 0;
  for (int i = 0; i < 3; ++i) {
    done += says(pair.client, post) && has(pair.server, "\r\n\r\n");
    done += send(pair.client, body, sizeof(body), 0) == (ssize_t)sizeof(body);
    done += throws_away(pair.server, sizeof(body));
    done += says(pair.server, head) && has(pair.client, "\r\n\r\n");
    done += send(pair.server, body, sizeof(body), 0) == (ssize_t)sizeof(body);
    done += throws_away(pair.client, sizeof(body));
  }
  done += exchange(pair);
  printf("truncates: %d\n", done);
  close_pair(pair);
  return 0;
}

// What the server reads is the client's own bytes; notices of the kernel's are no bytes of anybody.
static int copies_nothing(void) {
  struct pair pair = connected();
  const int on = 1;
  char bytes[1024], control[128];
  if (setsockopt(pair.client, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)) != 0) {
    printf("no MSG_ZEROCOPY\n");
    return 0;
  }
  int done = send(pair.client, request, strlen(request), MSG_ZEROCOPY) == (ssize_t)strlen(request);
  done += read_to(pair.server, "\r\n\r\n", bytes, sizeof(bytes)) == strlen(request);
  done += comes(pair.client, 0);
  struct iovec piece = {bytes, sizeof(bytes)};
  struct msghdr message = {.msg_iov = &piece,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = sizeof(control)};
  done += recvmsg(pair.client, &message, MSG_ERRQUEUE) == 0;
  done += says(pair.server, response) && has(pair.client, "ok");
  done += exchange(pair);
  printf("copies nothing: %d\n", done);
  close_pair(pair);
  return 0;
}

// A byte out of band between two requests, and one right behind a request.
static int urgent(void) {
  struct pair pair = connected();
  char bytes[1024], byte = 0, more[sizeof(request) + 1];
  snprintf(more, sizeof(more), "%s!", request);
  int done = exchange(pair);
  done += send(pair.client, "!", 1, MSG_OOB) == 1 && comes(pair.server, POLLPRI);
  done += recv(pair.server, &byte, 1, MSG_OOB) == 1 && byte == '!';
  done += exchange(pair);
  done += send(pair.client, more, strlen(more), MSG_OOB) == (ssize_t)strlen(more);
  done += comes(pair.server, POLLPRI) && recv(pair.server, &byte, 1, MSG_OOB) == 1;
  done += read_to(pair.server, "\r\n\r\n", bytes, sizeof(bytes)) == strlen(request);
  done += says(pair.server, response) && has(pair.client, "ok");
  printf("urgent: %d\n", done);
  close_pair(pair);
  return 0;
}

// --- connections that another process gets -------------------------------------------------------

static void pass(int channel, int file) {
  char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
  struct iovec piece = {&byte, 1};
  struct msghdr message = {.msg_iov = &piece,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = sizeof(control)};
  struct cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &file, sizeof(file));
  if (sendmsg(channel, &message, 0) != 1) abort();
}

static int passed(int channel) {
  char control[CMSG_SPACE(sizeof(int))], byte;
  struct iovec piece = {&byte, 1};
  struct msghdr message = {.msg_iov = &piece,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = sizeof(control)};
  int file = -1;
  if (recvmsg(channel, &message, 0) != 1) abort();
  memcpy(&file, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(file));
  return file;
}

// `served`: the child gets what the parent has accepted, else what it has connected.
static int passes(int served) {
  int channel[2], status = 0, done = 0;
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, channel) != 0) abort();
  pid_t child = fork();
  if (child == 0) {
    close(channel[0]);
    for (int i = 0; i < 2; ++i) {
      int file = passed(channel[1]);
      if (served) done += has(file, "\r\n\r\n") && says(file, response);
      if (!served) done += says(file, request) && has(file, "ok");
      close(file);
    }
    fflush(stdout);
    exit(done);
  }
  close(channel[1]);
  for (int i = 0; i < 2; ++i) {
    struct pair pair = connected();
    char bytes[1024];
    pass(channel[0], served ? pair.server : pair.client);
    close(served ? pair.server : pair.client);
    if (served) {
      done += says(pair.client, request) && has(pair.client, "ok");
      close(pair.client);
    } else {
      size_t size = read_to(pair.server, "\r\n\r\n", bytes, sizeof(bytes));
      done += size != 0 && says(pair.server, response);
      close(pair.server);
    }
  }
  waitpid(child, &status, 0);
  printf("passes: %d %d\n", done, WEXITSTATUS(status));
  return 0;
}

int main(int count, char** arguments) {
  const char* what = count > 1 ? arguments[1] : "";
  if (strcmp(what, "peek") == 0) return peeks();
  if (strcmp(what, "trunc") == 0) return truncates();
  if (strcmp(what, "zerocopy") == 0) return copies_nothing();
  if (strcmp(what, "urgent") == 0) return urgent();
  if (strcmp(what, "passed") == 0) return passes(1);
  if (strcmp(what, "passed-client") == 0) return passes(0);
  return 2;
}
