#include "agent/process/exporter_settings.h"

#include <algorithm>
#include <optional>

#include "agent/process/endpoint.h"
#include "agent/process/variables.h"

namespace kolben::agent {
namespace {

constexpr std::string_view kGeneralEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
constexpr std::string_view kElasticEndpoint = "ELASTIC_APM_SERVER_ENDPOINT";

// Signal names as they stand in the middle of variables.
std::string_view upper_name(Signal signal) {
  switch (signal) {
    case Signal::kTraces:
      return "TRACES";
    case Signal::kMetrics:
      return "METRICS";
    case Signal::kLogs:
      break;
  }
  return "LOGS";
}

class ExporterReader {
 public:
  explicit ExporterReader(Variables& variables) : variables_(variables) {}

  std::vector<ExporterSettings> read(Signal signal) {
    std::vector<ExporterSettings> result;
    const std::string variable = exporters_variable(signal);
    const auto found = variables_.all().find(variable);
    // Unset means otlp; set and empty means none, as in Python.
    const std::string_view list =
        found == variables_.all().end() ? "otlp" : std::string_view(found->second);
    for (const std::string_view item : split_list(list)) {
      const std::string name = lower(item);
      if (name == "none") continue;
      if (const auto kind = exporter_kind(signal, name)) {
        result.push_back(read_exporter(signal, *kind));
      } else {
        variables_.warn("error: " + variable + ": unknown exporter \"" + std::string(item) +
                        "\" (known: console, otlp, otlp_proto_grpc, otlp_proto_http, " +
                        "otlp_json_http, " + std::string(own_exporters(signal)) + "none)");
      }
    }
    return result;
  }

 private:
  std::string exporters_variable(Signal signal) {
    const std::string name = "OTEL_" + std::string(upper_name(signal)) + "_EXPORTER";
    if (signal != Signal::kLogs || variables_.text("OTEL_LOG_EXPORTER").empty()) return name;
    if (const std::string_view plural = variables_.text(name); !plural.empty()) {
      // The launcher, which says so, sets both.
      if (plural == variables_.text("OTEL_LOG_EXPORTER")) return name;
      variables_.warn("OTEL_LOG_EXPORTER is ignored: OTEL_LOGS_EXPORTER is set as well");
      return name;
    }
    variables_.warn(
        "OTEL_LOG_EXPORTER is taken for OTEL_LOGS_EXPORTER, which is its standard name");
    return "OTEL_LOG_EXPORTER";
  }

  std::optional<ExporterKind> exporter_kind(Signal signal, std::string_view name) {
    if (name == "console") return ExporterKind::kConsole;
    if (name == "otlp_proto_grpc") return ExporterKind::kOtlpGrpc;
    if (name == "otlp_proto_http") return ExporterKind::kOtlpHttpProtobuf;
    if (name == "otlp_json_http") return ExporterKind::kOtlpHttpJson;
    if (signal == Signal::kTraces && (name == "zipkin" || name == "zipkin_json")) {
      return ExporterKind::kZipkinJson;
    }
    if (signal == Signal::kTraces && name == "zipkin_proto") return ExporterKind::kZipkinProtobuf;
    if (signal == Signal::kMetrics && name == "prometheus") return ExporterKind::kPrometheus;
    if (name != "otlp") return std::nullopt;
    const std::string variable = otlp_variable(signal, "PROTOCOL");
    const std::string protocol = lower(variables_.text(variable));
    if (protocol == "http/protobuf") return ExporterKind::kOtlpHttpProtobuf;
    if (protocol == "http/json") return ExporterKind::kOtlpHttpJson;
    if (!protocol.empty() && protocol != "grpc") {
      variables_.warn_value(variable, protocol,
                            "unknown protocol (known: grpc, http/protobuf, http/json); using grpc");
    }
    return ExporterKind::kOtlpGrpc;
  }

  // What only this signal can have.
  static std::string_view own_exporters(Signal signal) {
    if (signal == Signal::kTraces) return "zipkin, zipkin_json, zipkin_proto, ";
    return signal == Signal::kMetrics ? "prometheus, " : "";
  }

  ExporterSettings read_exporter(Signal signal, ExporterKind kind) {
    ExporterSettings result;
    result.kind = kind;
    if (is_zipkin(kind)) {
      read_zipkin(result.peer);
    } else if (kind == ExporterKind::kPrometheus) {
      read_prometheus(result.prometheus);
    } else if (kind != ExporterKind::kConsole) {
      read_otlp(signal, kind, result.peer);
    }
    if (signal == Signal::kMetrics) read_reader(kind, result.reader);
    return result;
  }

