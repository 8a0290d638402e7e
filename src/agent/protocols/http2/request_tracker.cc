#include "agent/protocols/http2/request_tracker.h"

namespace kolben::agent::http2 {
namespace {

constexpr std::uint8_t kEndHeaders = 0x4;
constexpr std::uint8_t kPadded = 0x8;
constexpr std::uint8_t kPriority = 0x20;
constexpr std::uint8_t kPriorityBytes = 5;

}  // namespace

bool RequestTracker::next(const std::uint8_t* bytes, std::size_t size, std::size_t* taken,
                          RequestBlock* block) {
  while (size != 0 && !lost_) {
    const std::size_t run = in_payload() ? take_payload(bytes, size) : take_header(bytes, size);
    position_ += run;
    *taken += run;
    bytes += run;
    size -= run;
    if (in_payload() && left_ == 0 && !lost_ && end_frame(block)) return true;
  }
  return false;
}

std::size_t RequestTracker::take_header(const std::uint8_t* bytes, std::size_t size) {
  std::size_t taken = 0;
  for (; taken < size && preface_left_ != 0; ++taken) {
    if (!is_preface_byte(kPrefaceBytes - preface_left_, bytes[taken])) lost_ = true;
    --preface_left_;
  }
  while (taken < size && header_bytes_ < kFrameHeaderBytes) {
    header_[header_bytes_++] = bytes[taken++];
  }
  if (in_payload()) {
    // The frame began where its header did.
    block_.last_frame = position_ + taken - kFrameHeaderBytes;
    begin_frame();
  }
  return taken;
}

void RequestTracker::begin_frame() {
  left_ = std::uint32_t{header_[0]} << 16 | std::uint32_t{header_[1]} << 8 | header_[2];
  type_ = header_[3];
  flags_ = header_[4];
  const std::uint32_t stream = (std::uint32_t{header_[5]} & 0x7fU) << 24 |
                               std::uint32_t{header_[6]} << 16 | std::uint32_t{header_[7]} << 8 |
                               header_[8];
  // 6.10: nothing may come between the parts of a block. A client pushes nothing (8.4).
  if (in_block_ != (type_ == kContinuation) || type_ == kPushPromise) lost_ = true;
  if (in_block_ && stream != block_.stream) lost_ = true;
  if (!has_block()) return;
  wants_padding_ = type_ == kHeaders && (flags_ & kPadded) != 0;
  priority_left_ = type_ == kHeaders && (flags_ & kPriority) != 0 ? kPriorityBytes : 0;
  padding_ = 0;
  fragment_ = 0;
  block_.frame_length = left_;
  if (left_ < priority_left_ + (wants_padding_ ? 1U : 0U)) lost_ = true;
  if (type_ == kContinuation) return;
  if (stream == 0) lost_ = true;
  block_.begin = block_.last_frame;
  block_.stream = stream;
  scanner_.begin_block();
}

std::size_t RequestTracker::take_payload(const std::uint8_t* bytes, std::size_t size) {
  const auto all = static_cast<std::uint32_t>(left_ < size ? left_ : size);
  if (!has_block()) {
    left_ -= all;
    return all;
  }
  if (wants_padding_) {
    wants_padding_ = false;
    padding_ = bytes[0];
    --left_;
    if (left_ < padding_ + priority_left_) lost_ = true;
    return 1;
  }
  if (priority_left_ != 0) {
    --priority_left_;
    --left_;
    return 1;
  }
  const std::uint32_t of_block = left_ > padding_ ? left_ - padding_ : 0;
  const std::uint32_t run = of_block == 0 ? all : (of_block < all ? of_block : all);
  left_ -= run;
  if (of_block == 0) return run;
  fragment_ += run;
  if (!scanner_.take(bytes, run)) lost_ = true;
  if (run == of_block) block_.end = position_ + run;
  return run;
}

// True: a block that opens a stream is complete.
bool RequestTracker::end_frame(RequestBlock* block) {
  header_bytes_ = 0;
  if (!has_block()) return false;
  in_block_ = (flags_ & kEndHeaders) == 0;
  if (in_block_) return false;
  if (!scanner_.end_block()) lost_ = true;
  const bool opens = block_.stream > last_stream_;  // others are trailers
  if (lost_ || !opens) return false;
  last_stream_ = block_.stream;
  block_.fragment = fragment_;
  block_.fields = scanner_.fields();
  block_.list_bytes = scanner_.list_bytes();
  *block = block_;
  return true;
}

}  // namespace kolben::agent::http2
