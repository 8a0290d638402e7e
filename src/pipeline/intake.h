// Intake: how a receiver hands a batch to its pipelines. Counts what was accepted and refused,
// under the Collector's names, and answers the sender when the receipt resolves.
#pragma once

#include <cstdint>
#include <string>

#include "base/unique_function.h"
#include "pipeline/component.h"

namespace kolben::pipeline {

// Any thread. Constant after construction; counters synchronise themselves.
class Intake {
 public:
  using Answer = UniqueFunction<void(Status)>;

  // `receiver` and `transport` ("grpc", "http") become labels. The registry and the outputs outlive
  // the intake.
  Intake(Outputs outputs, TelemetryRegistry& registry, const std::string& receiver,
         const std::string& transport);

  // Whether a pipeline takes this signal.
  bool wants(Signal signal) const { return outputs_.of(signal) != nullptr; }

  // A batch of a signal that is wanted. `answer` is called exactly once, perhaps before this
  // returns; an empty batch succeeds, as the OTLP specification has it.
  void take(Batch batch, Answer answer);

 private:
  struct Counters {
    Counter* accepted = nullptr;
    Counter* refused = nullptr;
  };
  const Counters& counters_of(Signal signal) const {
    return counters_[static_cast<std::size_t>(signal) - 1];
  }

  const Outputs outputs_;
  Counters counters_[std::size(kAllSignals)];  // null where the signal is not wanted
};

}  // namespace kolben::pipeline
