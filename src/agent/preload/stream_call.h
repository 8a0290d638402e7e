// What hooks of the C library's streams note: hooks_stdio.cc, hooks_errors.cc.
#pragma once

#include <stdarg.h>
#include <stdio.h>

#include <cstddef>

#include "agent/preload/agent.h"
#include "agent/preload/format_end.h"

namespace kolben::agent {

// What one printf prints is formatted a second time for us, up to this size.
inline constexpr std::size_t kPrintfBytesMax = 4096;

inline void note_printed(OutputSource* source, const void* text, std::size_t size,
                         CutBytes cut = {}) {
  if (source == nullptr || size == 0) return;
  ThreadGuard guard;
  if (!guard) return;
  agent_instance.outputs.printed(guard.thread(), *source, static_cast<const char*>(text), size,
                                 cut);
}

// A call of the program's into one of its streams. What macros left in the buffer before is noted
// first, to keep the order.
class StreamCall {
 public:
  explicit StreamCall(FILE* stream) : stream_(stream) {
    if (!agent_instance.active() || !agent_instance.outputs.may_have(stream)) return;
    ThreadGuard guard;
    if (guard) source_ = agent_instance.outputs.enter(guard.thread(), stream);
  }
  StreamCall(const StreamCall&) = delete;
  StreamCall& operator=(const StreamCall&) = delete;
  ~StreamCall() {
    if (source_ != nullptr) Outputs::leave(*source_, stream_);
  }

  // The stream is not looked at any more.
  void closed() { stream_ = nullptr; }
  // Null: not of interest.
  OutputSource* source() const { return source_; }
  void printed(const void* text, std::size_t size) const { note_printed(source_, text, size); }
  void printed_character(int c) const {
    const char text = static_cast<char>(c);
    note_printed(source_, &text, 1);
  }

 private:
  FILE* stream_;
  OutputSource* source_ = nullptr;
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
// `printed`: how many bytes the program's call has printed, or at most prints.
inline void note_formatted(OutputSource* source, int printed, const char* format, va_list list) {
  if (printed <= 0) return;
  // Not more than that: a thread may have little stack.
  const std::size_t wanted = static_cast<std::size_t>(printed) + 1;
  const std::size_t room = wanted < kPrintfBytesMax ? wanted : kPrintfBytesMax;
  auto* text = static_cast<char*>(__builtin_alloca(room));
  const int size = vsnprintf(text, room, format, list);
  if (size <= 0) return;
  const auto whole = static_cast<std::size_t>(size);
  const std::size_t kept = whole < room ? whole : room - 1;
  note_printed(source, text, kept, {whole - kept, ends_within_line(format)});
}
#pragma GCC diagnostic pop

}  // namespace kolben::agent
