// RequestWriter: what is known of a client's connection of HTTP/2 that we write into, and what of
// ours is on its way.
//
// A request gets our header at the end of its header block, as a literal that goes into no table
// (RFC 7541, 6.2.2), so that what the peer decodes after it is as if it were not there; the length
// of the frame is changed for it. Both are edits: bytes of ours that stand for bytes of the
// program's. An edit that has begun has to be finished, whatever the kernel takes of it at a time.
//
// One thread at a time, from before its write until what was written is known; who comes in between
// writes as the program says, and nothing is written into the connection's requests after that.
// Plain data, usable when all bytes are zero.
#pragma once

#include <sys/uio.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "agent/protocols/http2/request_tracker.h"
#include "agent/ring/record.h"

namespace kolben::agent {

// Of one write; further requests in it go as they are.
inline constexpr std::uint32_t kInjectedRequestsMax = 4;
inline constexpr std::uint32_t kRequestHeadersBytesMax = 1088;
// RFC 9113, 6.5.2: what every peer takes, whatever its SETTINGS say.
inline constexpr std::uint32_t kFrameBytesMax = 16384;
// What peers take at least (gRPC); one that announces less gets nothing of ours.
inline constexpr std::uint64_t kHeaderListBytesMax = 8192;
static_assert(sizeof(StreamRequest) == 12);

struct RequestEdit {
  std::uint64_t position = 0;  // in the bytes of the program since the begin of the connection
  std::uint32_t replaced = 0;  // how many of them `bytes` stand for
  std::uint16_t from = 0;      // of `bytes`, what is not sent
  std::uint16_t to = 0;
  const std::uint8_t* bytes = nullptr;
  bool keeps_size = false;  // as many as they replace: a frame's length
};
inline constexpr std::uint32_t kRequestEditsMax = 2 * kInjectedRequestsMax;

// What a thread has written, for the agent process.
struct WrittenRequests {
  bool is_located = false;
  StreamPiece piece;  // whose requests they are
  std::uint8_t count = 0;
  StreamRequest requests[kInjectedRequestsMax];
};

struct RequestWriter {
  enum class State : std::uint8_t {
    kFree,
    kHeld,
    kOrphaned,  // its connection has ended while it was held: who holds it gives it back
  };
  std::atomic<std::uint32_t> next_free;
  std::atomic<State> state;
  std::atomic<std::uint32_t> holder;  // the thread's number; 0: nobody
  std::atomic<bool> is_off;           // nothing new is written
  std::uint8_t current;               // of `trackers`
  bool has_ahead;                     // the other one knows what a write would come to
  http2::RequestTracker trackers[2];
  WrittenRequests written;
  std::uint64_t position;  // how many bytes of the program went before
  std::uint32_t edit_count;
  RequestEdit edits[kRequestEditsMax];
  std::uint32_t now_count;  // of those, what the write that runs can come to
  RequestEdit now[kRequestEditsMax];
  std::uint8_t lengths[kInjectedRequestsMax][3];
  std::uint8_t headers[kInjectedRequestsMax][kRequestHeadersBytesMax];

  // False: another thread is at it, or nobody will be any more.
  bool hold() {
    State expected = State::kFree;
    return state.compare_exchange_strong(expected, State::kHeld, std::memory_order_acquire);
  }
  http2::RequestTracker& tracker() { return trackers[current]; }
  http2::RequestTracker& ahead() { return trackers[current ^ 1]; }
};

// How the bytes of a write come out.
struct EditedWrite {
  std::size_t taken = 0;  // of the program's bytes
  std::uint32_t edits_done = 0;
  std::uint16_t edit_sent = 0;  // of the bytes of the edit after those
};
// The kernel took `written` of what the edits make of the program's bytes from `base` on.
EditedWrite take_edited(const RequestEdit* edits, std::uint32_t count, std::uint64_t base,
                        std::size_t written);

struct Injection;
// As Connections::injected(), of requests of HTTP/2.
std::size_t injected_requests(const Injection& injection, std::size_t written);

// The pieces with the edits in them, into `result`, which has room for `count` and two more for
// each edit; returns how many.
int splice_edits(const iovec* pieces, int count, const RequestEdit* edits, std::uint32_t edit_count,
                 std::uint64_t base, iovec* result);

// Header lines ("name: value\r\n") as literals of HPACK without indexing; their size, 0: there is
// no room.
std::size_t literals_of(const char* lines, std::size_t size, std::uint8_t* to, std::size_t room);

}  // namespace kolben::agent
