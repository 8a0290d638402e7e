#include "connectors/forward/forward.h"

#include <utility>

#include "config/reader.h"

namespace kolben::connectors::forward {
namespace {

class Forward final : public pipeline::Connector {
 public:
  explicit Forward(pipeline::Outputs outputs) : outputs_(outputs) {}

  Status start(pipeline::Host&) override { return Status::ok(); }
  void stop(pipeline::Deadline) override {}

  Status consume(pipeline::Delivery&& delivery) override {
    return outputs_.of(delivery.batch.signal())->consume(std::move(delivery));
  }

 private:
  const pipeline::Outputs outputs_;
};

}  // namespace

std::unique_ptr<pipeline::Connector> create(pipeline::CreateContext& context) {
  // Has no keys; says so of those that it is given.
  const config::Reader reader(context.config, "connectors::" + context.id, context.errors);
  return std::make_unique<Forward>(context.outputs);
}

}  // namespace kolben::connectors::forward
