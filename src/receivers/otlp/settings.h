// Settings of the receiver `otlp`; keys and defaults are the Collector's, but for the size limits,
// which are those that the OTLP specification recommends (64 MiB).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "net/grpc/server.h"
#include "net/http/server.h"
#include "pipeline/component.h"

namespace kolben::receivers::otlp {

inline constexpr std::size_t kMessageBytesMax = 64 << 20;

struct HttpSettings {
  net::http::ServerSettings server;
  std::string traces_path = "/v1/traces";
  std::string metrics_path = "/v1/metrics";
  std::string logs_path = "/v1/logs";

  const std::string& path_of(Signal signal) const;
};

struct Settings {
  std::optional<net::grpc::ServerSettings> grpc;
  std::optional<HttpSettings> http;
};

// Mistakes go to context.errors.
Settings read_settings(pipeline::CreateContext& context);

}  // namespace kolben::receivers::otlp
