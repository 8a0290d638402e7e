#include "agent/preload/call_filter.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cstddef>

namespace kolben::agent {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kMachine = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kMachine = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t kMachine = 0;  // no filter lets it pass, so that we call nothing
#endif

struct Machine {
  std::uint32_t a = 0;
  std::uint32_t x = 0;
  std::uint32_t memory[BPF_MEMWORDS] = {};
};

std::uint32_t calculated(std::uint16_t operation, std::uint32_t a, std::uint32_t b) {
  switch (operation) {
    case BPF_ADD:
      return a + b;
    case BPF_SUB:
      return a - b;
    case BPF_MUL:
      return a * b;
    case BPF_DIV:
      return b == 0 ? 0 : a / b;
    case BPF_OR:
      return a | b;
    case BPF_AND:
      return a & b;
    case BPF_XOR:
      return a ^ b;
    case BPF_LSH:
      return b < 32 ? a << b : 0;
    case BPF_RSH:
      return b < 32 ? a >> b : 0;
    case BPF_NEG:
      return 0 - a;
    default:
      return a;
  }
}

bool jumps(std::uint16_t operation, std::uint32_t a, std::uint32_t b) {
  switch (operation) {
    case BPF_JEQ:
      return a == b;
    case BPF_JGT:
      return a > b;
    case BPF_JGE:
      return a >= b;
    default:
      return (a & b) != 0;  // BPF_JSET
  }
}

std::uint32_t loaded(const sock_filter& step, const Machine& machine, const seccomp_data& data) {
  switch (BPF_MODE(step.code)) {
    case BPF_ABS: {
      std::uint32_t word = 0;
      if (step.k > sizeof(data) - sizeof(word)) return 0;
      __builtin_memcpy(&word, reinterpret_cast<const char*>(&data) + step.k, sizeof(word));
      return word;
    }
    case BPF_MEM:
      return step.k < BPF_MEMWORDS ? machine.memory[step.k] : 0;
    case BPF_LEN:
      return sizeof(data);
    default:
      return step.k;  // BPF_IMM
  }
}

// What the filter returns for the call. The kernel has checked the program: it jumps forward alone,
// so that it ends.
std::uint32_t answer(const sock_fprog& program, const seccomp_data& data) {
  Machine machine;
  for (std::size_t at = 0; at < program.len; ++at) {
    const sock_filter& step = program.filter[at];
    const std::uint32_t operand = BPF_SRC(step.code) == BPF_X ? machine.x : step.k;
    switch (BPF_CLASS(step.code)) {
      case BPF_LD:
        machine.a = loaded(step, machine, data);
        break;
      case BPF_LDX:
        machine.x = loaded(step, machine, data);
        break;
      case BPF_ST:
      case BPF_STX:
        if (step.k < BPF_MEMWORDS) {
          machine.memory[step.k] = BPF_CLASS(step.code) == BPF_ST ? machine.a : machine.x;
        }
        break;
      case BPF_ALU:
        machine.a = calculated(BPF_OP(step.code), machine.a, operand);
        break;
      case BPF_JMP:
        if (BPF_OP(step.code) == BPF_JA) {
          at += step.k;
        } else {
          at += jumps(BPF_OP(step.code), machine.a, operand) ? step.jt : step.jf;
        }
        break;
      case BPF_RET:
        return BPF_RVAL(step.code) == BPF_A ? machine.a : step.k;
      default:  // BPF_MISC
        if (BPF_MISCOP(step.code) == BPF_TAX) {
          machine.x = machine.a;
        } else {
          machine.a = machine.x;
        }
        break;
    }
  }
  return SECCOMP_RET_KILL_PROCESS;  // it has no end
}

bool passes(const sock_fprog& program, const seccomp_data& data) {
  const std::uint32_t action = answer(program, data) & SECCOMP_RET_ACTION_FULL;
  return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}

seccomp_data call_of(long number) {
  seccomp_data data = {};
  data.nr = static_cast<int>(number);
  data.arch = kMachine;
  return data;
}

bool passes(const sock_fprog& program, long number) {
  return passes(program, call_of(number));
}

bool passes_mmap(const sock_fprog& program) {
  seccomp_data data = call_of(SYS_mmap);
  data.args[2] = PROT_READ | PROT_WRITE;
  data.args[3] = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  data.args[4] = ~std::uint64_t{0};
  return passes(program, data);
}

#if defined(SYS_readlink)
constexpr long kReadlinkCall = SYS_readlink;
#else
constexpr long kReadlinkCall = SYS_readlinkat;
#endif

constexpr long kStartCalls[] = {
    SYS_getpid,    SYS_getppid,    SYS_geteuid,   SYS_getegid,   SYS_getrandom,
    SYS_madvise,   SYS_openat,     SYS_close,     SYS_pread64,   SYS_munmap,
    SYS_getxattr,  SYS_newfstatat, SYS_faccessat, SYS_prlimit64,
#if defined(SYS_access)
    SYS_access,
#endif
    kReadlinkCall,
};

constexpr long kMemoryCalls[] = {
    SYS_munlock,   SYS_mprotect, SYS_munmap,  SYS_rt_sigprocmask,
    SYS_prlimit64, SYS_openat,   SYS_pread64, SYS_close,
};

template <std::size_t kCount>
bool passes_all(const sock_fprog& program, const long (&numbers)[kCount]) {
  for (const long number : numbers) {
    if (!passes(program, number)) return false;
  }
  return true;
}

bool passes_start(const sock_fprog& program) {
  return passes_all(program, kStartCalls) && passes_mmap(program);
}

}  // namespace

