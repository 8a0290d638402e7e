// Transport: one call that hands over a message, over gRPC or HTTP. The clients of net/ are made at
// the first call: a program that exports nothing over the network pays nothing for them.
#pragma once

#include <chrono>
#include <memory>
#include <string>

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
};

std::unique_ptr<Transport> make_transport(Signal signal, ExporterKind kind,
                                          const PeerSettings& settings);

}  // namespace kolben::agent
