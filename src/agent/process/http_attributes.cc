#include "agent/process/http_attributes.h"

#include <algorithm>
#include <array>
#include <limits>

#include "agent/process/forwarded.h"
#include "agent/process/limits.h"
#include "agent/process/span_names.h"
#include "agent/process/web_calls.h"

namespace kolben::agent {
namespace {

// Of both sides, with one of the conventions.
constexpr std::size_t kAttributesUsual = 16;
constexpr std::string_view kOtherMethod = "_OTHER";

class Writer {
 public:
  Writer(SemanticConventions conventions, Attributes& attributes, Arena& arena)
      : conventions_(conventions), attributes_(attributes), arena_(arena) {}

  // The values' bytes are the record's, or constants: they live as long as the span.
  void old_text(std::string_view key, std::string_view value) {
    if (conventions_.old_http && !value.empty()) add(key, Value::string(value));
  }
  void stable_text(std::string_view key, std::string_view value) {
    if (conventions_.stable_http && !value.empty()) add(key, Value::string(value));
  }
  void old_number(std::string_view key, std::int64_t value) {
    if (conventions_.old_http && value != 0) add(key, Value::integer(value));
  }
  void stable_number(std::string_view key, std::int64_t value) {
    if (conventions_.stable_http && value != 0) add(key, Value::integer(value));
  }

  // As bytes went over the connection: without heads and what frames chunks. None where there are
  // none.
  void body_sizes(const Exchange& exchange) {
    const auto sizes = body_sizes_of(exchange, conventions_);
    if (!sizes) return;
    old_number("http.request_content_length", sizes->request);
    stable_number("http.request.body.size", sizes->request);
    old_number("http.response_content_length", sizes->response);
    stable_number("http.response.body.size", sizes->response);
  }

  void method(std::string_view method) {
    const bool is_shown = conventions_.all_methods || is_known_method(method);
    const std::string_view known = is_shown ? method : kOtherMethod;
    old_text("http.method", known);
    stable_text("http.request.method", known);
    if (known != method) stable_text("http.request.method_original", method);
  }

 private:
  void add(std::string_view key, const Value& value) {
    attributes_.push_back(arena_, {key, value});
  }

  SemanticConventions conventions_;
  Attributes& attributes_;
  Arena& arena_;
};

// Query values that grant access (semantic conventions, url.full and url.query).
constexpr std::array<std::string_view, 7> kSecretKeys = {
    "AWSAccessKeyId",  "Signature",       "sig", "X-Amz-Credential", "X-Amz-Security-Token",
    "X-Amz-Signature", "X-Goog-Signature"};

void append_redacted_query(std::string& url, std::string_view query) {
  while (!query.empty()) {
    const std::string_view item = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), item.size() + 1));
    const std::string_view key = item.substr(0, item.find('='));
    const bool is_secret =
        std::find(kSecretKeys.begin(), kSecretKeys.end(), key) != kSecretKeys.end();
    if (is_secret && item.size() > key.size()) {
      url.append(key).append("=REDACTED");
    } else {
      url.append(item);
    }
    if (!query.empty()) url += '&';
  }
}

bool has_secret(std::string_view query) {
  return std::any_of(kSecretKeys.begin(), kSecretKeys.end(), [query](std::string_view key) {
    return query.find(key) != std::string_view::npos;
  });
}

// A query, and the path with it, without secrets; the text itself where there are none.
std::string_view redacted_query(std::string_view query, Arena& arena) {
  if (query.empty() || !has_secret(query)) return query;
  std::string text;
  append_redacted_query(text, query);
  return arena.copy(text);
}
std::string_view redacted_target(const Target& target, Arena& arena) {
  if (target.query.empty() || !has_secret(target.query)) return target.origin_form;
  std::string text = std::string(target.path) + "?";
  append_redacted_query(text, target.query);
  return arena.copy(text);
}

std::string_view version_name(std::uint8_t minor_version) {
  if (minor_version == kMinorVersionOfHttp2) return "2";
  return minor_version == 0 ? "1.0" : "1.1";
}

}  // namespace

HttpExchange::HttpExchange(const ExchangeView& view)
    : record(&view),
      request(parse_request_head(view.request_head)),
      status(view.fixed.response_status),
      response_version(version_name(view.fixed.response_minor_version)),
      target(split_target(request.target)),
      scheme(view.fixed.is_encrypted != 0 ? "https" : "http") {
  read_headers();
  if (host.empty()) host = target.authority;
}

