// Sampler: whether a span is recorded, decided where the trace begins, so that what is written into
// outgoing requests tells the next one. By OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG; what
// the agent process does not understand either (it says so) is parentbased_always_on, the default.
// The library decides; of what a server of HTTP/2 is asked the agent process does, which alone
// reads the parent out of the headers. Freestanding.
// Source: OpenTelemetry specification, "Sampling" and "Environment Variable Specification".
#pragma once

#include <cstdint>

namespace kolben::agent {

class Sampler {
 public:
  // The variables' values; null: not set.
  void init(const char* name, const char* argument);

  // False: no trace that begins here is recorded.
  bool may_sample() const { return all_ || below_ != 0; }
  // The flags of a span of this trace without parent.
  std::uint8_t root(const std::uint8_t (&trace_id)[16]) const { return passes(trace_id) ? 1 : 0; }
  // The flags of a span below one with these flags.
  std::uint8_t child(const std::uint8_t (&trace_id)[16], std::uint8_t parent_flags) const;

 private:
  bool passes(const std::uint8_t (&trace_id)[16]) const;

  bool parent_based_ = true;
  bool all_ = true;
  std::uint64_t below_ = 0;  // else: traces whose low half is below this
};

}  // namespace kolben::agent
