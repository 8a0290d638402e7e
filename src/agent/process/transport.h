// Transport: one call that hands over a message, over gRPC or HTTP. The clients of net/ are made at
// the first call: a program that exports nothing over the network pays nothing for them.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "agent/process/answer.h"
#include "agent/process/settings.h"
#include "base/result.h"
#include "model/batch.h"
#include "otlp/service.h"

namespace kolben::agent {

class Transport {
 public:
  virtual ~Transport() = default;
  // Waits for the answer, for `timeout` at most. One call at a time. What the peer accepted in part
  // is OK with what it rejected.
  virtual Result<otlp::PartialSuccess> send(const std::string& message,
                                            std::chrono::nanoseconds timeout) = 0;
  // The program is over: no call waits longer than until then, also one that is under way. Any
  // thread.
  void end_at(std::chrono::steady_clock::time_point time) { ending_.set(time); }

 protected:
  Ending ending_;
};

std::unique_ptr<Transport> make_transport(Signal signal, ExporterKind kind,
                                          const PeerSettings& settings);

}  // namespace kolben::agent
