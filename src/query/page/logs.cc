#include "query/page/logs.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "query/conditions.h"
#include "query/json.h"
#include "query/page/page.h"

namespace kolben::query::page {

using net::http::Response;
using storage::Intrinsic;
using storage::Operator;

namespace {

// By storage::LogLevel.
constexpr std::array<std::string_view, storage::kLogLevels> kLevelNames = {
    "none", "trace", "debug", "info", "warn", "error", "fatal"};
constexpr std::int64_t kSeverityMax = 24;

// Conditions on spans: who sends one must not think that it was met.
constexpr std::string_view kOfSpans[] = {"operation", "minDuration", "maxDuration", "errors"};

Response success(std::string json) {
  return net::http::json_response(200, std::move(json));
}

// A level's name, or a number of OTLP.
Result<std::int64_t> least_severity(std::string_view text) {
  for (std::size_t level = 1; level < kLevelNames.size(); ++level) {
    if (text == kLevelNames[level]) return static_cast<std::int64_t>(level) * 4 - 3;
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= 1 &&
      number <= kSeverityMax) {
    return number;
  }
  return invalid_argument("'severity' is \"" + std::string(text.substr(0, 80)) +
                          "\": want trace, debug, info, warn, error, fatal, or 1 to 24");
}

// Where a page ended: the time of its last record, and how many records of that time were shown.
struct Cursor {
  std::uint64_t time = 0;
  std::uint32_t shown = 0;

