// Sampler: whether a span is recorded, decided where the trace begins, so that what is written into
// outgoing requests tells the next one. By OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG; what
// the agent process does not understand either (it says so) is parentbased_always_on, the default.
// The library decides. What a server of HTTP/2 is asked the agent process decides, which alone
// reads the parent out of the headers; and where limits count, what begins on connections whose
// bytes only it understands (kUndecided). Freestanding.
//
// A remote sampler (jaeger_remote) decides by the strategies that the agent process has been told
// (sampling_table.h), and until there are some by its initial rate.
// Source: OpenTelemetry specification, "Sampling" and "Environment Variable Specification".
#pragma once

#include <cstdint>

#include "agent/protocols/sampling_table.h"

namespace kolben::agent {

class Sampler {
 public:
  // The variables' values; null: not set.
  void init(const char* name, const char* argument);

  bool is_remote() const { return is_remote_; }
  // Of a remote one: where its strategies come to be, and the clock of their limits. Both outlive
  // it.
  void follow(SamplingTable* strategies, std::uint64_t (*now)()) {
    strategies_ = strategies;
    now_ = now;
  }

  // False: no trace that begins here is recorded.
  bool may_sample() const { return all_ || below_ != 0 || strategies_ != nullptr; }
  // Whether root() may take from a limit: then it is only to be asked for a trace that truly
  // begins.
  bool counts() const { return strategies_ != nullptr && strategies_->rules() != nullptr; }
  // The flags of a span of this trace without parent; once for each.
  std::uint8_t root(const std::uint8_t (&trace_id)[16], const Operation& operation = {}) const {
    const bool is_chosen =
        strategies_ == nullptr ? passes(trace_id) : is_in_strategy(trace_id, operation);
    return is_chosen ? 1 : 0;
  }
  // The flags of a span below one with these flags.
  std::uint8_t child(const std::uint8_t (&trace_id)[16], std::uint8_t parent_flags) const;

 private:
  bool passes(const std::uint8_t (&trace_id)[16]) const;
  bool is_in_strategy(const std::uint8_t (&trace_id)[16], const Operation& operation) const;

  bool parent_based_ = true;
  bool is_remote_ = false;
  bool all_ = true;
  std::uint64_t below_ = 0;  // else: traces whose low half is below this
  SamplingTable* strategies_ = nullptr;
  std::uint64_t (*now_)() = nullptr;
};

}  // namespace kolben::agent
