#include "agent/process/export_advice.h"

#include <algorithm>
#include <initializer_list>

#include "agent/process/line_assembler.h"
#include "agent/process/utf8.h"

namespace kolben::agent {
namespace {

bool has_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [text](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

bool is_http(ExporterKind kind) {
  return kind != ExporterKind::kOtlpGrpc;
}

std::string advice_of_tls(ExporterKind kind, std::string_view error) {
  if (has_one_of(error, {"certificate verify failed"})) {
    if (is_zipkin(kind)) return "is its authority one that this machine knows?";
    return "OTEL_EXPORTER_OTLP_CERTIFICATE names a file with the authority that signed the "
           "server's certificate, which has to name the host";
  }
  if (has_one_of(error, {"certificate required", "bad certificate", "handshake failure"})) {
    return "does it ask for a certificate of ours (OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and "
           "_KEY)?";
  }
  if (has_one_of(error, {"does not speak"})) {
    return "is it the port of OTLP over HTTP? OTEL_EXPORTER_OTLP_PROTOCOL says which is spoken";
  }
  return "does it speak TLS? Without, the endpoint begins with http://";
}

// "4318"; empty: none is named.
std::string_view port_of(std::string_view endpoint) {
  const std::size_t scheme_end = endpoint.find("://");
  if (scheme_end != std::string_view::npos) endpoint.remove_prefix(scheme_end + 3);
  endpoint = endpoint.substr(0, endpoint.find('/'));
  const std::size_t colon = endpoint.rfind(':');
  return colon == std::string_view::npos ? std::string_view() : endpoint.substr(colon + 1);
}

// The connection is there, and what comes back is not what the protocol has.
std::string advice_of_protocol(ExporterKind kind, bool uses_tls, std::string_view endpoint) {
  if (is_zipkin(kind)) return "is it a Zipkin server?";
  const std::string_view port = port_of(endpoint);
  std::string text;
  if (is_http(kind) && port == "4317") {
    text =
        "4317 is the port of OTLP over gRPC, 4318 that over HTTP; "
        "OTEL_EXPORTER_OTLP_PROTOCOL=grpc speaks gRPC";
  } else if (!is_http(kind) && port == "4318") {
    text =
        "4318 is the port of OTLP over HTTP, 4317 that over gRPC; "
        "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf speaks HTTP";
  } else {
    text = is_http(kind) ? "is it the port of OTLP over gRPC (mostly 4317)?"
                         : "is it the port of OTLP over HTTP (mostly 4318)?";
    text += " OTEL_EXPORTER_OTLP_PROTOCOL says which is spoken";
  }
  if (!uses_tls) text += "; with TLS the endpoint begins with https://";
  return text;
}

std::string advice_of_status(ExporterKind kind, std::string_view error) {
  if (has_one_of(error, {"HTTP status 401", "HTTP status 403"})) {
    return "is a token missing (OTEL_EXPORTER_OTLP_HEADERS)?";
  }
  if (kind == ExporterKind::kZipkinProtobuf && has_one_of(error, {"HTTP status 415"})) {
    return "it takes no protobuf; the exporter zipkin_json sends JSON";
  }
  if (!has_one_of(error, {"HTTP status 404", "HTTP status 405"})) return {};
  if (is_zipkin(kind)) return "Zipkin's path is /api/v2/spans";
  return "OTEL_EXPORTER_OTLP_ENDPOINT is without /v1/traces and its like, which are put behind "
         "it; the endpoint of one signal (OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) is with it";
}

}  // namespace

Advice export_advice(ExporterKind kind, bool uses_tls, std::string_view endpoint,
                     const Status& failure) {
  const std::string_view error = failure.message();
  if (error.starts_with("HTTP status ")) return {advice_of_status(kind, error)};
  const bool is_dialing = error.find("connecting to ") != std::string_view::npos;
  if (is_dialing && error.find(" with TLS: ") != std::string_view::npos) {
    return {advice_of_tls(kind, error), true};
  }
  if (is_dialing && has_one_of(error, {"Host not found", "host not found"})) {
    return {"is the name right, and known on this machine?"};
  }
  if (is_dialing) return {"does a collector run there (`kolben up`)?"};
  switch (failure.code()) {
    case StatusCode::kUnauthenticated:
    case StatusCode::kPermissionDenied:
      return {"is a token missing (OTEL_EXPORTER_OTLP_HEADERS)?"};
    case StatusCode::kDeadlineExceeded:
      if (!has_one_of(error, {"no answer within"})) return {};
      return {"is it a collector, and does a firewall let it answer?"};
    default:
      break;
  }
  // It speaks HTTP/2 and says goodbye: as gRPC's servers do that want TLS, or one that ends.
  if (has_one_of(error, {"REFUSED_STREAM"})) {
    if (uses_tls) return {};
    return {"does it want TLS? with TLS the endpoint begins with https://", true};
  }
  if (has_one_of(error, {"does not go on with HTTP/2", "is no HTTP", "broke before the answer"})) {
    return {advice_of_protocol(kind, uses_tls, endpoint), true};
  }
  if (has_one_of(error, {"malformed"})) return {"is it a collector?"};
  return {};
}

std::string_view collector_of(std::string_view endpoint, Signal signal) {
  const std::string path = "/v1/" + std::string(to_string(signal));
  if (endpoint.ends_with(path)) endpoint.remove_suffix(path.size());
  return endpoint;
}

std::string first_line(std::string_view body) {
  constexpr std::size_t kBytesMax = 200;
  const std::size_t begin = body.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos || body[begin] == '<') return {};
  body.remove_prefix(begin);
  body = body.substr(0, body.find_first_of("\r\n"));
  return repair_utf8(plain_text(cut_utf8(body, kBytesMax)));
}

}  // namespace kolben::agent
