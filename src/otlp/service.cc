#include "otlp/service.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>

#include "wire/json_writer.h"
#include "wire/protobuf_reader.h"
#include "wire/protobuf_writer.h"

namespace kolben::otlp {
namespace {

using wire::bytes_field;
using wire::known_fields;
using wire::known_fields_up_to;
using wire::ProtobufReader;
using wire::ProtobufWriter;
using wire::varint_field;

constexpr std::string_view kRetryInfoUrl = "type.googleapis.com/google.rpc.RetryInfo";
// No sender waits longer than a day; bounds arithmetic on what a peer says.
constexpr std::int64_t kRetrySecondsMax = 86'400;
constexpr std::int64_t kNanosPerMilli = 1'000'000;

std::string_view rejected_name(Signal signal) {
  switch (signal) {
    case Signal::kTraces:
      return "rejectedSpans";
    case Signal::kMetrics:
      return "rejectedDataPoints";
    case Signal::kLogs:
      return "rejectedLogRecords";
  }
  return "rejected";
}

bool decode_partial(std::string_view message, PartialSuccess& partial) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case varint_field(1):
        partial.rejected = in.int64();
        break;
      case bytes_field(2):
        partial.error_message = in.bytes();
        break;
      default:
        in.skip_unknown(known_fields_up_to(2));
    }
  }
  return !in.failed();
}

// google.protobuf.Duration.
bool decode_duration(std::string_view message, std::chrono::milliseconds& delay) {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case varint_field(1):
        seconds = in.int64();
        break;
      case varint_field(2):
        nanos = in.int32();
        break;
      default:
        in.skip_unknown(known_fields_up_to(2));
    }
  }
  seconds = std::clamp<std::int64_t>(seconds, 0, kRetrySecondsMax);
  nanos = std::clamp<std::int32_t>(nanos, 0, 999'999'999);
  // Upwards: a sender must not come early.
  delay = std::chrono::milliseconds(seconds * 1000 + (nanos + kNanosPerMilli - 1) / kNanosPerMilli);
  return !in.failed();
}

// google.rpc.RetryInfo.
bool decode_retry_info(std::string_view message, std::optional<std::chrono::milliseconds>& delay) {
  ProtobufReader in(message);
  while (in.next()) {
    if (in.tag() == bytes_field(1)) {
      in.require(decode_duration(in.bytes(), delay.emplace()));
    } else {
      in.skip_unknown(known_fields(1));
    }
  }
  return !in.failed();
}

// google.protobuf.Any; other details than RetryInfo are skipped.
bool decode_detail(std::string_view message, std::optional<std::chrono::milliseconds>& delay) {
  std::string_view url;
  std::string_view value;
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case bytes_field(1):
        url = in.bytes();
        break;
      case bytes_field(2):
        value = in.bytes();
        break;
      default:
        in.skip_unknown(known_fields_up_to(2));
    }
  }
  if (in.failed()) return false;
  return url != kRetryInfoUrl || decode_retry_info(value, delay);
}

void encode_retry_info(std::chrono::milliseconds delay, ProtobufWriter& out) {
  const std::int64_t millis = std::max<std::int64_t>(delay.count(), 0);
  const auto detail = out.begin_message(3);
  out.bytes(1, kRetryInfoUrl);
  const auto retry_info = out.begin_message(2);
  const auto duration = out.begin_message(1);
  out.int64_unless_zero(1, millis / 1000);
  out.int64_unless_zero(2, millis % 1000 * kNanosPerMilli);
  out.end_message(duration);
  out.end_message(retry_info);
  out.end_message(detail);
}

}  // namespace

std::string_view grpc_method(Signal signal) {
  switch (signal) {
    case Signal::kTraces:
      return "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    case Signal::kMetrics:
      return "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
    case Signal::kLogs:
      return "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
  }
  return "";
}

std::optional<Signal> signal_of_grpc_method(std::string_view method) {
  for (const Signal signal : kAllSignals) {
    if (grpc_method(signal) == method) return signal;
  }
  return std::nullopt;
}

std::string_view http_path(Signal signal) {
  switch (signal) {
    case Signal::kTraces:
      return "/v1/traces";
    case Signal::kMetrics:
      return "/v1/metrics";
    case Signal::kLogs:
      return "/v1/logs";
  }
  return "";
}