NewFilter filter_of_prctl(long option, long mode, long program) {
  if (option == PR_SET_TSC && mode == PR_TSC_SIGSEGV) return {true, nullptr};
  if (option != PR_SET_SECCOMP) return {};
  const bool is_filter = mode == SECCOMP_MODE_FILTER;
  return {true, is_filter ? reinterpret_cast<const sock_fprog*>(program) : nullptr};
}

NewFilter filter_of_syscall(long number, const long* arguments) {
  if (number == SYS_prctl) return filter_of_prctl(arguments[0], arguments[1], arguments[2]);
  if (number != SYS_seccomp) return {};
  if (arguments[0] == SECCOMP_SET_MODE_STRICT) return {true, nullptr};
  if (arguments[0] != SECCOMP_SET_MODE_FILTER) return {};
  return {true, reinterpret_cast<const sock_fprog*>(arguments[2])};
}

void CallFilter::add(const sock_fprog* program) {
  constexpr struct {
    OwnCall call;
    long number;
  } kCalls[] = {
      {OwnCall::kGetsockname, SYS_getsockname}, {OwnCall::kGetpeername, SYS_getpeername},
      {OwnCall::kGetsockopt, SYS_getsockopt},   {OwnCall::kGetpid, SYS_getpid},
      {OwnCall::kSendmsg, SYS_sendmsg},         {OwnCall::kSendto, SYS_sendto},
      {OwnCall::kWritev, SYS_writev},           {OwnCall::kReadlink, kReadlinkCall},
      {OwnCall::kSigaltstack, SYS_sigaltstack}, {OwnCall::kSchedYield, SYS_sched_yield},
  };
  std::uint32_t forbidden = 0;
  for (const auto& one : kCalls) {
    if (program == nullptr || !passes(*program, one.number)) forbidden |= bit(one.call);
  }
  if (program == nullptr || !passes_mmap(*program)) forbidden |= bit(OwnCall::kMmap);
  if (program == nullptr || !passes_all(*program, kMemoryCalls)) forbidden |= bit(OwnCall::kMemory);
  if (program == nullptr || !passes_start(*program)) forbidden |= bit(OwnCall::kStart);
  forbidden_.fetch_or(forbidden, std::memory_order_relaxed);
}

}  // namespace kolben::agent
