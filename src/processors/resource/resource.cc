#include "processors/resource/resource.h"

#include <utility>

#include "config/reader.h"
#include "otlp/decode.h"
#include "pipeline/attribute_actions.h"

namespace kolben::processors::resource {
namespace {

class ResourceProcessor final : public pipeline::Processor {
 public:
  ResourceProcessor(pipeline::AttributeActions actions, pipeline::Outputs outputs)
      : actions_(std::move(actions)), outputs_(outputs) {}

  Status start(pipeline::Host&) override { return Status::ok(); }
  void stop(pipeline::Deadline) override {}
  bool mutates() const override { return true; }

  Status consume(pipeline::Delivery&& delivery) override {
    Batch& batch = delivery.batch;
    KOLBEN_RETURN_IF_ERROR(kolben::otlp::decode(batch));
    const auto change = [&](auto& decoded) {
      for (auto& resource : decoded.resources) {
        actions_.apply(resource.resource.attributes, batch.arena());
      }
    };
    switch (batch.signal()) {
      case Signal::kTraces:
        change(batch.traces());
        break;
      case Signal::kMetrics:
        change(batch.metrics());
        break;
      case Signal::kLogs:
        change(batch.logs());
        break;
    }
    return outputs_.of(batch.signal())->consume(std::move(delivery));
  }

 private:
  const pipeline::AttributeActions actions_;
  const pipeline::Outputs outputs_;
};

}  // namespace

std::unique_ptr<pipeline::Processor> create(pipeline::CreateContext& context) {
  config::Reader reader(context.config, "processors::" + context.id, context.errors);
  pipeline::AttributeActions actions(reader, "attributes");
  return std::make_unique<ResourceProcessor>(std::move(actions), context.outputs);
}

}  // namespace kolben::processors::resource
