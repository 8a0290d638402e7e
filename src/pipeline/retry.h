// RetryPolicy: when to send again what could not be sent. Exponential back-off with jitter; what
// the server asks for (RetryInfo, Retry-After) is waited for at least. Source: the Collector's
// configretry and exporterhelper/retry_sender; OTLP specification, "Failures" and "Throttling".
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/random.h"
#include "base/status.h"

namespace kolben::pipeline {

struct RetrySettings {
  bool enabled = true;
  std::chrono::nanoseconds initial_interval = std::chrono::seconds(5);
  std::chrono::nanoseconds max_interval = std::chrono::seconds(30);
  std::chrono::nanoseconds max_elapsed_time = std::chrono::minutes(5);  // 0: for ever
  double multiplier = 1.5;
  double randomization_factor = 0.5;
};

// What the policy remembers of one request.
struct Attempts {
  std::uint64_t first_steady_nanos = 0;  // when it was sent first
  std::uint64_t interval_nanos = 0;      // the last back-off without jitter; 0: none yet
  std::uint32_t count = 0;               // failures so far
};

// One thread at a time.
class RetryPolicy {
 public:
  RetryPolicy(RetrySettings settings, Random random) : settings_(settings), random_(random) {}

  // After a failure: how long to wait before the next attempt, or nothing: give up.
  std::optional<std::chrono::nanoseconds> next_delay(const Status& status, Attempts& attempts,
                                                     std::uint64_t now_steady_nanos);

 private:
  const RetrySettings settings_;
  Random random_;
};

}  // namespace kolben::pipeline
