#include "agent/process/transport.h"

#include <charconv>
#include <cstdint>
#include <utility>

#include "agent/process/export_advice.h"
#include "agent/process/user_agent.h"
#include "net/grpc/light_client.h"
#include "net/http/client.h"
#include "wire/compression.h"

namespace kolben::agent {
namespace {

Bytes packed(const std::string& message, wire::Compression compression) {
  if (compression == wire::Compression::kNone) return Bytes::from_string(message);
  return Bytes::from_string(wire::compress(compression, message));
}

net::TlsClientSettings tls_of(const PeerSettings& settings) {
  net::TlsClientSettings tls;
  tls.insecure = settings.insecure;
  tls.ca_file = settings.certificate_file;
  tls.cert_file = settings.client_certificate_file;
  tls.key_file = settings.client_key_file;
  return tls;
}

class GrpcTransport final : public Transport {
 public:
  GrpcTransport(Signal signal, PeerSettings settings)
      : method_(otlp::grpc_method(signal)), settings_(std::move(settings)) {}

  Result<otlp::PartialSuccess> send(const std::string& message,
                                    std::chrono::nanoseconds timeout) override {
    if (client_ == nullptr) KOLBEN_RETURN_IF_ERROR(connect());
    net::grpc::OutgoingCall call;
    call.method = method_;
    call.message = packed(message, settings_.compression);
    call.compression = settings_.compression;
    call.timeout = timeout;
    auto result =
        asked<std::string>([&](auto done) { client_->call(std::move(call), std::move(done)); },
                           timeout + kGrace, ending_);
    if (!result) return deadline_exceeded("the answer did not come in time");
    if (!result->has_value()) {
      return std::move(*result).error();
    }
    return otlp::decode_response(**result);
  }

 private:
  Status connect() {
    net::grpc::ClientSettings client;
    client.endpoint = settings_.endpoint;
    client.tls = tls_of(settings_);
    client.metadata = settings_.headers;
    client.user_agent = agent_user_agent(kExporterName);
    client.decode_status_details = otlp::decode_rpc_status;
    KOLBEN_TRY(client_, net::grpc::create_light_client(std::move(client)));
    return Status::ok();
  }

  const std::string method_;
  const PeerSettings settings_;
  std::unique_ptr<net::grpc::Client> client_;
};

class HttpTransport final : public Transport {
 public:
  HttpTransport(ExporterKind kind, PeerSettings settings)
      : kind_(kind), settings_(std::move(settings)) {}

  Result<otlp::PartialSuccess> send(const std::string& message,
                                    std::chrono::nanoseconds timeout) override {
    if (client_ == nullptr) connect();
    auto result = asked<net::http::Response>(
        [&](auto done) { client_->send(request(message), std::move(done)); }, timeout, ending_);
    if (!result) {
      client_.reset();  // cancels the call
      return deadline_exceeded("the answer did not come in time");
    }
    if (!result->has_value()) return std::move(*result).error();
    return read_response(**result);
  }

 private:
  void connect() {
    net::http::ClientSettings client;
    client.tls = tls_of(settings_);
    client.timeout = std::chrono::nanoseconds(settings_.timeout_nanos);
    client.connections_max = 1;
    client_ = net::http::Client::create(std::move(client));
  }

  net::http::ClientRequest request(const std::string& message) const {
    net::http::ClientRequest request;
    request.url = settings_.endpoint;
    request.headers = settings_.headers;
    const bool is_protobuf =
        kind_ == ExporterKind::kOtlpHttpProtobuf || kind_ == ExporterKind::kZipkinProtobuf;
    const char* type = is_protobuf ? "application/x-protobuf" : "application/json";
    request.headers.emplace_back("Content-Type", type);
    request.headers.emplace_back("User-Agent", agent_user_agent(kExporterName));
    if (settings_.compression != wire::Compression::kNone) {
      request.headers.emplace_back("Content-Encoding",
                                   std::string(wire::to_string(settings_.compression)));
    }
    request.body = packed(message, settings_.compression);
    return request;
  }

  // Why the server refuses, in its own words.
  static std::string said_by(const net::http::Response& response) {
    const std::string_view type = net::http::find_header(response.headers, "Content-Type");
    const std::string_view body = response.body.view();
    if (!type.starts_with("application/x-protobuf")) return first_line(body);
    return first_line(otlp::decode_rpc_status(body).message());
  }

  // OTLP specification, "OTLP/HTTP Response".
  Result<otlp::PartialSuccess> read_response(const net::http::Response& response) const {
    const int code = response.status;
    if (code >= 200 && code < 300) {
      const std::string_view body = response.body.view();
      if (kind_ == ExporterKind::kOtlpHttpProtobuf) return otlp::decode_response(body);
      // Zipkin's servers answer anything; an empty answer has rejected nothing.
      if (kind_ != ExporterKind::kOtlpHttpJson || body.empty()) return otlp::PartialSuccess{};
      return otlp::decode_response_json(body);
    }
    std::string text = "HTTP status " + std::to_string(code);
    if (const std::string said = said_by(response); !said.empty()) text += ": " + said;
    const bool is_transient = code == 429 || code == 502 || code == 503 || code == 504;
    if (!is_transient) return invalid_argument(text);
    Status status = unavailable(text);
    const std::string_view wait = net::http::find_header(response.headers, "Retry-After");
    std::uint32_t seconds = 0;
    const auto parsed = std::from_chars(wait.data(), wait.data() + wait.size(), seconds);
    // The form with a date, and no wait at all, are left to our own pace.
    if (parsed.ec != std::errc() || seconds == 0) return status;
    return std::move(status).with_retry_after(std::chrono::seconds(seconds));
  }

  const ExporterKind kind_;
  const PeerSettings settings_;
  std::unique_ptr<net::http::Client> client_;
};

}  // namespace

std::unique_ptr<Transport> make_transport(Signal signal, ExporterKind kind,
                                          const PeerSettings& settings) {
  if (kind == ExporterKind::kOtlpGrpc) return std::make_unique<GrpcTransport>(signal, settings);
  return std::make_unique<HttpTransport>(kind, settings);
}

}  // namespace kolben::agent
