// The attributes of an HTTP exchange, by the old semantic conventions (1.11), the stable ones (1.23
// and later) or both, in the order in which the Python instrumentations set them, because the
// console prints them in that order.
// Source: semantic-conventions, http-spans.md; reference of the order: opentelemetry-python-contrib
// 0.48b0, instrumentation-wsgi and -requests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/process/http_head.h"
#include "agent/process/records.h"
#include "agent/process/settings.h"
#include "base/arena.h"
#include "model/attributes.h"

namespace kolben::agent {

// What the attributes are made of; views into the record.
struct HttpExchange {
  const ExchangeView* record = nullptr;
  RequestHead request;
  std::uint16_t status = 0;           // of the response; 0: there is none
  std::string_view response_version;  // "1.1"
  Target target;
  std::string_view host;  // the Host header, or the authority of the target
  // Headers, empty where there are none.
  std::string_view user_agent;
  std::string_view trace_state;
  std::string_view forwarded, x_forwarded_for;
  std::string_view scheme;

  explicit HttpExchange(const ExchangeView& view);

 private:
  void read_headers();
};

// Appends to `attributes`. Texts of the record are not copied: it has to live as long as they do.
void add_server_attributes(const HttpExchange& exchange, SemanticConventions conventions,
                           Attributes& attributes, Arena& arena);
void add_client_attributes(const HttpExchange& exchange, SemanticConventions conventions,
                           Attributes& attributes, Arena& arena);

// Bytes of the bodies, as they went over the connection.
struct BodySizes {
  std::int64_t request = 0;
  std::int64_t response = 0;
};
// Nothing where they are not to be told, or nobody counted them to their end.
std::optional<BodySizes> body_sizes_of(const Exchange& exchange,
                                       const SemanticConventions& conventions);

// Appends the headers that the settings name: "http.request.header.x_request_id": ["7"] by the old
// conventions, by the stable ones "x-request-id".
void add_captured_headers(const HttpExchange& exchange, bool is_client, const Settings& settings,
                          Attributes& attributes, Arena& arena);

// The value of error.type by the stable conventions; empty where the exchange is no error.
std::string error_type(const HttpExchange& exchange, bool is_server);

// The URL of a client's request without user names, passwords and signatures.
std::string client_url(const HttpExchange& exchange);

}  // namespace kolben::agent
