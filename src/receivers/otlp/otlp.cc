#include "receivers/otlp/otlp.h"

#include <string>
#include <utility>

#include "receivers/otlp/grpc_endpoint.h"
#include "receivers/otlp/http_endpoint.h"
#include "receivers/otlp/settings.h"

namespace kolben::receivers::otlp {
namespace {

class OtlpReceiver final : public pipeline::Receiver {
 public:
  OtlpReceiver(std::string id, Settings settings, pipeline::Outputs outputs)
      : id_(std::move(id)), settings_(std::move(settings)), outputs_(outputs) {}

  Status start(pipeline::Host& host) override {
    if (settings_.grpc) {
      grpc_ = std::make_unique<GrpcEndpoint>(id_, outputs_, host);
      KOLBEN_RETURN_IF_ERROR(grpc_->start(*settings_.grpc).with_context("receiver " + id_));
    }
    if (settings_.http) {
      http_ = std::make_unique<HttpEndpoint>(id_, outputs_, host, *settings_.http);
      KOLBEN_RETURN_IF_ERROR(http_->start().with_context("receiver " + id_));
    }
    return Status::ok();
  }

  void stop(pipeline::Deadline deadline) override {
    if (grpc_) grpc_->stop(deadline);
    if (http_) http_->stop(deadline);
  }

 private:
  const std::string id_;
  const Settings settings_;
  const pipeline::Outputs outputs_;
  std::unique_ptr<GrpcEndpoint> grpc_;
  std::unique_ptr<HttpEndpoint> http_;
};

}  // namespace

std::unique_ptr<pipeline::Receiver> create(pipeline::CreateContext& context) {
  Settings settings = read_settings(context);
  return std::make_unique<OtlpReceiver>(context.id, std::move(settings), context.outputs);
}

}  // namespace kolben::receivers::otlp