  std::string text() const { return std::to_string(time) + "-" + std::to_string(shown); }
};

Result<std::optional<Cursor>> cursor_of(const Call& call, storage::TimeRange range) {
  const std::string_view text = call.parameters.first("cursor");
  if (text.empty()) return std::optional<Cursor>();
  Cursor cursor;
  const char* const end = text.data() + text.size();
  const auto time = std::from_chars(text.data(), end, cursor.time);
  if (time.ec == std::errc() && time.ptr != end && *time.ptr == '-') {
    const auto shown = std::from_chars(time.ptr + 1, end, cursor.shown);
    const bool is_read = shown.ec == std::errc() && shown.ptr == end && cursor.shown > 0;
    if (is_read && range.contains(cursor.time)) return std::optional(cursor);
  }
  return invalid_argument("'cursor' is none that this call returned for this time range");
}

struct LogsRequest {
  storage::LogQuery query;
  std::optional<Cursor> after;
  std::uint32_t limit = 0;
};

Result<LogsRequest> logs_request(const Call& call) {
  LogsRequest request;
  KOLBEN_TRY(PageFilter wanted, parse_log_filter(call.parameters, call.clock.unix_nanos()));
  KOLBEN_TRY(request.limit, call.parameters.count("limit", kLogLinesDefault, kLogLinesMax));
  KOLBEN_TRY(request.after, cursor_of(call, wanted.range));
  storage::LogQuery& query = request.query;
  query.range = wanted.range;
  query.filter = std::move(wanted.filter);
  query.order = storage::LogOrder::kNewestFirst;
  query.limit = request.limit + 1;  // one more, to know whether there is a next page
  query.limits = limits_of(call);
  query.limits.bytes_max = kLogBytesMax;
  if (request.after) {
    query.range.end = request.after->time + 1;
    query.skip = request.after->shown;
  }
  return request;
}

Cursor end_of(const std::vector<LogLine>& lines, const std::optional<Cursor>& before) {
  Cursor cursor{.time = lines.back().time()};
  for (auto line = lines.rbegin(); line != lines.rend() && line->time() == cursor.time; ++line) {
    ++cursor.shown;
  }
  if (before && before->time == cursor.time) cursor.shown += before->shown;
  return cursor;
}

Response logs(const Call& call, std::size_t bytes_max) {
  const auto request = logs_request(call);
  if (!request) return page_failure(request.error());
  const std::uint64_t begin = call.clock.steady_nanos();
  const auto found = call.store.logs(request->query);
  if (!found) return page_failure(found.error());
  const std::uint64_t took = call.clock.steady_nanos() - begin;
  std::vector<LogLine> lines = log_lines(found->logs());
  if (lines.size() > request->limit) lines.resize(request->limit);
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  json.key("logs");
  const std::size_t written = write_logs(json, text, lines, TraceIds::kTold, bytes_max);
  const bool is_truncated = written < lines.size() || found->items() > request->limit;
  lines.resize(written);
  json.key("truncated");
  json.boolean(is_truncated);
  text_field(json, "nextCursor", is_truncated ? end_of(lines, request->after).text() : "");
  json.key("tookMicros");
  write_micros(json, took);
  json.end_object();
  return success(std::move(text));
}

void write_counts(JsonWriter& json, const storage::LogHistogram& histogram) {
  for (std::size_t level = 0; level < kLevelNames.size(); ++level) {
    json.key(kLevelNames[level]);
    json.begin_array();
    for (const auto& bucket : histogram.buckets) json.unsigned_integer(bucket[level]);
    json.end_array();
  }
}

Response histogram(const Call& call) {
  auto wanted = parse_log_filter(call.parameters, call.clock.unix_nanos());
  if (!wanted) return page_failure(wanted.error());
  const auto buckets = call.parameters.count("buckets", kBucketsDefault, kBucketsMax);
  if (!buckets) return page_failure(buckets.error());
  const std::uint64_t begin = call.clock.steady_nanos();
  const auto found = call.store.log_histogram(
      {wanted->range, std::move(wanted->filter), *buckets, limits_of(call)});
  if (!found) return page_failure(found.error());
  const std::uint64_t took = call.clock.steady_nanos() - begin;
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  number_field(json, "bucketNanos", found->bucket_nanos);
  number_field(json, "total", found->total);
  json.key("start");
  json.begin_array();
  for (std::size_t i = 0; i < found->buckets.size(); ++i) {
    json.quoted_unsigned_integer(found->begin_unix_nano + i * found->bucket_nanos);
  }
  json.end_array();
  write_counts(json, *found);
  number_field(json, "recordsScanned", found->records_scanned);
  json.key("tookMicros");
  write_micros(json, took);
  json.end_object();
  return success(std::move(text));
}

Response services(const Call& call) {
  const auto found = call.store.log_services();
  if (!found) return page_failure(found.error());
  return success(list_object("services", *found, [](JsonWriter& json, const auto& name) {
    json.string(shown_service(name));
  }));
}

Response keys(const Call& call) {
  const auto found = call.store.log_keys(call.parameters.first("prefix"), kSuggestionsMax);
  if (!found) return page_failure(found.error());
  return success(list_object("keys", *found, [](JsonWriter& json, const storage::KeyCount& key) {
    json.begin_object();
    text_field(json, "key", key.key);
    number_field(json, "count", key.count);
    json.end_object();
  }));
}

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

}  // namespace

// \C is any byte: a body need not be valid UTF-8.
std::string containing(std::string_view text) {
  std::string pattern = "(?i)\\C*";
  for (const char c : text) {
    if (c == '\0') {
      pattern += "\\x00";
      continue;
    }
    if (!is_word(c) && static_cast<unsigned char>(c) < 0x80) pattern += '\\';
    pattern += c;
  }
  return pattern + "\\C*";
}

Result<PageFilter> parse_log_filter(const Parameters& parameters, std::uint64_t now_nanos) {
  for (const std::string_view name : kOfSpans) {
    if (!parameters.has(name)) continue;
    return invalid_argument("'" + std::string(name) + "' is a condition on spans, not on logs");
  }
  PageFilter wanted;
  KOLBEN_TRY(wanted.range, parse_range(parameters, now_nanos));
  std::vector<storage::Filter> terms;
  const std::string_view service = parameters.first("service");
  if (!service.empty()) terms.push_back(service_is(service));
  if (const std::string_view severity = parameters.first("severity"); !severity.empty()) {
    KOLBEN_TRY(const std::int64_t least, least_severity(severity));
    terms.push_back(compare(Intrinsic::kSeverity, Operator::kGreaterOrEqual, least));
  }
  for (const std::string_view tag : parameters.all("tag")) {
    if (terms.size() == kConditionsMax) {
      return invalid_argument("'tag': more than " + std::to_string(kConditionsMax) + " conditions");
    }
    auto term = parse_log_expression(tag);
    if (!term) return std::move(term).error().with_context("'tag'");
    terms.push_back(*std::move(term));
  }
  KOLBEN_TRY(const std::string_view text, parameters.text("text"));
  if (!text.empty()) {
    terms.push_back(compare(Intrinsic::kBody, Operator::kRegex, containing(text)));
  }
  wanted.filter = all_of(std::move(terms));
  return wanted;
}

std::optional<Response> answer_logs(const Call& call, std::string_view what,
                                    std::size_t bytes_max) {
  if (what.empty()) return logs(call, bytes_max);
  if (what == "histogram") return histogram(call);
  if (what == "services") return services(call);
  if (what == "keys") return keys(call);
  return std::nullopt;
}

}  // namespace kolben::query::page
