// CallFilter: which of our own system calls the program's filters (seccomp) let pass. A sandboxed
// program is killed for a call that it does not make itself, so we ask the filter first, as the
// kernel would, and do without.
//
// Filters that were there before the library are not known; they let a program be loaded and begin.
// Any thread: what is forbidden once stays so, in all threads, as a filter may be for one of them.
#pragma once

#include <atomic>
#include <cstdint>

struct sock_fprog;

namespace kolben::agent {

// What we call for ourselves once the program runs.
enum class OwnCall : std::uint8_t {
  kGetsockname,
  kGetpeername,
  kGetsockopt,
  kGetpid,
  kMmap,  // of memory that is nobody else's
  kSendmsg,
  kSendto,
  kWritev,
  kReadlink,
  kSigaltstack,
  kSchedYield,
  kMemory,  // to manage what is mapped, see OwnMemory
  // All that the library calls at the begin of another program, and before it to look at its file.
  kStart,
};

// What a call of prctl() or seccomp() is to add.
struct NewFilter {
  bool is_one = false;
  // Null: no call and no clock any more: the strict mode, or PR_TSC_SIGSEGV, with which the C
  // library's clock_gettime() is death.
  const sock_fprog* program = nullptr;
};
NewFilter filter_of_prctl(long option, long mode, long program);
// Of syscall(), by which libseccomp adds its filters.
NewFilter filter_of_syscall(long number, const long* arguments);

class CallFilter {
 public:
  // The kernel has taken it. Null: nothing is left, see NewFilter.
  void add(const sock_fprog* program);
  bool allows(OwnCall call) const {
    return (forbidden_.load(std::memory_order_relaxed) & bit(call)) == 0;
  }
  // Both ways to write several pieces at once.
  bool allows_vectors() const {
    const std::uint32_t both = bit(OwnCall::kSendmsg) | bit(OwnCall::kWritev);
    return (forbidden_.load(std::memory_order_relaxed) & both) == 0;
  }

 private:
  static constexpr std::uint32_t bit(OwnCall call) { return 1U << static_cast<unsigned>(call); }

  std::atomic<std::uint32_t> forbidden_{0};
};

}  // namespace kolben::agent