// Of several of one name the first.
void HttpExchange::read_headers() {
  std::string_view rest = request.headers;
  std::string_view name;
  std::string_view value;
  while (next_header(rest, name, value)) {
    if (host.empty() && is_header(name, "host")) {
      host = value;
    } else if (user_agent.empty() && is_header(name, "user-agent")) {
      user_agent = value;
    } else if (trace_state.empty() && is_header(name, "tracestate")) {
      trace_state = value;
    } else if (forwarded.empty() && is_header(name, "forwarded")) {
      forwarded = value;
    } else if (x_forwarded_for.empty() && is_header(name, "x-forwarded-for")) {
      x_forwarded_for = value;
    }
  }
}

namespace {

// Who asked. The peer is told once more where that is a proxy.
void add_client_of(const HttpExchange& exchange, Writer& writer) {
  const ExchangeView& record = *exchange.record;
  const ForwardedClient client = forwarded_client(exchange.forwarded, exchange.x_forwarded_for);
  writer.old_text("net.peer.ip", record.peer_address);
  writer.old_text("http.client_ip", client.address);
  const bool is_peer = client.address.empty();
  writer.stable_text("client.address", is_peer ? record.peer_address : client.address);
  if (!is_peer) writer.stable_text("network.peer.address", record.peer_address);
  writer.old_number("net.peer.port", record.fixed.peer_port);
  writer.stable_number("client.port", is_peer ? record.fixed.peer_port : client.port);
  if (!is_peer) writer.stable_number("network.peer.port", record.fixed.peer_port);
}

}  // namespace

void add_server_attributes(const HttpExchange& exchange, SemanticConventions conventions,
                           Attributes& attributes, Arena& arena) {
  const ExchangeView& record = *exchange.record;
  const HostPort server = split_host_port(exchange.host);
  attributes.reserve(arena, kAttributesUsual);
  Writer writer(conventions, attributes, arena);
  writer.method(exchange.request.method);
  writer.old_text("http.server_name", record.local_address);
  writer.old_text("http.scheme", exchange.scheme);
  writer.stable_text("url.scheme", exchange.scheme);
  writer.old_text("net.host.name", exchange.host);
  writer.stable_text("server.address", server.host);
  writer.old_text("http.host", exchange.host);
  writer.old_number("net.host.port", record.fixed.local_port);
  writer.stable_number("server.port", server.port != 0 ? server.port : record.fixed.local_port);
  writer.old_text("http.target", redacted_target(exchange.target, arena));
  writer.stable_text("url.path", exchange.target.path);
  writer.stable_text("url.query", redacted_query(exchange.target.query, arena));
  add_client_of(exchange, writer);
  writer.old_text("http.user_agent", exchange.user_agent);
  writer.stable_text("user_agent.original", exchange.user_agent);
  writer.old_text("http.flavor", exchange.request.version);
  writer.stable_text("network.protocol.version", exchange.request.version);
  if (!record.route.empty()) {  // the same name in both conventions
    attributes.push_back(arena, {"http.route", Value::string(record.route)});
  }
  writer.old_number("http.status_code", exchange.status);
  writer.stable_number("http.response.status_code", exchange.status);
  writer.stable_text("error.type", arena.copy(error_type(exchange, true)));
  writer.body_sizes(record.fixed);
}

void add_client_attributes(const HttpExchange& exchange, SemanticConventions conventions,
                           Attributes& attributes, Arena& arena) {
  const ExchangeView& record = *exchange.record;
  const HostPort server = split_host_port(exchange.host);
  const std::string_view url = arena.copy(client_url(exchange));
  attributes.reserve(arena, kAttributesUsual);
  Writer writer(conventions, attributes, arena);
  writer.method(exchange.request.method);
  writer.old_text("http.url", url);
  writer.stable_text("url.full", url);
  writer.stable_text("server.address", server.host);
  writer.stable_text("network.peer.address", record.peer_address);
  writer.stable_number("server.port", server.port != 0 ? server.port : record.fixed.peer_port);
  writer.stable_number("network.peer.port", record.fixed.peer_port);
  writer.old_number("http.status_code", exchange.status);
  writer.stable_number("http.response.status_code", exchange.status);
  writer.stable_text("error.type", arena.copy(error_type(exchange, false)));
  if (exchange.status != 0) {
    writer.stable_text("network.protocol.version", exchange.response_version);
  }
  writer.body_sizes(record.fixed);
}

