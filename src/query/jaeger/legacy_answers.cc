#include "query/jaeger/legacy_answers.h"

#include <utility>

#include "query/jaeger/envelope.h"
#include "query/json.h"

namespace kolben::query::jaeger {

using net::http::Response;

namespace {

// What Jaeger's prettyPrint indents by.
constexpr std::size_t kIndent = 4;

}  // namespace

Response legacy_success(const Call& call, std::string json) {
  if (call.parameters.flag("prettyPrint")) json = pretty_print(json, kIndent);
  json += '\n';
  return net::http::json_response(200, std::move(json));
}

Response legacy_failure(const Status& status) {
  Response response = legacy_error(net::http::http_status_of(status), status.message());
  net::http::set_retry_after(status, response);
  return response;
}

Response legacy_error(int http_status, std::string_view message) {
  std::string body =
      envelope("null", 0, {{http_status, std::string(message), std::string()}}) + '\n';
  return net::http::text_response(http_status, std::move(body));
}

Response legacy_not_here(const Call& call) {
  return net::http::text_response(
      404, "404 page not found: there is no " + std::string(call.path) + " in this API\n");
}

}  // namespace kolben::query::jaeger