std::string encode_response(const PartialSuccess& partial) {
  std::string message;
  if (partial.rejected == 0 && partial.error_message.empty()) return message;
  ProtobufWriter out(message);
  const auto nested = out.begin_message(1);
  out.int64_unless_zero(1, partial.rejected);
  out.bytes_unless_empty(2, partial.error_message);
  out.end_message(nested);
  out.finish();
  return message;
}

std::string encode_response_json(Signal signal, const PartialSuccess& partial) {
  std::string text;
  wire::JsonWriter json(text);
  json.begin_object();
  json.key("partialSuccess");
  json.begin_object();
  if (partial.rejected != 0) {
    json.key(rejected_name(signal));
    json.quoted_integer(partial.rejected);
  }
  if (!partial.error_message.empty()) {
    json.key("errorMessage");
    json.string(partial.error_message);
  }
  json.end_object();
  json.end_object();
  return text;
}

Result<PartialSuccess> decode_response(std::string_view message) {
  PartialSuccess partial;
  ProtobufReader in(message);
  while (in.next()) {
    if (in.tag() == bytes_field(1)) {
      in.require(decode_partial(in.bytes(), partial));
    } else {
      in.skip_unknown(known_fields(1));
    }
  }
  if (in.failed()) return invalid_argument("reading an OTLP response: malformed protobuf");
  return partial;
}

// The JSON mapping of protobuf: an int64 is a string, and may be a number.
Result<PartialSuccess> decode_response_json(std::string_view text) {
  simdjson::dom::parser parser;
  simdjson::dom::object answer;
  if (parser.parse(text.data(), text.size()).get(answer) != simdjson::SUCCESS) {
    return invalid_argument("the answer is no JSON object");
  }
  PartialSuccess partial;
  simdjson::dom::object told;
  if (answer["partialSuccess"].get(told) != simdjson::SUCCESS) return partial;
  for (const Signal signal : {Signal::kTraces, Signal::kMetrics, Signal::kLogs}) {
    std::string_view digits;
    const auto rejected = told[rejected_name(signal)];
    if (rejected.get(digits) == simdjson::SUCCESS) {
      std::from_chars(digits.data(), digits.data() + digits.size(), partial.rejected);
    } else if (std::int64_t number = 0; rejected.get(number) == simdjson::SUCCESS) {
      partial.rejected = number;
    }
  }
  if (std::string_view message; told["errorMessage"].get(message) == simdjson::SUCCESS) {
    partial.error_message = message;
  }
  return partial;
}

std::string encode_rpc_status(const Status& status) {
  std::string message;
  ProtobufWriter out(message);
  out.varint_unless_zero(1, static_cast<std::uint64_t>(status.code()));
  out.bytes_unless_empty(2, status.message());
  if (status.retry_after()) encode_retry_info(*status.retry_after(), out);
  out.finish();
  return message;
}

std::string encode_rpc_status_json(const Status& status) {
  std::string text;
  wire::JsonWriter json(text);
  json.begin_object();
  json.key("code");
  json.integer(static_cast<int>(status.code()));
  json.key("message");
  json.string(status.message());
  if (status.retry_after()) {
    json.key("details");
    json.begin_array();
    json.begin_object();
    json.key("@type");
    json.string(kRetryInfoUrl);
    json.key("retryDelay");
    // protobuf's JSON mapping of Duration: "1.500s".
    const std::int64_t millis = std::max<std::int64_t>(status.retry_after()->count(), 0);
    json.string(fmt::format("{}.{:03}s", millis / 1000, millis % 1000));
    json.end_object();
    json.end_array();
  }
  json.end_object();
  return text;
}

Status decode_rpc_status(std::string_view message) {
  constexpr std::int32_t kCodeMax = static_cast<std::int32_t>(StatusCode::kUnauthenticated);
  std::int32_t code = 0;
  std::string_view text;
  std::optional<std::chrono::milliseconds> delay;
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case varint_field(1):
        code = in.int32();
        break;
      case bytes_field(2):
        text = in.bytes();
        break;
      case bytes_field(3):
        in.require(decode_detail(in.bytes(), delay));
        break;
      default:
        in.skip_unknown(known_fields_up_to(3));
    }
  }
  if (in.failed()) return invalid_argument("reading a google.rpc.Status: malformed protobuf");
  if (code == 0) return Status::ok();
  const bool is_known = code > 0 && code <= kCodeMax;
  Status status(is_known ? static_cast<StatusCode>(code) : StatusCode::kUnknown, std::string(text));
  if (delay) status = std::move(status).with_retry_after(*delay);
  return status;
}

}  // namespace kolben::otlp
