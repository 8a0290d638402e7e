#include "pipeline/listener.h"

#include <utility>

#include "net/address.h"

namespace kolben::pipeline {

void report_listener(Host& host, const std::string& name, const std::string& endpoint,
                     std::uint16_t port) {
  const Result<net::Address> address = net::parse_address(endpoint);
  host.report_port({name, address.has_value() ? address->host : endpoint, port});
}

UniqueFunction<void(std::string_view, std::string_view)> count_rejected(
    Host& host, const std::string& listener) {
  return [&host, listener](std::string_view reason, std::string_view) {
    host.telemetry()
        .counter("kolben_listener_rejected",
                 "Connections and requests that a listener turned away, by reason",
                 {{"listener", listener}, {"reason", std::string(reason)}})
        .add();
  };
}

Result<std::unique_ptr<net::http::Server>> start_http_listener(
    Host& host, const std::string& name, const net::http::ServerSettings& settings,
    net::http::Handler handler) {
  KOLBEN_TRY(std::unique_ptr<net::http::Server> server,
             net::http::Server::start(settings, std::move(handler), count_rejected(host, name)));
  report_listener(host, name, settings.endpoint, server->port());
  return server;
}

}  // namespace kolben::pipeline
