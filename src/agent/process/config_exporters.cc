#include "agent/process/config_exporters.h"

#include <algorithm>
#include <string>

#include "agent/process/config_choice.h"
#include "agent/process/endpoint.h"

namespace kolben::agent {
namespace {

class ExporterReader {
 public:
  ExporterReader(Signal signal, config::Errors& errors) : signal_(signal), errors_(errors) {}

  // Of a processor or reader; nothing where there is a mistake, or where the agent has no such one.
  std::optional<ExporterSettings> read(config::Reader& owner) {
    std::vector<std::string_view> names = {"otlp_http", "otlp_grpc", "otlp", "console"};
    if (signal_ == Signal::kTraces) names.emplace_back("zipkin");
    names.insert(names.end(), {"", "otlp_file/development"});
    const ConfigChoice choice = read_choice(owner, "exporter", names, errors_);
    if (choice.name.empty()) return std::nullopt;
    ExporterSettings exporter;
    if (choice.name == "otlp_file/development") {
      owner.ignored("exporter", "the agent does not write OTLP into files");
      return std::nullopt;
    }
    const auto reader = choice.reader(errors_);
    if (choice.name == "console") {
      exporter.kind = ExporterKind::kConsole;
    } else if (choice.name == "zipkin") {
      exporter.kind = ExporterKind::kZipkinJson;
      read_zipkin(*reader, exporter.peer);
    } else {
      read_otlp(choice.name, *reader, exporter);
    }
    if (signal_ == Signal::kMetrics) read_aggregation(*reader, exporter.reader);
    return exporter;
  }

 private:
  static void read_zipkin(config::Reader& reader, PeerSettings& peer) {
    peer.endpoint = "http://localhost:9411/api/v2/spans";
    reader.optional("endpoint", peer.endpoint);
    check_user_info(reader, peer.endpoint);
    peer.insecure = peer.endpoint.starts_with("http://");
    read_timeout(reader, peer);
  }

  static void check_user_info(config::Reader& reader, std::string& endpoint) {
    if (remove_user_info(endpoint)) reader.error("endpoint", std::string(kNoUserInfo));
  }

  static void read_timeout(config::Reader& reader, PeerSettings& peer) {
    read_millis(reader, "timeout", peer.timeout_nanos);
    if (peer.timeout_nanos == 0) peer.timeout_nanos = kConfigNanosMax;
  }

  void read_otlp(std::string_view name, config::Reader& reader, ExporterSettings& exporter) {
    std::size_t protocol = name == "otlp_grpc" ? 0 : 1;
    if (name == "otlp") reader.choice("protocol", {"grpc", "http/protobuf", "http/json"}, protocol);
    if (name == "otlp_http") {
      std::size_t encoding = 0;
      reader.choice("encoding", {"protobuf", "json"}, encoding);
      protocol += encoding;
    }
    constexpr ExporterKind kKinds[] = {ExporterKind::kOtlpGrpc, ExporterKind::kOtlpHttpProtobuf,
                                       ExporterKind::kOtlpHttpJson};
    exporter.kind = kKinds[protocol];
    PeerSettings& peer = exporter.peer;
    read_tls(reader, peer);
    read_endpoint(reader, exporter.kind, peer);
    read_headers(reader, peer.headers);
    read_timeout(reader, peer);
    std::size_t compression = 0;
    reader.choice("compression", {"none", "gzip"}, compression);
    if (compression == 1) peer.compression = wire::Compression::kGzip;
    reader.ignored("max_request_size", "batches are bounded by their number of items");
    reader.ignored("max_response_size", "answers are at most 4 MiB");
  }

