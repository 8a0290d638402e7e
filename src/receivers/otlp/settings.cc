#include "receivers/otlp/settings.h"

#include <limits>

#include "config/reader.h"
#include "otlp/service.h"
#include "pipeline/settings.h"

namespace kolben::receivers::otlp {
namespace {

net::grpc::ServerSettings read_grpc(config::Reader& reader) {
  net::grpc::ServerSettings settings;
  settings.endpoint = "localhost:4317";
  settings.message_bytes_max = kMessageBytesMax;
  settings.encode_status_details = &kolben::otlp::encode_rpc_status;
  reader.optional("endpoint", settings.endpoint);
  std::uint64_t message_mib = kMessageBytesMax >> 20;
  reader.optional("max_recv_msg_size_mib", message_mib);
  // gRPC counts message sizes in an int.
  constexpr std::uint64_t kMibMax = std::numeric_limits<int>::max() >> 20;
  if (message_mib == 0 || message_mib > kMibMax) {
    reader.error("max_recv_msg_size_mib", "must be between 1 and " + std::to_string(kMibMax));
  } else {
    settings.message_bytes_max = message_mib << 20;
  }
  std::uint64_t streams = settings.concurrent_streams_max;
  reader.optional("max_concurrent_streams", streams);
  if (streams == 0) streams = settings.concurrent_streams_max;  // unset, as in the Collector
  if (streams > std::numeric_limits<std::uint32_t>::max()) {
    reader.error("max_concurrent_streams", "must fit 32 bits");
  } else {
    settings.concurrent_streams_max = static_cast<std::uint32_t>(streams);
  }
  for (const char* key :
       {"transport", "read_buffer_size", "write_buffer_size", "keepalive", "include_metadata"}) {
    reader.ignored(key, "grpc++ manages this by itself");
  }
  pipeline::read_tls_server(reader, settings.tls);
  pipeline::refuse_min_version_13(reader, settings.tls.min_version);
  return settings;
}

HttpSettings read_http(config::Reader& reader) {
  HttpSettings settings;
  settings.server.endpoint = "localhost:4318";
  settings.server.body_bytes_max = kMessageBytesMax;
  reader.optional("endpoint", settings.server.endpoint);
  std::uint64_t body_bytes = kMessageBytesMax;
  reader.optional("max_request_body_size", body_bytes);
  if (body_bytes == 0) body_bytes = kMessageBytesMax;
  settings.server.body_bytes_max = body_bytes;
  reader.optional("traces_url_path", settings.traces_path);
  reader.optional("metrics_url_path", settings.metrics_path);
  reader.optional("logs_url_path", settings.logs_path);
  reader.optional("read_timeout", settings.server.body_timeout);
  reader.optional("read_header_timeout", settings.server.header_timeout);
  reader.optional("idle_timeout", settings.server.idle_timeout);
  for (const char* key :
       {"include_metadata", "keep_alives_enabled", "write_timeout", "compression_algorithms"}) {
    reader.ignored(key, "the server decides this by itself");
  }
  if (auto cors = reader.child("cors")) {
    cors->optional("allowed_origins", settings.server.cors_allowed_origins);
    cors->ignored("allowed_headers", "every header is allowed");
    cors->ignored("max_age", "the browser's default holds");
  }
  pipeline::read_tls_server(reader, settings.server.tls);
  return settings;
}

}  // namespace

const std::string& HttpSettings::path_of(Signal signal) const {
  switch (signal) {
    case Signal::kTraces:
      return traces_path;
    case Signal::kMetrics:
      return metrics_path;
    case Signal::kLogs:
      return logs_path;
  }
  return traces_path;
}

Settings read_settings(pipeline::CreateContext& context) {
  Settings settings;
  config::Reader reader(context.config, "receivers::" + context.id, context.errors);
  if (auto protocols = reader.child("protocols")) {
    if (auto grpc = protocols->child("grpc")) settings.grpc = read_grpc(*grpc);
    if (auto http = protocols->child("http")) settings.http = read_http(*http);
  }
  if (!settings.grpc && !settings.http) {
    reader.error("protocols", "must specify at least one protocol (grpc, http)");
  }
  return settings;
}

}  // namespace kolben::receivers::otlp
