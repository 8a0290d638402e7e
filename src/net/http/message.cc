#include "net/http/message.h"

#include <algorithm>
#include <chrono>
#include <optional>

namespace kolben::net::http {

namespace {

// Parameters of one target that are looked at; no page of ours sends as many.
constexpr std::size_t kParametersMax = 1024;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char letter = lower(c);
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  return -1;
}

std::string decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        decoded.push_back(static_cast<char>(high * 16 + low));
        i += 2;
        continue;
      }
    }
    decoded.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
  }
  return decoded;
}

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

std::string_view Request::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view find_header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key.size() == name.size() &&
        std::equal(key.begin(), key.end(), name.begin(),
                   [](char a, char b) { return lower(a) == lower(b); })) {
      return value;
    }
  }
  return {};
}

std::string Request::media_type() const {
  const std::string_view whole = header("Content-Type");
  std::string type(whole.substr(0, whole.find(';')));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.pop_back();
  for (char& c : type) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return type;
}

Headers query_parameters(std::string_view target) {
  Headers parameters;
  const std::size_t question = target.find('?');
  if (question == std::string_view::npos) return parameters;
  std::string_view rest = target.substr(question + 1);
  rest = rest.substr(0, rest.find('#'));
  while (!rest.empty() && parameters.size() < kParametersMax) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    parameters.emplace_back(decode(pair.substr(0, equals), true), decode(value, true));
  }
  return parameters;
}

std::string percent_decode(std::string_view text) {
  return decode(text, false);
}

std::string percent_encode(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      encoded.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded.push_back('%');
    encoded.push_back(kHex[byte >> 4]);
    encoded.push_back(kHex[byte & 15]);
  }
  return encoded;
}

Response text_response(int status, std::string text) {
  return {.status = status,
          .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
          .body = Bytes::from_string(std::move(text))};
}

Response json_response(int status, std::string json) {
  return {.status = status,
          .headers = {{"Content-Type", "application/json"}},
          .body = Bytes::from_string(std::move(json))};
}

int http_status_of(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk:
      return 200;
    case StatusCode::kInvalidArgument:
      return 400;
    case StatusCode::kUnauthenticated:
      return 401;
    case StatusCode::kPermissionDenied:
      return 403;
    case StatusCode::kNotFound:
    case StatusCode::kUnimplemented:
      return 404;
    case StatusCode::kResourceExhausted:
      return 429;
    case StatusCode::kCancelled:
    case StatusCode::kDeadlineExceeded:
    case StatusCode::kAborted:
    case StatusCode::kOutOfRange:
    case StatusCode::kUnavailable:
    case StatusCode::kDataLoss:
      return 503;
    default:
      return 500;
  }
}

int http_status_of_intake(const Status& status) {
  const bool is_too_large =
      status.code() == StatusCode::kResourceExhausted && !status.retry_after().has_value();
  return is_too_large ? 413 : http_status_of(status);
}

void set_retry_after(const Status& status, Response& response) {
  if (response.status != 429 && response.status != 503) return;
  const std::optional<std::chrono::milliseconds> delay = status.retry_after();
  if (!delay.has_value()) return;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(*delay).count();
  response.headers.emplace_back("Retry-After", std::to_string(std::max<long>(seconds, 1)));
}

Response error_response(const Status& status) {
  Response response = text_response(http_status_of(status), std::string(status.message()) + "\n");
  set_retry_after(status, response);
  return response;
}

}  // namespace kolben::net::http
