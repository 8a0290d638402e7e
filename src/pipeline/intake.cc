#include "pipeline/intake.h"

#include <utility>

namespace kolben::pipeline {

Intake::Intake(Outputs outputs, TelemetryRegistry& registry, const std::string& receiver,
               const std::string& transport)
    : outputs_(outputs) {
  const Labels labels{{"receiver", receiver}, {"transport", transport}};
  for (const Signal signal : kAllSignals) {
    if (!wants(signal)) continue;
    const std::string items(items_name(signal));
    counters_[static_cast<std::size_t>(signal) - 1] = {
        &registry.counter("otelcol_receiver_accepted_" + items,
                          "Number of " + items + " pushed into the pipeline", labels),
        &registry.counter("otelcol_receiver_refused_" + items,
                          "Number of " + items + " that could not be pushed into the pipeline",
                          labels)};
  }
}

void Intake::take(Batch batch, Answer answer) {
  if (batch.empty()) {
    answer(Status::ok());
    return;
  }
  const Signal signal = batch.signal();
  // Counted when it is known: a receipt that fails later was refused as well.
  Receipt receipt([counters = counters_of(signal), items = batch.items(),
                   answer = std::move(answer)](Status status) mutable {
    (status.is_ok() ? counters.accepted : counters.refused)->add(items);
    answer(std::move(status));
  });
  Delivery delivery{std::move(batch), std::move(receipt)};
  Status status = outputs_.of(signal)->consume(std::move(delivery));
  if (!status.is_ok()) delivery.receipt.resolve(std::move(status));
}

}  // namespace kolben::pipeline
