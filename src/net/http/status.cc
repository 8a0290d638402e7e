#include "net/http/status.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace kolben::net::http {
namespace {

// What a peer wrote is shown, but not a page of it.
constexpr std::size_t kShownBodyBytesMax = 200;
// A peer may not silence us for longer.
constexpr int kRetryAfterSecondsMax = 3600;

StatusCode code_of(int status) {
  switch (status) {
    case 400:
      return StatusCode::kInvalidArgument;
    case 401:
      return StatusCode::kUnauthenticated;
    case 403:
      return StatusCode::kPermissionDenied;
    case 404:
      return StatusCode::kUnimplemented;
    case 413:
      return StatusCode::kInvalidArgument;
    case 429:
    case 502:
    case 503:
    case 504:
      return StatusCode::kUnavailable;
    default:
      return StatusCode::kInternal;
  }
}

// Seconds; the form with a date is not used by anybody who takes telemetry.
int retry_after_seconds(const Response& response) {
  const std::string_view value = find_header(response.headers, "Retry-After");
  int seconds = 0;
  const auto parsed = std::from_chars(value.data(), value.data() + value.size(), seconds);
  return parsed.ec == std::errc() && seconds > 0 ? std::min(seconds, kRetryAfterSecondsMax) : 0;
}

// The beginning of a body, as far as it is printable ASCII.
std::string shown(std::string_view body) {
  std::string text;
  for (const char character : body.substr(0, kShownBodyBytesMax)) {
    if (character >= 0x20 && character < 0x7f) text += character;
  }
  return text;
}

}  // namespace

Status status_of_answer(const Response& response, std::string_view peer) {
  if (response.status >= 200 && response.status < 300) return Status::ok();
  std::string message =
      "sending to " + std::string(peer) + ": answer " + std::to_string(response.status);
  if (const std::string text = shown(response.body.view()); !text.empty()) message += ": " + text;
  Status status(code_of(response.status), std::move(message));
  if (const int seconds = retry_after_seconds(response); seconds > 0 && status.is_retryable()) {
    return std::move(status).with_retry_after(std::chrono::seconds(seconds));
  }
  return status;
}

}  // namespace kolben::net::http
