// Where on its stack a thread is, to tell code that was interrupted from code that is gone.
#pragma once

#include <cstdint>

namespace kolben::agent {

// All stacks grow downwards.
inline std::uintptr_t stack_pointer() {
#if defined(__x86_64__)
  std::uintptr_t pointer;
  asm("movq %%rsp, %0" : "=r"(pointer));
  return pointer;
#elif defined(__aarch64__)
  std::uintptr_t pointer;
  asm("mov %0, sp" : "=r"(pointer));
  return pointer;
#else
  return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
#endif
}

// What the kernel lays on the stack for a signal handler, at least: a handler's own code is further
// down than this from what it interrupts.
inline constexpr std::uintptr_t kSignalFrameBytesMin = 1024;
// A jump goes no further up the stack; what is further away is another stack.
inline constexpr std::uintptr_t kJumpBytesMax = 1024 * 1024;
// None of our calls needs more.
inline constexpr std::uintptr_t kOwnFramesBytesMax = 64 * 1024;

// Who is at something, by where on its stack it is; 0 is nobody. In 32 bits: stacks that lie 16 GiB
// apart to the byte are one to it.
using Holder = std::uint32_t;
inline Holder holder_at(std::uintptr_t stack) {
  return static_cast<Holder>(stack >> 2) | 1;
}
// Whether that is our code that was entered at `frame`, or was called from there.
inline bool is_below(Holder holder, std::uintptr_t frame) {
  return holder != 0 && static_cast<Holder>(frame >> 2) - (holder & ~Holder{1}) <
                            static_cast<Holder>(kOwnFramesBytesMax >> 2);
}

}  // namespace kolben::agent
