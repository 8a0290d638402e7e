#include "agent/process/http_metrics.h"

#include <algorithm>

#include "agent/process/duration_bounds.h"
#include "agent/process/metric_attributes.h"

namespace kolben::agent {
namespace {

constexpr std::string_view kOldServerKeys[] = {"http.method",   "http.server_name", "http.scheme",
                                               "net.host.name", "http.host",        "net.host.port",
                                               "http.flavor",   "http.status_code"};
constexpr std::string_view kStableServerKeys[] = {"http.request.method",       "url.scheme",
                                                  "network.protocol.version",  "http.route",
                                                  "http.response.status_code", "error.type"};
constexpr std::string_view kOldClientKeys[] = {"http.method", "http.status_code"};
constexpr std::string_view kStableClientKeys[] = {
    "http.request.method",       "server.address", "server.port",
    "http.response.status_code", "error.type",     "network.protocol.version"};

bool is_https(const Span& span) {
  return std::any_of(span.attributes.begin(), span.attributes.end(), [](const KeyValue& attribute) {
    const bool is_scheme = attribute.key == "http.scheme" || attribute.key == "url.scheme";
    // The program may have set one by that name, of any type.
    return is_scheme && attribute.value.type() == ValueType::kString &&
           attribute.value.as_string() == "https";
  });
}

struct Named {
  std::string_view name, unit, description;
};
// What one side records of an exchange, by one of the conventions.
struct Names {
  Named duration, request_size, response_size;
};
constexpr Names kOldServer = {
    {"http.server.duration", "ms", "Measures the duration of inbound HTTP requests."},
    {"http.server.request.size", "By", "Measures the size of HTTP request messages (compressed)."},
    {"http.server.response.size", "By",
     "Measures the size of HTTP response messages (compressed)."}};
constexpr Names kStableServer = {
    {"http.server.request.duration", "s", "Duration of HTTP server requests."},
    {"http.server.request.body.size", "By", "Size of HTTP server request bodies."},
    {"http.server.response.body.size", "By", "Size of HTTP server response bodies."}};
constexpr Names kOldClient = {
    {"http.client.duration", "ms", "Measures the duration of outbound HTTP requests."},
    {"http.client.request.size", "By", "Measures the size of HTTP request messages (compressed)."},
    {"http.client.response.size", "By",
     "Measures the size of HTTP response messages (compressed)."}};
constexpr Names kStableClient = {
    {"http.client.request.duration", "s", "Duration of HTTP client requests."},
    {"http.client.request.body.size", "By", "Size of HTTP client request bodies."},
    {"http.client.response.body.size", "By", "Size of HTTP client response bodies."}};

double duration_of(const Span& span, std::string_view unit) {
  return static_cast<double>(span.duration_nanos()) / (unit == "s" ? 1e9 : 1e6);
}

void record(MetricReaders& readers, const Names& names, const Span& span,
            const std::optional<BodySizes>& sizes, const Attributes& attributes,
            std::uint64_t now) {
  Measured measured;
  measured.scope = MetricScope::kHttp;
  measured.kind = InstrumentKind::kHistogram;
  measured.whom = measured_for(span);
  const auto add = [&](const Named& named, double value) {
    measured.name = named.name;
    measured.unit = named.unit;
    measured.description = named.description;
    measured.bounds = {};
    if (named.unit == "s") measured.bounds = kDurationBounds;
    measured.value = value;
    readers.record(measured, attributes, now);
  };
  add(names.duration, duration_of(span, names.duration.unit));
  if (!sizes) return;
  add(names.request_size, static_cast<double>(sizes->request));
  add(names.response_size, static_cast<double>(sizes->response));
}

}  // namespace

void HttpMetrics::record_server(const Span& span, std::string_view route,
                                const std::optional<BodySizes>& sizes, std::uint64_t now) {
  if (readers_.resource() >= served_.size()) served_.resize(readers_.resource() + 1);
  Served& served = served_[readers_.resource()];
  (is_https(span) ? served.https : served.http) = true;
  if (conventions_.old_http) {
    Attributes attributes = selected_attributes(span.attributes, kOldServerKeys, scratch_);
    if (!route.empty()) attributes.push_back(scratch_, {"http.target", Value::string(route)});
    record(readers_, kOldServer, span, sizes, attributes, now);
  }
  if (conventions_.stable_http) {
    Attributes attributes = selected_attributes(span.attributes, kStableServerKeys, scratch_);
    record(readers_, kStableServer, span, sizes, attributes, now);
  }
  trim_scratch(scratch_);
}

void HttpMetrics::record_client(const Span& span, const std::optional<BodySizes>& sizes,
                                std::uint64_t now) {
  if (conventions_.old_http) {
    Attributes attributes = selected_attributes(span.attributes, kOldClientKeys, scratch_);
    record(readers_, kOldClient, span, sizes, attributes, now);
  }
  if (conventions_.stable_http) {
    Attributes attributes = selected_attributes(span.attributes, kStableClientKeys, scratch_);
    record(readers_, kStableClient, span, sizes, attributes, now);
  }
  trim_scratch(scratch_);
}

void HttpMetrics::record_active(const ActiveRequests& requests, std::uint64_t now) {
  for (std::uint32_t resource = 0; resource < served_.size(); ++resource) {
    readers_.set_resource(resource);
    const auto [all, encrypted] = requests.of(resource);
    if (served_[resource].http) record_active("http", all - encrypted, now);
    if (served_[resource].https) record_active("https", encrypted, now);
  }
}

void HttpMetrics::record_active(std::string_view scheme, std::int64_t requests, std::uint64_t now) {
  Measured measured;
  measured.scope = MetricScope::kHttp;
  measured.kind = InstrumentKind::kUpDownCounter;
  measured.name = "http.server.active_requests";
  measured.unit = conventions_.stable_http ? "{request}" : "requests";
  measured.description = "Number of active HTTP server requests.";
  // Only the scheme is known of requests that have not ended.
  measured.value = static_cast<double>(std::max<std::int64_t>(requests, 0));
  Attributes attributes;
  if (conventions_.old_http) {
    attributes.push_back(scratch_, {"http.scheme", Value::string(scheme)});
  }
  if (conventions_.stable_http) {
    attributes.push_back(scratch_, {"url.scheme", Value::string(scheme)});
  }
  readers_.record_total(measured, attributes, now);
  trim_scratch(scratch_);
}

}  // namespace kolben::agent
