// RequestTracker: what a client has said on a connection of HTTP/2, as far as one has to know it to
// write a header into a request: where its header block ends, and which headers of trace context
// are in it.
//
// Freestanding, plain data: a copy of it tries what bytes would come to. What is not understood
// ends in lost(), for good.
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/protocols/http2/framing.h"
#include "agent/protocols/http2/header_scanner.h"

namespace kolben::agent::http2 {

// Positions are of bytes since the begin of the connection.
struct RequestBlock {
  std::uint64_t begin = 0;         // of the HEADERS frame
  std::uint64_t last_frame = 0;    // of the frame in which the block ends: that one, or its last
                                   // CONTINUATION
  std::uint32_t frame_length = 0;  // of that frame, what its header says
  std::uint32_t fragment = 0;      // bytes of the block in that frame
  std::uint64_t end = 0;           // of the block
  std::uint64_t list_bytes = 0;
  std::uint32_t stream = 0;
  std::uint8_t fields = 0;  // a set of TraceField
};

class RequestTracker {
 public:
  // Takes bytes up to the end of a block of headers that opens a stream, at most all; true: there
  // is one, *block. How many it took is added to *taken.
  bool next(const std::uint8_t* bytes, std::size_t size, std::size_t* taken, RequestBlock* block);

  bool lost() const { return lost_; }
  std::uint64_t position() const { return position_; }

 private:
  bool in_payload() const { return header_bytes_ == kFrameHeaderBytes; }
  bool has_block() const { return type_ == kHeaders || type_ == kContinuation; }
  std::size_t take_header(const std::uint8_t* bytes, std::size_t size);
  std::size_t take_payload(const std::uint8_t* bytes, std::size_t size);
  void begin_frame();
  bool end_frame(RequestBlock* block);

  std::uint64_t position_ = 0;
  std::uint32_t preface_left_ = kPrefaceBytes;
  std::uint8_t header_[kFrameHeaderBytes] = {};
  std::uint8_t header_bytes_ = 0;
  std::uint8_t type_ = 0;
  std::uint8_t flags_ = 0;
  bool lost_ = false;
  bool in_block_ = false;  // a block goes on in the next frame
  bool wants_padding_ = false;
  std::uint8_t priority_left_ = 0;
  std::uint32_t left_ = 0;      // of the frame's payload
  std::uint32_t fragment_ = 0;  // of the block, in this frame, that has come
  std::uint32_t padding_ = 0;
  std::uint32_t last_stream_ = 0;  // that was opened
  RequestBlock block_;
  HeaderScanner scanner_;
};

}  // namespace kolben::agent::http2
