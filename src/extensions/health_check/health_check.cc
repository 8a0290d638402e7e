#include "extensions/health_check/health_check.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <string>
#include <utility>

#include "config/reader.h"
#include "net/http/server.h"
#include "pipeline/listener.h"
#include "pipeline/settings.h"
#include "wire/json_writer.h"

namespace kolben::extensions::health_check {
namespace {

struct Settings {
  net::http::ServerSettings server;
  std::string path = "/";
  bool includes_recoverable = true;
};

class HealthCheck final : public pipeline::Extension {
 public:
  HealthCheck(std::string id, Settings settings)
      : id_(std::move(id)), settings_(std::move(settings)) {}

  Status start(pipeline::Host& host) override {
    host_ = &host;
    started_unix_nanos_ = host.clock().unix_nanos();
    KOLBEN_TRY(server_, pipeline::start_http_listener(host, id_, settings_.server,
                                                      [this](const net::http::Request& request,
                                                             net::http::Responder responder) {
                                                        responder.respond(answer(request));
                                                      }));
    return Status::ok();
  }

  void stop(pipeline::Deadline deadline) override {
    if (server_) server_->stop(deadline);
  }

 private:
  net::http::Response answer(const net::http::Request& request) const {
    if (request.path() != settings_.path && request.path() != "/status") {
      return net::http::text_response(404, "404 health is at " + settings_.path + "\n");
    }
    if (!host_->is_ready()) {
      return net::http::json_response(503, R"({"status":"Server not available"})");
    }
    const Status health = host_->health().status();
    const bool is_available = health.is_ok() || !settings_.includes_recoverable;
    return net::http::json_response(is_available ? 200 : 503, body(is_available, health));
  }

  // The Collector's, and what is wrong under the name that its health_check v2 gives it.
  std::string body(bool is_available, const Status& health) const {
    const std::uint64_t up_nanos = host_->clock().unix_nanos() - started_unix_nanos_;
    const auto since = static_cast<std::time_t>(started_unix_nanos_ / 1'000'000'000);
    std::string text;
    wire::JsonWriter json(text);
    json.begin_object();
    json.key("status");
    json.string(is_available ? "Server available" : "Server not available");
    json.key("upSince");
    json.string(fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(since)));
    json.key("uptime");
    json.string(fmt::format("{:.3f}s", static_cast<double>(up_nanos) * 1e-9));
    if (!health) {
      json.key("error");
      json.string(health.message());
    }
    json.end_object();
    return text;
  }

  const std::string id_;
  const Settings settings_;
  pipeline::Host* host_ = nullptr;
  std::uint64_t started_unix_nanos_ = 0;
  std::unique_ptr<net::http::Server> server_;
};

}  // namespace

std::unique_ptr<pipeline::Extension> create(pipeline::CreateContext& context) {
  Settings settings;
  settings.server.endpoint = "localhost:13133";
  config::Reader reader(context.config, "extensions::" + context.id, context.errors);
  reader.optional("endpoint", settings.server.endpoint);
  reader.optional("path", settings.path);
  if (const auto health = reader.child("component_health")) {
    health->optional("include_recoverable_errors", settings.includes_recoverable);
  }
  reader.ignored("check_collector_pipeline", "the Collector's own is without effect, too");
  pipeline::read_tls_server(reader, settings.server.tls);
  return std::make_unique<HealthCheck>(context.id, std::move(settings));
}

}  // namespace kolben::extensions::health_check
