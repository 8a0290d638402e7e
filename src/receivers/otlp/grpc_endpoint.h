// OTLP/gRPC: the three Export methods on one listener (OTLP specification, "OTLP/gRPC").
#pragma once

#include <memory>
#include <string>

#include "net/grpc/server.h"
#include "pipeline/component.h"
#include "pipeline/intake.h"

namespace kolben::receivers::otlp {

class GrpcEndpoint {
 public:
  // The host and the outputs outlive the endpoint.
  GrpcEndpoint(const std::string& receiver_id, pipeline::Outputs outputs, pipeline::Host& host);

  Status start(net::grpc::ServerSettings settings);
  void stop(pipeline::Deadline deadline);

 private:
  void serve(net::grpc::Call call, net::grpc::Responder responder);

  const std::string listener_;  // "otlp/grpc"
  pipeline::Host& host_;
  pipeline::Intake intake_;
  net::http::OnRejected on_refused_;
  std::size_t message_bytes_max_ = 0;
  std::unique_ptr<net::grpc::Server> server_;
};

}  // namespace kolben::receivers::otlp