std::optional<BodySizes> body_sizes_of(const Exchange& exchange,
                                       const SemanticConventions& conventions) {
  const bool is_counted = exchange.has_no_sizes == 0 &&
                          exchange.end_reason != EndReason::kProcessEnded &&
                          exchange.end_reason != EndReason::kUnseen;
  if (!conventions.body_sizes || !is_counted) return std::nullopt;
  const auto counted = [](std::uint64_t bytes) {  // a stranger's number
    constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
    return static_cast<std::int64_t>(std::min(bytes, kMax));
  };
  return BodySizes{counted(exchange.request_body_bytes), counted(exchange.response_body_bytes)};
}

namespace {

enum class KeyStyle : bool { kUnderscores, kDashes };

// Of one head, those that `names` has; a header that is there several times has as many values.
void add_headers(std::string_view headers, std::string_view prefix, const TextPatterns& names,
                 KeyStyle style, const Settings& settings, Attributes& attributes, Arena& arena) {
  NamedTexts keys;  // to the header's name in small letters
  std::vector<List<Value>> values;
  std::string_view name;
  std::string_view value;
  while (next_header(headers, name, value)) {
    if (!names.match(name.data(), name.size())) continue;
    // With both conventions the old one has those whose name is the same.
    const bool is_told_already = style == KeyStyle::kDashes && settings.conventions.old_http &&
                                 name.find('-') == std::string_view::npos;
    if (is_told_already) continue;
    const bool is_secret = settings.sanitized_headers.match(name.data(), name.size());
    std::string key = std::string(prefix) + lower(name);
    if (style == KeyStyle::kUnderscores) std::replace(key.begin(), key.end(), '-', '_');
    auto found = std::find_if(keys.begin(), keys.end(),
                              [&](const auto& other) { return other.first == key; });
    if (found == keys.end()) {
      keys.emplace_back(key, "");
      values.emplace_back();
      found = keys.end() - 1;
    }
    const std::string_view shown =
        is_secret ? std::string_view("[REDACTED]") : owned_text(value, Limits::kNoLimit, arena);
    values[static_cast<std::size_t>(found - keys.begin())].push_back(arena, Value::string(shown));
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string_view key = owned_text(keys[i].first, Limits::kNoLimit, arena);
    attributes.push_back(arena, {key, Value::array(values[i])});
  }
}

}  // namespace

void add_captured_headers(const HttpExchange& exchange, bool is_client, const Settings& settings,
                          Attributes& attributes, Arena& arena) {
  const auto add = [&](std::string_view headers, std::string_view prefix,
                       const TextPatterns& names) {
    const SemanticConventions& conventions = settings.conventions;
    if (conventions.old_http) {
      add_headers(headers, prefix, names, KeyStyle::kUnderscores, settings, attributes, arena);
    }
    if (conventions.stable_http) {
      add_headers(headers, prefix, names, KeyStyle::kDashes, settings, attributes, arena);
    }
  };
  const CapturedHeaders& captured = settings.captured_headers;
  if (const TextPatterns* names = captured.of(is_client, false)) {
    add(exchange.request.headers, "http.request.header.", *names);
  }
  const TextPatterns* names = captured.of(is_client, true);
  if (names == nullptr) return;
  // Behind the status line.
  const std::string_view head = exchange.record->response_head;
  const std::size_t line = head.find('\n');
  if (line == std::string_view::npos) return;
  add(head.substr(line + 1), "http.response.header.", *names);
}

std::string error_type(const HttpExchange& exchange, bool is_server) {
  const std::uint16_t status = exchange.status;
  if (status >= (is_server ? 500 : 400)) return std::to_string(status);
  if (exchange.record->fixed.end_reason == EndReason::kProcessEnded) return "process_ended";
  if (exchange.record->fixed.end_reason == EndReason::kUnseen) return {};  // but it may have come
  if (status == 0) return "connection_closed";  // the response never came
  return {};
}

std::string client_url(const HttpExchange& exchange) {
  // RFC 9112, 3.2.3: a host and a port, to which the proxy is to make a tunnel.
  if (exchange.request.method == "CONNECT") {
    return std::string(exchange.scheme).append("://").append(exchange.target.path);
  }
  std::string url(exchange.scheme);
  url += "://";
  if (exchange.host.find('@') != std::string_view::npos) {
    url.append("REDACTED:REDACTED@");
    url.append(exchange.host.substr(exchange.host.rfind('@') + 1));
  } else {
    url.append(exchange.host);
  }
  // RFC 9112, 3.2.4: "*" is the server itself.
  if (exchange.target.path != "*") url.append(exchange.target.path);
  if (!exchange.target.query.empty()) {
    url += '?';
    append_redacted_query(url, exchange.target.query);
  }
  return url;
}

}  // namespace kolben::agent
