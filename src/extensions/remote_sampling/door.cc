#include "extensions/remote_sampling/door.h"

#include <optional>
#include <utility>

#include "extensions/remote_sampling/answer.h"
#include "pipeline/listener.h"
#include "wire/compression.h"

namespace kolben::extensions::remote_sampling {
namespace {

constexpr std::string_view kMethod = "/jaeger.api_v2.SamplingManager/GetSamplingStrategy";

// Nothing: there is none, or more than one.
std::optional<std::string> service_parameter(std::string_view target) {
  std::optional<std::string> service;
  for (auto& [name, value] : net::http::query_parameters(target)) {
    if (name != "service") continue;
    if (service) return std::nullopt;
    service = std::move(value);
  }
  return service;
}

pipeline::Counter& count_answers(pipeline::Host& host, const std::string& name) {
  return host.telemetry().counter("kolben_remote_sampling_answers",
                                  "Services that were told their sampling strategy",
                                  {{"listener", name}});
}

// The message of a call, whose size the server has bounded.
Result<std::string> question_of(const net::grpc::Call& call, std::size_t bytes_max) {
  if (call.compression == wire::Compression::kNone) return std::string(call.message.view());
  return wire::decompress(call.compression, call.message.view(), bytes_max);
}

}  // namespace

Result<std::unique_ptr<net::http::Server>> open_http(pipeline::Host& host, const std::string& name,
                                                     const net::http::ServerSettings& settings,
                                                     CurrentStrategies strategies) {
  // Any path, as Jaeger has it: clients ask for /sampling, /api/sampling or /.
  return pipeline::start_http_listener(
      host, name, settings,
      [strategies = std::move(strategies), &answers = count_answers(host, name),
       on_refused = pipeline::count_rejected(host, name)](const net::http::Request& request,
                                                          net::http::Responder responder) mutable {
        const auto refuse = [&](std::string_view reason, net::http::Response response) {
          on_refused(reason, request.peer);
          responder.respond(std::move(response));
        };
        if (request.method != "GET") {
          net::http::Response response = net::http::text_response(405, "405 want GET\n");
          response.headers.emplace_back("Allow", "GET");
          return refuse("wrong_method", std::move(response));
        }
        const auto service = service_parameter(request.target);
        if (!service) {
          return refuse(
              "wrong_parameters",
              net::http::text_response(400, "'service' parameter must be provided once\n"));
        }
        const auto current = strategies();
        answers.add();
        responder.respond(net::http::json_response(200, answer_json(current->of(*service))));
      });
}

Result<std::unique_ptr<net::grpc::Server>> open_grpc(pipeline::Host& host, const std::string& name,
                                                     net::grpc::ServerSettings settings,
                                                     CurrentStrategies strategies) {
  const std::string endpoint = settings.endpoint;
  const std::size_t bytes_max = settings.message_bytes_max;
  KOLBEN_TRY(std::unique_ptr<net::grpc::Server> server,
             net::grpc::Server::start(
                 std::move(settings),
                 [strategies = std::move(strategies), &answers = count_answers(host, name),
                  bytes_max](const net::grpc::Call& call, net::grpc::Responder responder) {
                   if (call.method != kMethod) {
                     return responder.fail(unimplemented("unknown method " + call.method +
                                                         "; this is Jaeger's SamplingManager"));
                   }
                   const Result<std::string> service =
                       question_of(call, bytes_max).and_then([](const std::string& question) {
                         return service_of(question);
                       });
                   if (!service.has_value()) return responder.fail(service.error());
                   const auto current = strategies();
                   answers.add();
                   responder.respond(answer_protobuf(current->of(*service)));
                 },
                 pipeline::count_rejected(host, name)));
  pipeline::report_listener(host, name, endpoint, server->port());
  return server;
}

}  // namespace kolben::extensions::remote_sampling
