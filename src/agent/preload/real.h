// The functions behind our hooks: what the program would have called without us. Found by
// dlsym(RTLD_NEXT), all at once in the constructor, or one by one if a hook runs before that.
#pragma once

namespace kolben::agent {

// clang-format off: it can not settle on a layout for this list
#define KOLBEN_REAL_FUNCTIONS(X) \
  X(accept) X(accept4) X(listen) X(connect) X(getsockopt) X(read) X(readv) X(recv) X(recvfrom) \
  X(recvmsg)   X(__read_chk) X(__recv_chk) X(__recvfrom_chk) X(write) X(writev) X(send) X(sendto) \
  X(sendmsg) X(sendfile) X(close) X(close_range) X(closefrom) X(shutdown) X(dup2) X(dup3) \
  X(fclose) X(freopen) X(freopen64) X(epoll_wait) X(epoll_pwait) X(epoll_pwait2) X(syscall) \
  X(mlockall) X(dup) X(fcntl) X(fcntl64) \
  X(preadv2) X(pwritev2) X(sendmmsg) X(recvmmsg) X(splice) \
  X(_exit) X(quick_exit) X(prctl) X(wait) X(waitpid) X(wait3) X(wait4) X(waitid) \
  X(execve) X(execvpe) X(fexecve) X(execveat) X(posix_spawn) X(posix_spawnp) X(vfork) X(clone) \
  X(vprintf) X(vfprintf) X(vdprintf) X(__vprintf_chk) X(__vfprintf_chk) X(__vdprintf_chk) \
  X(puts) X(fputs) X(fputs_unlocked) X(fwrite) X(fwrite_unlocked) X(putchar) \
  X(putchar_unlocked) X(fputc) X(fputc_unlocked) X(putc) X(putc_unlocked) \
  X(__overflow) X(fflush) X(fflush_unlocked) X(pwrite) X(pwrite64) X(pwritev) X(pwritev64) \
  X(pclose) \
  X(error) X(error_at_line) X(perror) X(warn) X(vwarn) X(warnx) X(vwarnx) X(err) X(verr) \
  X(errx) X(verrx) X(__assert_fail) X(getopt) X(getopt_long) X(getopt_long_only) \
  X(vfwprintf) X(__vfwprintf_chk) X(fputws) X(fputws_unlocked) \
  X(fputwc) X(fputwc_unlocked) X(putwc) X(putwc_unlocked) X(putwchar) X(putwchar_unlocked)
// clang-format on

enum class Real : int {
#define KOLBEN_REAL_NAME(name) k_##name,
  KOLBEN_REAL_FUNCTIONS(KOLBEN_REAL_NAME)
#undef KOLBEN_REAL_NAME
      kCount
};

void resolve_all();
// Null: this libc has no such function.
void* real_address(Real function);

template <typename Function>
Function real(Real function) {
  return reinterpret_cast<Function>(real_address(function));
}

}  // namespace kolben::agent

// The real function of a declared name: KOLBEN_REAL(read)(file, buffer, size)
#define KOLBEN_REAL(name) \
  (::kolben::agent::real<decltype(&::name)>(::kolben::agent::Real::k_##name))
