// Where one HTTP/1.x message begins and ends in a stream of bytes, and the few things in its head
// that decide this or belong to the trace. The head's text is for whoever reads the record.
//
// Pure, incremental (bytes may come one by one), no allocation, freestanding. One object a message;
// not thread safe. Bytes are from strangers: all states are bounded, nothing is trusted.
// Source: RFC 9112 (HTTP/1.1), section 6 for the body's length.
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/protocols/text_pattern.h"
#include "agent/protocols/trace_headers.h"

namespace kolben::agent::http1 {

enum class Looks : std::uint8_t { kNo, kMaybe, kYes };

// Whether bytes may begin a request: a method of capital letters and a blank. kMaybe: too few
// bytes.
[[gnu::hot]] Looks looks_like_request(const std::uint8_t* bytes, std::size_t size);

// What is kept of a request's head: the start line and the headers that spans are made of, see
// Message::is_kept_header(). Cookies and tokens stay where they are. Longer heads are cut.
struct HeadBuffer {
  std::uint8_t* bytes = nullptr;
  std::uint32_t capacity = 0;
  std::uint32_t size = 0;
};

class Message {
 public:
  enum class Kind : std::uint8_t { kRequest, kResponse };
  // What the request was, which decides about the response's body.
  enum class Method : std::uint8_t { kOther, kHead, kConnect };

  [[gnu::hot]] void begin(Kind kind, HeadBuffer head, Method request_method = Method::kOther);

  // Further headers that are kept, by their names; after begin(). They outlive the message.
  void keep_also(const TextPatterns* names) { progress_.also = names; }

  // Of a request whose head is still to be fed: its answer may come before.
  void expect(Method method) { progress_.method = method; }

  // Takes the bytes that belong to the message and returns how many those were. Less than `size`:
  // the message is complete, or has failed (then the rest is not HTTP either).
  [[gnu::hot]] std::size_t feed(const std::uint8_t* bytes, std::size_t size);
  // The same for bytes of the body that nobody saw (sendfile).
  std::size_t feed_unseen(std::size_t size);
  // Bytes of the head were not seen: what follows is the body, up to where something else shows
  // that it has ended.
  void lose_head();
  // Its head was fed, its body is not, whatever it is.
  void leave_body() {
    if (head_complete()) progress_.state = State::kComplete;
  }
  // The connection ends: completes a message whose body lasts until then.
  void end_of_stream();

  bool start_line_seen() const { return progress_.state != State::kStartLine && !failed(); }
  bool head_complete() const { return progress_.state >= State::kBodyLength; }
  bool complete() const { return progress_.state == State::kComplete; }
  // Not HTTP/1.x.
  bool failed() const { return progress_.state == State::kFailed; }
  bool until_close() const { return progress_.state == State::kUntilClose; }
  // Where it ends is not known: its Content-Length is none, or nobody saw its head.
  bool unframed() const { return progress_.length == Length::kBad; }
  // The response is an interim one (1xx but 101): another follows.
  bool interim() const {
    return progress_.status >= 100 && progress_.status < 200 && progress_.status != 101;
  }
  // After this message the connection speaks something else (101, CONNECT).
  bool switches_protocol() const { return progress_.switches_protocol; }

  Method method() const { return progress_.method; }
  int status() const { return progress_.status; }
  // Of a response: 0 or 1, for HTTP/1.0 and 1.1.
  std::uint8_t minor_version() const { return progress_.minor_version; }
  std::uint64_t body_bytes() const { return progress_.body_bytes; }
  const HeadBuffer& head() const { return head_; }
  // Of a request: what its headers say of the trace.
  const TraceHeaders& trace_headers() const { return trace_headers_; }
  // Whether it has `tracestate` (kTraceContext), or `baggage` (kBaggage); however long it is, and
  // whatever is kept of it.
  bool has_carried(TraceFormat format) const { return (progress_.carried & format) != 0; }

 private:
  // In the order of a message's life; head_complete() relies on it.
  enum class State : std::uint8_t {
    kStartLine,
    kHeaders,
    kAllHeaders,  // the same where each may be one that is kept
    kFailed,
    kBodyLength,
    kChunkSize,
    kChunkData,
    kChunkEnd,
    kTrailer,
    kUntilClose,
    kComplete,
  };

  enum class Length : std::uint8_t { kNone, kKnown, kBad };

  std::size_t feed_line(const std::uint8_t* bytes, std::size_t size);
  std::size_t feed_counted(std::size_t size);
  [[gnu::hot, gnu::noinline]] void keep_head(const std::uint8_t* bytes, std::size_t size);
  [[gnu::hot]] std::size_t feed_head(const std::uint8_t* bytes, std::size_t size);
  [[gnu::hot, gnu::noinline]] std::size_t feed_whole_lines(const std::uint8_t* bytes,
                                                           std::size_t size);
  [[gnu::hot, gnu::noinline]] bool whole_line(const std::uint8_t* bytes, std::size_t size);
  [[gnu::noinline]] std::size_t feed_part(const std::uint8_t* bytes, std::size_t size);
  [[gnu::noinline]] void line_complete(const char* line, std::size_t size, bool whole);
  [[gnu::hot]] void start_line(const char* line, std::size_t size, bool whole);
  [[gnu::hot]] bool is_kept_header(const char* line, std::size_t size);
  [[gnu::hot]] bool header_line(const char* line, std::size_t size);
  [[gnu::hot]] void length_line(const char* value, std::size_t size);
  [[gnu::noinline]] void another_length(const char* value, std::size_t size);
  [[gnu::noinline]] void take_coding(const char* line, std::size_t size);
  void chunk_size_line(const char* line, std::size_t size);
  [[gnu::hot]] void end_of_head();

  // Long enough for every header that matters here; longer lines are looked at up to here.
  static constexpr std::uint32_t kLineBytesMax = 128;

  // Side by side, so that a message begins with a few stores.
  struct Progress {
    State state = State::kStartLine;
    Kind kind = Kind::kRequest;
    Method method = Method::kOther;
    Length length = Length::kNone;
    bool is_chunked = false;
    bool switches_protocol = false;
    bool line_is_cut = false;
    bool line_is_kept = true;  // the line that was completed last
    std::uint8_t minor_version = 0;
    std::uint8_t carried = 0;  // see has_carried()
    std::uint16_t line_size = 0;
    std::uint16_t status = 0;
    std::uint32_t line_start = 0;  // of the current line, in the kept head
    std::uint64_t left = 0;        // of the body, or of the chunk
    std::uint64_t body_bytes = 0;
    const TextPatterns* also = nullptr;
  };

  Progress progress_;
  HeadBuffer head_;
  TraceHeaders trace_headers_;
  char line_[kLineBytesMax] = {};  // the begin of a line whose end has not come yet
};

}  // namespace kolben::agent::http1
