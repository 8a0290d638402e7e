// Which exporters a signal has, and where they send: OTEL_*_EXPORTER, OTEL_EXPORTER_OTLP_*, and
// where none of these names an endpoint the variables of Elastic's agents.
// Source: OpenTelemetry specification, "OTLP Exporter Configuration"; opentelemetry-python 1.27.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/process/variables.h"
#include "model/batch.h"
#include "wire/compression.h"

namespace kolben::agent {

enum class ExporterKind : std::uint8_t { kConsole, kOtlpGrpc, kOtlpHttpProtobuf, kOtlpHttpJson };

struct OtlpSettings {
  // gRPC: "host:port" without scheme. HTTP: the whole URL.
  std::string endpoint;
  bool insecure = false;  // no TLS
  NamedTexts headers;
  std::uint64_t timeout_nanos = 10'000'000'000;
  wire::Compression compression = wire::Compression::kNone;
  std::string certificate_file, client_key_file, client_certificate_file;
};

struct ExporterSettings {
  ExporterKind kind = ExporterKind::kConsole;
  OtlpSettings otlp;  // unless kConsole
};

// In the order of the list. Mistakes become warnings of the variables.
std::vector<ExporterSettings> read_exporters(Signal signal, Variables& variables);

}  // namespace kolben::agent
