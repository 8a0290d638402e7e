// HeldWrite: a program's write on a TLS session with our header in it, until it has gone.
//
// A library that could not write wants the call again with the same bytes at the same place, so
// ours have to last until then. The program knows nothing of it: it repeats its own call.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "agent/preload/connections.h"

namespace kolben::agent {

// A record of TLS: what is not longer goes out whole or not at all.
inline constexpr std::size_t kHeldBytesMax = 16384;

struct HeldWrite {
  std::atomic<std::uint32_t> next_free;
  std::size_t size;        // of `bytes`
  std::size_t written;     // of them
  std::size_t stands_for;  // so many of the program's bytes
  bool is_told;            // to Connections
  char bytes[kHeldBytesMax];

  // The program's bytes with ours in between, as far as they fit; false: ours would not.
  bool join(const Injection& injection, std::size_t program_bytes);
  // Whether the program's call may be the repetition of the one that this stands for. Null: the
  // bytes of that one.
  bool may_stand_for(const void* from, std::size_t count) const {
    return from == nullptr || count >= stands_for;
  }
};

// What came of a call.
struct HeldResult {
  long told;      // to the program; not above zero: as the library said, the call comes again
  bool has_gone;  // the HeldWrite is not needed any more
};

// One call of the program's, `size` bytes from `from`. `write(from, size)` says how many it wrote
// or, with what is not above zero, that it did not; `sent(from, size)` is told what went of the
// program's bytes. `goes_on`: the program does not expect to be told of a part.
template <typename Write, typename Sent>
HeldResult write_held(HeldWrite& held, const void* from, std::size_t size, bool goes_on,
                      Write write, Sent sent) {
  while (held.written < held.size) {
    const long result = write(held.bytes + held.written, held.size - held.written);
    if (result <= 0) return {result, false};
    held.written += static_cast<std::size_t>(result);
  }
  const auto first = static_cast<long>(held.stands_for);
  if (!held.is_told) {
    held.is_told = true;
    if (from != nullptr) {
      sent(from, held.stands_for);
    } else {
      sent(held.bytes, held.size);
    }
  }
  if (!goes_on || size <= held.stands_for) return {first, true};
  const char* rest = static_cast<const char*>(from) + held.stands_for;
  const long result = write(rest, size - held.stands_for);
  if (result <= 0) return {result, false};
  sent(rest, static_cast<std::size_t>(result));
  return {first + result, true};
}

}  // namespace kolben::agent
