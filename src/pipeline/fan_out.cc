#include "pipeline/fan_out.h"

#include <utility>

#include "otlp/encode.h"

namespace kolben::pipeline {

Status FanOut::consume(Delivery&& delivery) {
  Batch batch = std::move(delivery.batch);
  otlp::to_wire(batch);
  std::vector<Receipt> receipts = std::move(delivery.receipt).split(branches_.size());
  for (std::size_t i = 0; i < branches_.size(); ++i) {
    const bool is_last = i + 1 == branches_.size();
    Delivery part{is_last ? std::move(batch) : batch.clone(), std::move(receipts[i])};
    if (Status status = branches_[i]->consume(std::move(part)); !status.is_ok()) {
      part.receipt.resolve(std::move(status));
    }
  }
  return Status::ok();
}

}  // namespace kolben::pipeline
