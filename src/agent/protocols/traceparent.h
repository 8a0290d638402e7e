// W3C Trace Context level 1 and 2: the `traceparent` header's value.
//
// Pure functions over bytes, freestanding (no heap, no C++ library).
// Source: https://www.w3.org/TR/trace-context-2/#traceparent-header
#pragma once

#include <cstddef>
#include <cstdint>

namespace kolben::agent {

inline constexpr std::size_t kTraceparentSize = 55;

struct Traceparent {
  std::uint8_t trace_id[16] = {};
  std::uint8_t span_id[8] = {};
  std::uint8_t flags = 0;
};

// False where the value is not a valid traceparent: the trace then begins anew. A higher version
// than 00 may carry more after the flags.
bool parse_traceparent(const char* text, std::size_t size, Traceparent* result);

// Writes kTraceparentSize characters, no end zero.
void format_traceparent(const std::uint8_t* trace_id, const std::uint8_t* span_id,
                        std::uint8_t flags, char* text);

}  // namespace kolben::agent
