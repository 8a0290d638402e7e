// The buckets of durations in seconds that the stable conventions of HTTP and RPC give.
// Source: semantic-conventions, http-metrics.md and rpc-metrics.md ("ExplicitBucketBoundaries").
#pragma once

namespace kolben::agent {

inline constexpr double kDurationBounds[] = {0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25,
                                             0.5,   0.75, 1.0,   2.5,  5.0,   7.5, 10.0};

}  // namespace kolben::agent
