// HTTP's messages as values, and what can be said of them without a connection (RFC 9110; targets:
// RFC 3986). Pure functions; any thread.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace kolben::net::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

// The value of the first header of that name, or empty; names compare without case.
std::string_view find_header(const Headers& headers, std::string_view name);

struct Request {
  std::string method;  // "GET"
  std::string target;  // "/api/traces?service=a", as sent
  Headers headers;     // names as sent
  Bytes body;          // as sent, perhaps compressed
  std::string peer;    // "127.0.0.1:51234"
  // Set when the peer hangs up before it is answered; only of a server that watches its peers. A
  // peer that ends its own half of the connection, and still reads, counts as one that hung up: it
  // gets whatever answer is made.
  std::shared_ptr<const std::atomic<bool>> is_peer_gone = {};

  std::string_view path() const;  // the target before '?'
  std::string_view header(std::string_view name) const { return find_header(headers, name); }
  // Of Content-Type, without parameters and in lower case: "application/json".
  std::string media_type() const;
};

// key=value pairs of the target, percent-decoded ('+' is a space here), in order.
Headers query_parameters(std::string_view target);
// A '%' that no two hex digits follow stays as it is, and so does '+'.
std::string percent_decode(std::string_view text);
std::string percent_encode(std::string_view text);

// The body without its Content-Encoding. RESOURCE_EXHAUSTED over the limit, UNIMPLEMENTED where the
// encoding is unknown, INVALID_ARGUMENT where it is damaged.
Result<Bytes> decode_body(const Request& request, std::size_t bytes_max);

struct Response {
  int status = 200;
  Headers headers = {};  // Content-Length, Date and Connection are the server's
  Bytes body = {};
};

Response text_response(int status, std::string text);
Response json_response(int status, std::string json);
// The table of the OTLP receiver: RESOURCE_EXHAUSTED 429, UNAVAILABLE and the like 503, ...
int http_status_of(const Status& status);
// The same for a request that brought data: RESOURCE_EXHAUSTED without a delay says that there was
// too much in it, which is 413; with a delay it is back-pressure.
int http_status_of_intake(const Status& status);
// Sets Retry-After (whole seconds) on 429 and 503 where the status names a delay.
void set_retry_after(const Status& status, Response& response);
// The status's message as text, with its HTTP status and Retry-After.
Response error_response(const Status& status);

}  // namespace kolben::net::http
