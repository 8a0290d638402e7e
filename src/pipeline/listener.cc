#include "pipeline/listener.h"

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

}  // namespace kolben::pipeline
