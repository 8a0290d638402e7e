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

// The byte there; 0: there is none.
inline std::uint8_t byte_at(const iovec* pieces, int count, std::size_t position) {
  for (int i = 0; i < count; ++i) {
    if (position < pieces[i].iov_len) {
      return static_cast<const std::uint8_t*>(pieces[i].iov_base)[position];
    }
    position -= pieces[i].iov_len;
  }
  return 0;
}

// A place within the first `bytes` bytes of the pieces.
class PieceCursor {
 public:
  PieceCursor(const iovec* pieces, int count, std::size_t bytes)
      : piece_(pieces), last_(pieces + count), left_(count == 0 ? 0 : bytes) {
    advance(0);
  }
  bool at_end() const { return left_ == 0; }
  // What is contiguous from here on; not to be called at the end.
  const std::uint8_t* bytes() const {
    return static_cast<const std::uint8_t*>(piece_->iov_base) + offset_;
  }
  std::size_t size() const {
    const std::size_t size = piece_->iov_len - offset_;
    return size < left_ ? size : left_;
  }
  void advance(std::size_t bytes) {
    left_ = bytes < left_ ? left_ - bytes : 0;
    offset_ += bytes;
    while (left_ != 0 && offset_ >= piece_->iov_len) {
      offset_ -= piece_->iov_len;
      if (++piece_ == last_) left_ = 0;
    }
  }

 private:
  const iovec* piece_;
  const iovec* last_;
  std::size_t offset_ = 0;  // within the piece
  std::size_t left_;
};

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