  void read_zipkin(PeerSettings& zipkin) {
    zipkin.endpoint = endpoint_text("OTEL_EXPORTER_ZIPKIN_ENDPOINT");
    if (zipkin.endpoint.empty()) zipkin.endpoint = "http://localhost:9411/api/v2/spans";
    zipkin.insecure = zipkin.endpoint.starts_with("http://");
    read_timeout("OTEL_EXPORTER_ZIPKIN_TIMEOUT", zipkin);
  }

  void read_prometheus(PrometheusSettings& prometheus) {
    const std::string_view host = variables_.text("OTEL_EXPORTER_PROMETHEUS_HOST");
    if (!host.empty()) prometheus.host = host;
    variables_.number<std::uint16_t>("OTEL_EXPORTER_PROMETHEUS_PORT", prometheus.port, 0);
  }

  // The variables of OTLP's metrics are for OTLP: others get what is cumulative.
  void read_reader(ExporterKind kind, ReaderSettings& reader) {
    reader.is_pulled = kind == ExporterKind::kPrometheus;
    if (reader.is_pulled) return;
    variables_.millis("OTEL_METRIC_EXPORT_INTERVAL", reader.interval_nanos);
    if (kind == ExporterKind::kConsole) return;
    read_temporality(reader);
    const std::string_view name = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION";
    const std::string value = lower(variables_.text(name));
    if (value == "base2_exponential_bucket_histogram") {
      reader.histogram_kind = HistogramKind::kExponential;
    } else if (!value.empty() && value != "explicit_bucket_histogram") {
      variables_.warn_value(name, value,
                            "unknown (known: explicit_bucket_histogram, "
                            "base2_exponential_bucket_histogram); using the former");
    }
  }

  // What lowmemory keeps cumulative (asynchronous counters) the agent does not have.
  void read_temporality(ReaderSettings& reader) {
    const std::string_view name = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
    const std::string value = lower(variables_.text(name));
    if (value == "delta" || value == "lowmemory") {
      reader.counters = reader.histograms = Temporality::kDelta;
    } else if (!value.empty() && value != "cumulative") {
      variables_.warn_value(name, value,
                            "unknown (known: cumulative, delta, lowmemory); using cumulative");
    }
  }

  // The signal's own variable where it is set, else the general one.
  std::string otlp_variable(Signal signal, std::string_view option) const {
    std::string own = "OTEL_EXPORTER_OTLP_";
    own.append(upper_name(signal)).append("_").append(option);
    if (!variables_.text(own).empty()) return own;
    return "OTEL_EXPORTER_OTLP_" + std::string(option);
  }

  // Where no endpoint of OTLP's is set, the one of Elastic's agents serves.
  std::string endpoint_variable(Signal signal) const {
    std::string variable = otlp_variable(signal, "ENDPOINT");
    const bool is_set =
        !variables_.text(variable).empty() || variables_.text(kElasticEndpoint).empty();
    return is_set ? variable : std::string(kElasticEndpoint);
  }

  void add_elastic_token(NamedTexts& headers) const {
    const std::string_view token = variables_.text("ELASTIC_APM_SECRET_TOKEN");
    if (token.empty() || has_key(headers, "authorization")) return;
    headers.emplace_back("authorization", "Bearer " + std::string(token));
  }

  void read_otlp(Signal signal, ExporterKind kind, PeerSettings& otlp) {
    const auto value = [&](std::string_view option) {
      return variables_.text(otlp_variable(signal, option));
    };
    if (kind == ExporterKind::kOtlpGrpc) {
      read_grpc_endpoint(signal, otlp);
    } else {
      read_http_endpoint(signal, otlp);
    }
    otlp.headers = variables_.pairs(otlp_variable(signal, "HEADERS"), Variables::Keys::kLower);
    if (endpoint_variable(signal) == kElasticEndpoint) add_elastic_token(otlp.headers);
    read_timeout(otlp_variable(signal, "TIMEOUT"), otlp);
    const std::string compression = lower(value("COMPRESSION"));
    if (compression == "gzip") {
      otlp.compression = wire::Compression::kGzip;
    } else if (!compression.empty() && compression != "none") {
      variables_.warn_value(otlp_variable(signal, "COMPRESSION"), compression,
                            "unknown (known: gzip, none); using none");
    }
    otlp.certificate_file = value("CERTIFICATE");
    otlp.client_key_file = value("CLIENT_KEY");
    otlp.client_certificate_file = value("CLIENT_CERTIFICATE");
    name_unused(signal, otlp.insecure);
  }

