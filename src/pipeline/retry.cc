#include "pipeline/retry.h"

#include <algorithm>

namespace kolben::pipeline {
namespace {

std::uint64_t to_nanos(std::chrono::nanoseconds duration) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, duration.count()));
}

}  // namespace

std::optional<std::chrono::nanoseconds> RetryPolicy::next_delay(const Status& status,
                                                                Attempts& attempts,
                                                                std::uint64_t now_steady_nanos) {
  ++attempts.count;
  if (!settings_.enabled || !status.is_retryable()) return std::nullopt;
  const double grown = static_cast<double>(attempts.interval_nanos) * settings_.multiplier;
  const std::uint64_t interval = attempts.interval_nanos == 0
                                     ? to_nanos(settings_.initial_interval)
                                     : static_cast<std::uint64_t>(std::min(grown, 9e18));
  attempts.interval_nanos = std::min(interval, to_nanos(settings_.max_interval));
  const double jitter = 1 + settings_.randomization_factor * (2 * random_.unit() - 1);
  auto delay = std::chrono::nanoseconds(
      static_cast<std::int64_t>(static_cast<double>(attempts.interval_nanos) * jitter));
  if (const auto asked = status.retry_after()) {
    delay = std::max<std::chrono::nanoseconds>(delay, *asked);
  }
  const std::uint64_t elapsed = now_steady_nanos - attempts.first_steady_nanos + to_nanos(delay);
  if (settings_.max_elapsed_time.count() > 0 && elapsed > to_nanos(settings_.max_elapsed_time)) {
    return std::nullopt;
  }
  return delay;
}

}  // namespace kolben::pipeline
