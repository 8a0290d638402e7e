#include "app/banner.h"

#include <cstdio>
#include <string_view>

namespace kolben::app {
namespace {

struct Line {
  std::string_view port;  // the name it is reported under
  std::string_view title;
  std::string_view prefix;
  std::string_view suffix;
};

constexpr Line kLines[] = {
    {"query", "open", "http://", ""},
    {"otlp/grpc", "send OTLP", "http://", " (gRPC)"},
    {"otlp/http", "", "http://", " (HTTP)"},
    {"zipkin", "send Zipkin", "http://", "/api/v2/spans"},
    {"remote_sampling/http", "sampling", "http://", "/sampling"},
    {"prometheus", "scrape", "http://", "/metrics"},
    {"telemetry", "own metrics", "http://", "/metrics"},
    {"health_check", "health", "http://", "/"},
};

// What a person on this machine types to get there.
std::string reachable_host(std::string_view host) {
  if (host.empty() || host == "0.0.0.0" || host == "::" || host == "127.0.0.1" || host == "::1") {
    return "localhost";
  }
  return host.find(':') == std::string_view::npos ? std::string(host)
                                                  : "[" + std::string(host) + "]";
}

}  // namespace

std::string page_address(const std::vector<pipeline::BoundPort>& ports) {
  for (const pipeline::BoundPort& port : ports) {
    if (port.name != "query") continue;
    return "http://" + reachable_host(port.host) + ":" + std::to_string(port.port);
  }
  return "";
}

std::string banner(const std::vector<pipeline::BoundPort>& ports) {
  std::string text = "\nKolben is running.\n\n";
  for (const Line& line : kLines) {
    for (const pipeline::BoundPort& port : ports) {
      if (port.name != line.port) continue;
      std::string title = "  " + std::string(line.title);
      title.resize(16, ' ');
      text.append(title).append(line.prefix).append(reachable_host(port.host));
      text.append(":").append(std::to_string(port.port)).append(line.suffix).append("\n");
    }
  }
  return text + "\nTrace a program with: opentelemetry-instrument PROGRAM\nCtrl-C stops.\n\n";
}

void print_banner(const std::vector<pipeline::BoundPort>& ports) {
  std::fputs(banner(ports).c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace kolben::app