  static void read_endpoint(config::Reader& reader, ExporterKind kind, PeerSettings& peer) {
    const bool is_grpc = kind == ExporterKind::kOtlpGrpc;
    std::string endpoint = is_grpc ? "http://localhost:4317" : std::string();
    reader.optional("endpoint", endpoint);
    check_user_info(reader, endpoint);
    if (is_grpc) {
      if (!set_grpc_endpoint(endpoint, peer)) {
        reader.error("endpoint", "want http://host:port or https://host:port");
      }
      return;
    }
    const bool is_url = endpoint.starts_with("http://") || endpoint.starts_with("https://");
    if (!endpoint.empty() && !is_url) {
      reader.error("endpoint", "want a URL, http://host:port/path");
    }
    peer.insecure = !endpoint.starts_with("https://");
    peer.endpoint = std::move(endpoint);
  }

  // Files of 1.0, 0.4 and 0.3.
  static void read_tls(config::Reader& reader, PeerSettings& peer) {
    if (auto tls = reader.child("tls")) {
      tls->optional("ca_file", peer.certificate_file);
      tls->optional("key_file", peer.client_key_file);
      tls->optional("cert_file", peer.client_certificate_file);
      tls->optional("insecure", peer.insecure);
    }
    for (const char* key : {"certificate", "certificate_file"}) {
      reader.optional(key, peer.certificate_file);
    }
    for (const char* key : {"client_key", "client_key_file"}) {
      reader.optional(key, peer.client_key_file);
    }
    for (const char* key : {"client_certificate", "client_certificate_file"}) {
      reader.optional(key, peer.client_certificate_file);
    }
    reader.optional("insecure", peer.insecure);
  }

  static void read_headers(config::Reader& reader, NamedTexts& headers) {
    std::string list;
    reader.optional("headers_list", list);
    for (const std::string_view item : split_list(list)) {
      auto pair = key_and_value(item);
      if (pair) {
        put(headers, lower(pair->first), std::move(pair->second));
      } else {
        reader.error("headers_list", "an item is not key=value");  // which may be a secret
      }
    }
    for (const auto& header : reader.children("headers")) {  // stronger than the list
      std::string name;
      std::string value;
      header->optional("name", name);
      header->optional("value", value);
      if (name.empty()) {
        header->error("name", "is missing");
      } else {
        put(headers, lower(name), std::move(value));
      }
    }
  }

  static void read_aggregation(config::Reader& reader, ReaderSettings& metrics) {
    std::size_t temporality = 0;
    // The last is 0.3's.
    reader.choice("temporality_preference", {"cumulative", "delta", "low_memory", "lowmemory"},
                  temporality);
    if (temporality != 0) metrics.counters = metrics.histograms = Temporality::kDelta;
    std::size_t histograms = 0;
    reader.choice("default_histogram_aggregation",
                  {"explicit_bucket_histogram", "base2_exponential_bucket_histogram"}, histograms);
    if (histograms == 1) metrics.histogram_kind = HistogramKind::kExponential;
  }

  const Signal signal_;
  config::Errors& errors_;
};

// OTLP over HTTP without an endpoint.
void set_default_endpoint(Signal signal, ExporterSettings& exporter) {
  const bool is_http = exporter.kind == ExporterKind::kOtlpHttpProtobuf ||
                       exporter.kind == ExporterKind::kOtlpHttpJson;
  if (!is_http || !exporter.peer.endpoint.empty()) return;
  exporter.peer.endpoint = "http://localhost:4318/v1/" + std::string(to_string(signal));
}

}  // namespace

void read_millis(config::Reader& reader, std::string_view key, std::uint64_t& nanos) {
  constexpr std::uint64_t kNanosPerMilli = 1'000'000;
  std::uint64_t millis = nanos / kNanosPerMilli;
  reader.optional(key, millis);
  nanos = std::min(millis, kConfigNanosMax / kNanosPerMilli) * kNanosPerMilli;
}

std::optional<ExporterSettings> read_exporter(Signal signal, config::Reader& owner,
                                              config::Errors& errors) {
  auto exporter = ExporterReader(signal, errors).read(owner);
  if (exporter) set_default_endpoint(signal, *exporter);
  return exporter;
}

}  // namespace kolben::agent