  // What is set for TLS, and where there is none; and what would switch it off where the endpoint
  // itself says which it is.
  void name_unused(Signal signal, bool is_plain) {
    std::string endpoint(variables_.text(endpoint_variable(signal)));
    remove_user_info(endpoint);
    correct_scheme(endpoint);
    endpoint = shown_endpoint(endpoint);
    const auto name = [&](std::string_view option, std::string_view why) {
      const std::string variable = otlp_variable(signal, option);
      const std::string_view value = variables_.text(variable);
      if (value.empty()) return;
      variables_.warn_value(variable, value,
                            "has no effect: " + endpoint + " is " + std::string(why));
    };
    if (lower(endpoint).starts_with("https://")) {
      if (variables_.text(otlp_variable(signal, "INSECURE")) == "true")
        name("INSECURE", "with TLS");
    }
    if (!is_plain) return;
    if (endpoint.empty()) endpoint = "the default endpoint";
    for (const char* option : {"CERTIFICATE", "CLIENT_KEY", "CLIENT_CERTIFICATE"}) {
      name(option, "without TLS (https:// is with it)");
    }
  }

  std::string endpoint_text(std::string_view variable) {
    std::string endpoint(variables_.text(variable));
    if (remove_user_info(endpoint)) {
      variables_.warn(std::string(variable) + ": " + std::string(kNoUserInfo));
    }
    const std::string written = shown_endpoint(endpoint);
    if (correct_scheme(endpoint)) {
      variables_.warn_value(variable, written, "taken for " + shown_endpoint(endpoint));
    }
    return endpoint;
  }

  // "http://host:port", "https://host:port", or "host:port", which is TLS unless INSECURE is true.
  void read_grpc_endpoint(Signal signal, PeerSettings& otlp) {
    const std::string variable = endpoint_variable(signal);
    std::string endpoint = endpoint_text(variable);
    if (endpoint.empty()) endpoint = "http://localhost:4317";
    otlp.insecure = variables_.boolean(otlp_variable(signal, "INSECURE"), false);
    if (!set_grpc_endpoint(endpoint, otlp)) {
      variables_.warn_value(variable, shown_endpoint(endpoint),
                            "a scheme that is neither http nor https; using https");
    }
  }

  // The signal's own endpoint is used as it is, the general one is a base.
  void read_http_endpoint(Signal signal, PeerSettings& otlp) {
    const std::string variable = endpoint_variable(signal);
    std::string endpoint = endpoint_text(variable);
    const bool is_own = variable != kGeneralEndpoint && variable != kElasticEndpoint;
    if (endpoint.empty()) endpoint = "http://localhost:4318";
    if (endpoint.find("://") == std::string::npos) {
      const bool insecure = variables_.boolean(otlp_variable(signal, "INSECURE"), true);
      endpoint.insert(0, insecure ? "http://" : "https://");
      variables_.warn_value(variable, shown_endpoint(endpoint), "the scheme was missing");
    }
    if (!is_own) {
      while (endpoint.ends_with('/')) endpoint.pop_back();
      endpoint += "/v1/" + std::string(to_string(signal));
    } else if (endpoint.find('/', endpoint.find("://") + 3) == std::string::npos) {
      endpoint += '/';
    }
    otlp.insecure = endpoint.starts_with("http://");
    otlp.endpoint = std::move(endpoint);
  }

  // Seconds, as Python has it; the specification says milliseconds, and nobody waits for a thousand
  // seconds.
  void read_timeout(const std::string& variable, PeerSettings& otlp) {
    std::uint64_t value = 0;
    variables_.number<std::uint64_t>(variable, value, 1, "seconds", "10");
    if (value == 0) return;
    if (value >= 1000) {
      value = std::min<std::uint64_t>(value, 3'600'000);
      otlp.timeout_nanos = value * 1'000'000;
      variables_.warn_value(variable, std::to_string(value),
                            "taken for milliseconds (below 1000 it is seconds)");
    } else {
      otlp.timeout_nanos = value * 1'000'000'000;
    }
  }

  Variables& variables_;
};

}  // namespace

bool is_zipkin(ExporterKind kind) {
  return kind == ExporterKind::kZipkinJson || kind == ExporterKind::kZipkinProtobuf;
}

bool set_grpc_endpoint(std::string_view endpoint, PeerSettings& peer) {
  bool is_known = true;
  const std::size_t scheme_end = endpoint.find("://");
  if (scheme_end != std::string_view::npos) {
    const std::string scheme = lower(endpoint.substr(0, scheme_end));
    is_known = scheme == "http" || scheme == "https";
    peer.insecure = scheme == "http";
    endpoint.remove_prefix(scheme_end + 3);
    endpoint = endpoint.substr(0, endpoint.find('/'));
  }
  peer.endpoint = endpoint;
  const std::size_t colon = endpoint.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && endpoint.find(']', colon) == std::string_view::npos;
  if (!has_port) peer.endpoint += ":4317";
  return is_known;
}

std::vector<ExporterSettings> read_exporters(Signal signal, Variables& variables) {
  return ExporterReader(variables).read(signal);
}

}  // namespace kolben::agent
