// Which exporters a signal has, and where they send: OTEL_*_EXPORTER, OTEL_EXPORTER_*, and where no
// endpoint is named for OTLP the variables of Elastic's agents.
// Source: OpenTelemetry specification, "OTLP Exporter Configuration" and "Environment Variable
// Specification"; opentelemetry-python 1.27.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/process/reader_settings.h"
#include "agent/process/variables.h"
#include "model/batch.h"
#include "wire/compression.h"

namespace kolben::agent {

enum class ExporterKind : std::uint8_t {
  kConsole,
  kOtlpGrpc,
  kOtlpHttpProtobuf,
  kOtlpHttpJson,
  kZipkinJson,      // of traces
  kZipkinProtobuf,  // of traces
  kPrometheus,      // of metrics
};

// Where an exporter sends, and how.
struct PeerSettings {
  // gRPC: "host:port" without scheme. HTTP: the whole URL.
  std::string endpoint;
  bool insecure = false;  // no TLS
  NamedTexts headers;
  std::uint64_t timeout_nanos = 10'000'000'000;
  wire::Compression compression = wire::Compression::kNone;
  std::string certificate_file, client_key_file, client_certificate_file;
};

// Where Prometheus finds us.
struct PrometheusSettings {
  std::string host = "localhost";
  std::uint16_t port = 9464;
  bool with_suffixes = true;  // units and _total
  bool with_scope_info = true;
  bool with_target_info = true;
  // What moves the port, as messages name it.
  std::string port_setting = "OTEL_EXPORTER_PROMETHEUS_PORT";
};

struct ExporterSettings {
  ExporterKind kind = ExporterKind::kConsole;
  PeerSettings peer = {};              // of those that send
  PrometheusSettings prometheus = {};  // of kPrometheus
  ReaderSettings reader = {};          // of metrics
};

bool is_zipkin(ExporterKind kind);

// In the order of the list. Mistakes become warnings of the variables.
std::vector<ExporterSettings> read_exporters(Signal signal, Variables& variables);

// "host:port" of gRPC: without scheme and path, with the default port; `insecure` by the scheme,
// where there is one. False: the scheme is neither http nor https.
bool set_grpc_endpoint(std::string_view endpoint, PeerSettings& peer);

}  // namespace kolben::agent
