// Intake: what both protocols of the receiver do with a message once they have it: check, count,
// hand on, and answer when the receipt resolves.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/unique_function.h"
#include "model/batch.h"
#include "pipeline/component.h"

namespace kolben::receivers::otlp {

// Counters of one transport, one set for each signal.
class IntakeCounters {
 public:
  IntakeCounters(pipeline::TelemetryRegistry& registry, const std::string& receiver,
                 const std::string& transport);
  void accepted(Signal signal, std::uint64_t items) { of(signal).accepted->add(items); }
  void refused(Signal signal, std::uint64_t items) { of(signal).refused->add(items); }

 private:
  struct PerSignal {
    pipeline::Counter* accepted = nullptr;
    pipeline::Counter* refused = nullptr;
  };
  PerSignal& of(Signal signal) { return signals_[static_cast<std::size_t>(signal) - 1]; }

  PerSignal signals_[3];
};

// Any thread. Constant after construction; counters synchronise themselves.
class Intake {
 public:
  using Answer = UniqueFunction<void(Status)>;

  Intake(pipeline::Outputs outputs, IntakeCounters counters)
      : outputs_(outputs), counters_(counters) {}

  bool wants(Signal signal) const { return outputs_.of(signal) != nullptr; }

  // A message as it came: `piece.message` is plain protobuf. `answer` is called exactly once,
  // perhaps before this returns.
  void take_wire(Signal signal, WirePiece piece, Answer answer);
  // A message that was decoded already, from JSON.
  void take_decoded(Batch batch, Answer answer);

 private:
  void hand_on(Batch batch, Answer answer);

  const pipeline::Outputs outputs_;
  IntakeCounters counters_;
};

}  // namespace kolben::receivers::otlp
