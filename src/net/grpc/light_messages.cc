#include "net/grpc/light_messages.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "wire/base64.h"

namespace kolben::net::grpc {
namespace {

constexpr std::size_t kPrefixSize = 5;
constexpr int kLastCode = 16;  // UNAUTHENTICATED

// An answer that did not come from gRPC, but from a proxy, say ("HTTP to gRPC Status Code
// Mapping").
StatusCode code_of_http(int status) {
  switch (status) {
    case 400:
      return StatusCode::kInternal;
    case 401:
      return StatusCode::kUnauthenticated;
    case 403:
      return StatusCode::kPermissionDenied;
    case 404:
      return StatusCode::kUnimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return StatusCode::kUnavailable;
    default:
      return StatusCode::kUnknown;
  }
}

// No status in the trailers: in an answer without content they are the headers.
std::optional<int> grpc_status(const http::Headers& headers) {
  const std::string_view text = http::find_header(headers, "grpc-status");
  int code = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), code);
  if (text.empty() || end.ec != std::errc() || end.ptr != text.data() + text.size()) return {};
  return code >= 0 && code <= kLastCode ? code : static_cast<int>(StatusCode::kUnknown);
}

Status read_status(int code, const http::Headers& headers, DecodeDetails decode_details) {
  Status status(static_cast<StatusCode>(code),
                http::percent_decode(http::find_header(headers, "grpc-message")));
  const auto details = wire::from_base64(http::find_header(headers, "grpc-status-details-bin"));
  if (!details || details->empty() || decode_details == nullptr) return status;
  const Status detailed = decode_details(*details);
  if (!detailed.retry_after().has_value()) return status;
  return std::move(status).with_retry_after(*detailed.retry_after());
}

Result<std::string> read_message(std::string body) {
  if (body.size() < kPrefixSize) return internal_error("the answer has no message");
  if (body[0] != 0) return internal_error("the answer is compressed, which was not asked for");
  std::uint32_t size = 0;
  for (std::size_t i = 1; i < kPrefixSize; ++i) {
    size = size << 8 | static_cast<std::uint8_t>(body[i]);
  }
  if (body.size() != kPrefixSize + size) {
    return internal_error("the answer is not one message of the length that it says");
  }
  body.erase(0, kPrefixSize);
  return body;
}

}  // namespace

std::string message_prefix(bool is_compressed, std::size_t size) {
  std::string prefix(1, is_compressed ? '\1' : '\0');
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    prefix += static_cast<char>(size >> shift & 0xff);
  }
  return prefix;
}

std::string format_timeout(std::chrono::nanoseconds timeout) {
  constexpr std::int64_t kDigitsMax = 99'999'999;
  struct Unit {
    char letter;
    std::int64_t nanos;
  };
  constexpr Unit kUnits[] = {
      {'n', 1}, {'u', 1'000}, {'m', 1'000'000}, {'S', 1'000'000'000}, {'M', 60'000'000'000}};
  const std::int64_t nanos = std::max<std::int64_t>(timeout.count(), 0);
  for (const Unit& unit : kUnits) {
    if (nanos / unit.nanos <= kDigitsMax) return std::to_string(nanos / unit.nanos) + unit.letter;
  }
  return std::to_string(kDigitsMax) + "M";
}

Result<std::string> read_answer(http2::Response response, DecodeDetails decode_details) {
  const http::Headers& last = response.trailers.empty() ? response.headers : response.trailers;
  const std::optional<int> code = grpc_status(last);
  if (code && *code != 0) return read_status(*code, last, decode_details);
  if (response.status != 200) {
    return Status(code_of_http(response.status),
                  "HTTP status " + std::to_string(response.status) + " instead of gRPC's");
  }
  if (!code) return Status(StatusCode::kUnknown, "the answer has no grpc-status");
  return read_message(std::move(response.body));
}

}  // namespace kolben::net::grpc
