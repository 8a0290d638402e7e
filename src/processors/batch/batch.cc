#include "processors/batch/batch.h"

#include <utility>

#include "config/reader.h"
#include "otlp/encode.h"

namespace kolben::processors::batch {
namespace {

Settings read_settings(pipeline::CreateContext& context) {
  Settings settings;
  config::Reader reader(context.config, "processors::" + context.id, context.errors);
  reader.optional("send_batch_size", settings.send_batch_size);
  reader.optional("send_batch_max_size", settings.send_batch_max_size);
  reader.optional("timeout", settings.timeout);
  reader.ignored("metadata_keys", "client metadata does not travel through pipelines yet");
  reader.ignored("metadata_cardinality_limit", "see metadata_keys");
  if (settings.send_batch_max_size != 0 &&
      settings.send_batch_max_size < settings.send_batch_size) {
    reader.error("send_batch_max_size",
                 "must be greater or equal to send_batch_size, or 0 for no limit");
  }
  if (settings.timeout.count() < 0) reader.error("timeout", "must be positive");
  return settings;
}

}  // namespace

BatchProcessor::BatchProcessor(std::string id, Settings settings, pipeline::Consumer* next)
    : id_(std::move(id)), settings_(settings), next_(next) {}

BatchProcessor::~BatchProcessor() {
  stop({});
}

Status BatchProcessor::start(pipeline::Host& host) {
  const pipeline::Labels labels{{"processor", id_}};
  size_triggers_ =
      &host.telemetry().counter("otelcol_processor_batch_batch_size_trigger_send",
                                "Number of times the batch was sent due to its size", labels);
  timeout_triggers_ =
      &host.telemetry().counter("otelcol_processor_batch_timeout_trigger_send",
                                "Number of times the batch was sent due to the timeout", labels);
  if (settings_.timeout.count() > 0) timer_ = Thread("batch", [this] { run_timer(); });
  return Status::ok();
}

void BatchProcessor::stop(pipeline::Deadline) {
  Pending rest;
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
    rest = std::exchange(pending_, {});
    changed_.notify_all();
  }
  timer_.join();
  if (!rest.empty()) send(std::move(rest));
}

Status BatchProcessor::consume(pipeline::Delivery&& delivery) {
  kolben::otlp::to_wire(delivery.batch);
  const std::uint64_t items = delivery.batch.items();
  Pending before;  // what would grow too large together with this delivery
  Pending full;
  {
    const MutexLock lock(mutex_);
    const bool would_exceed = settings_.send_batch_max_size != 0 && !pending_.empty() &&
                              pending_.items + items > settings_.send_batch_max_size;
    if (would_exceed) before = std::exchange(pending_, {});
    if (pending_.empty()) {
      pending_.signal = delivery.batch.signal();
      pending_.oldest = std::chrono::steady_clock::now();
      changed_.notify_one();
    }
    for (const WirePiece& piece : delivery.batch.pieces()) pending_.pieces.push_back(piece);
    pending_.receipts.push_back(std::move(delivery.receipt));
    pending_.items += items;
    if (pending_.items >= settings_.send_batch_size || is_stopping_) {
      full = std::exchange(pending_, {});
    }
  }
  for (Pending* ready : {&before, &full}) {
    if (ready->empty()) continue;
    size_triggers_->add();
    send(std::move(*ready));
  }
  return Status::ok();
}

void BatchProcessor::send(Pending&& pending) {
  pipeline::Delivery merged{
      Batch::from_wire(pending.signal, std::move(pending.pieces), pending.items),
      pipeline::Receipt::gather(std::move(pending.receipts))};
  Status status = next_->consume(std::move(merged));
  if (!status.is_ok()) merged.receipt.resolve(std::move(status));
}

void BatchProcessor::run_timer() {
  while (true) {
    Pending due;
    {
      const MutexLock lock(mutex_);
      while (!is_stopping_ && pending_.empty()) changed_.wait(mutex_);
      if (is_stopping_) return;
      const auto left = pending_.oldest + settings_.timeout - std::chrono::steady_clock::now();
      if (left.count() > 0) {
        changed_.wait_for(mutex_, left);
        continue;  // the batch may have gone out, or another have begun
      }
      due = std::exchange(pending_, {});
    }
    timeout_triggers_->add();
    send(std::move(due));
  }
}

std::unique_ptr<pipeline::Processor> create(pipeline::CreateContext& context) {
  const Settings settings = read_settings(context);
  pipeline::Consumer* next = context.outputs.traces    ? context.outputs.traces
                             : context.outputs.metrics ? context.outputs.metrics
                                                       : context.outputs.logs;
  return std::make_unique<BatchProcessor>(context.id, settings, next);
}

}  // namespace kolben::processors::batch
