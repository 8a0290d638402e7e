#include "receivers/otlp/intake.h"

#include <utility>
#include <vector>

#include "otlp/check.h"

namespace kolben::receivers::otlp {

IntakeCounters::IntakeCounters(pipeline::TelemetryRegistry& registry, const std::string& receiver,
                               const std::string& transport) {
  for (const Signal signal : kAllSignals) {
    const std::string items(items_name(signal));
    const pipeline::Labels labels{{"receiver", receiver}, {"transport", transport}};
    of(signal).accepted =
        &registry.counter("otelcol_receiver_accepted_" + items,
                          "Number of " + items + " pushed into the pipeline", labels);
    of(signal).refused = &registry.counter(
        "otelcol_receiver_refused_" + items,
        "Number of " + items + " that could not be pushed into the pipeline", labels);
  }
}

void Intake::take_wire(Signal signal, WirePiece piece, Answer answer) {
  const Result<std::uint64_t> items = kolben::otlp::check(signal, piece.message.view());
  if (!items.has_value()) {
    answer(items.error());
    return;
  }
  std::vector<WirePiece> pieces;
  pieces.push_back(std::move(piece));
  hand_on(Batch::from_wire(signal, std::move(pieces), *items), std::move(answer));
}

void Intake::take_decoded(Batch batch, Answer answer) {
  hand_on(std::move(batch), std::move(answer));
}

void Intake::hand_on(Batch batch, Answer answer) {
  if (batch.empty()) {  // the specification: an empty request succeeds
    answer(Status::ok());
    return;
  }
  const Signal signal = batch.signal();
  const std::uint64_t items = batch.items();
  // Counted when it is known: a receipt that fails later was refused as well.
  pipeline::Receipt receipt(
      [this, signal, items, answer = std::move(answer)](Status status) mutable {
        if (status.is_ok()) {
          counters_.accepted(signal, items);
        } else {
          counters_.refused(signal, items);
        }
        answer(std::move(status));
      });
  pipeline::Delivery delivery{std::move(batch), std::move(receipt)};
  Status status = outputs_.of(signal)->consume(std::move(delivery));
  if (!status.is_ok()) delivery.receipt.resolve(std::move(status));
}

}  // namespace kolben::receivers::otlp
