// OTLP/HTTP: protobuf and JSON on one listener (OTLP specification, "OTLP/HTTP").
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/http/server.h"
#include "pipeline/component.h"
#include "pipeline/intake.h"
#include "receivers/otlp/settings.h"

namespace kolben::receivers::otlp {

class HttpEndpoint {
 public:
  // The host and the outputs outlive the endpoint.
  HttpEndpoint(const std::string& receiver_id, pipeline::Outputs outputs, pipeline::Host& host,
               HttpSettings settings);

  Status start();
  void stop(pipeline::Deadline deadline);

 private:
  void serve(net::http::Request request, net::http::Responder responder);
  // The body of a request that came to the right door.
  void take(Signal signal, bool is_json, const net::http::Request& request,
            net::http::Responder responder);
  std::optional<Signal> signal_of_path(std::string_view path) const;

  const std::string listener_;  // "otlp/http"
  pipeline::Host& host_;
  const HttpSettings settings_;
  pipeline::Intake intake_;
  net::http::OnRejected on_refused_;
  std::unique_ptr<net::http::Server> server_;
};

}  // namespace kolben::receivers::otlp
