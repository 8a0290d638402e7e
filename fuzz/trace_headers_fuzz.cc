// Header lines with trace context: whatever they say, what is read can be written and read again.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "agent/protocols/trace_headers.h"

using namespace kolben::agent;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::uint8_t formats = bytes[0];
  std::string_view rest(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  parse_trace_formats(std::string(rest).c_str());
  TraceHeaders headers;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    headers.take(line.data(), line.size());
    rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : line.size());
  }
  Traceparent context;
  if (!headers.context(formats, &context)) return 0;
  char text[kTraceHeadersBytesMax];
  std::string_view written(text, format_trace_headers(kB3, context, text));
  TraceHeaders again;
  Traceparent read;
  if (!again.take(written.data(), written.size() - 2)) std::abort();
  // An id of the several headers may be missing, which is zero and not valid.
  if (again.context(kB3, &read) && std::memcmp(read.trace_id, context.trace_id, 16) != 0) {
    std::abort();
  }
  return 0;
}
