// Walking over the pieces of a vector of buffers (readv, writev, sendmsg).
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

#include "agent/protocols/http1.h"

namespace kolben::agent {

// Calls `take(bytes, size)` for each piece that holds some of the first `bytes` bytes.
template <typename Take>
void for_each_piece(const iovec* pieces, int count, std::size_t bytes, Take take) {
  for (int i = 0; i < count && bytes != 0; ++i) {
    const std::size_t size = pieces[i].iov_len < bytes ? pieces[i].iov_len : bytes;
    if (size != 0) take(static_cast<const std::uint8_t*>(pieces[i].iov_base), size);
    bytes -= size;
  }
}

// What the first bytes look like.
inline http1::Looks look(const iovec* pieces, int count, std::size_t bytes) {
  for (int i = 0; i < count; ++i) {
    if (pieces[i].iov_len == 0) continue;
    const std::size_t size = pieces[i].iov_len < bytes ? pieces[i].iov_len : bytes;
    return http1::looks_like_request(static_cast<const std::uint8_t*>(pieces[i].iov_base), size);
  }
  return http1::Looks::kNo;
}

}  // namespace kolben::agent
