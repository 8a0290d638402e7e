// SamplingSource: asks a server of Jaeger's remote sampling API for a service's strategies, over
// HTTP (GET /sampling?service=...) or gRPC (jaeger.api_v2.SamplingManager). The clients of net/ are
// made at the first call.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "agent/process/answer.h"
#include "agent/process/sampler_settings.h"
#include "agent/process/sampling_strategies.h"
#include "base/result.h"

namespace kolben::agent {

class SamplingSource {
 public:
  virtual ~SamplingSource() = default;
  // Waits for the answer, for `timeout` at most. One call at a time.
  virtual Result<SamplingStrategies> ask(std::chrono::nanoseconds timeout) = 0;
  // Nobody waits any more, also in a call that is under way. Any thread.
  void end() { ending_.set(std::chrono::steady_clock::now()); }

 protected:
  Ending ending_;
};

std::unique_ptr<SamplingSource> make_sampling_source(const RemoteSampling& remote,
                                                     const std::string& service);

}  // namespace kolben::agent
