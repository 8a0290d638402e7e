#include "query/page/trace_json.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "model/value_text.h"
#include "query/conditions.h"
#include "query/page/span_detail.h"

namespace kolben::query::page {
namespace {

// Numbers the distinct texts of a column.
class Dictionary {
 public:
  std::uint32_t index_of(std::string_view text) {
    const auto [place, is_new] =
        indices_.try_emplace(text, static_cast<std::uint32_t>(texts_.size()));
    if (is_new) texts_.push_back(text);
    return place->second;
  }
  void write(JsonWriter& json, std::string_view key) const {
    json.key(key);
    json.begin_array();
    for (const std::string_view text : texts_) json.string(text);
    json.end_array();
  }

 private:
  // Views into the batch, which lives as long as the answer is being built.
  std::unordered_map<std::string_view, std::uint32_t> indices_;
  std::vector<std::string_view> texts_;
};

// The services of a trace: looked up once for each resource, of which many rows share one.
class Services {
 public:
  std::uint32_t index_of(const Resource& resource) {
    if (&resource == last_) return last_index_;
    last_ = &resource;
    const auto [place, is_new] = indices_.try_emplace(&resource, 0U);
    if (is_new) place->second = names_.index_of(shown_service(service_name(resource)));
    return last_index_ = place->second;
  }
  void write(JsonWriter& json) const { names_.write(json, "services"); }

 private:
  Dictionary names_;
  std::unordered_map<const Resource*, std::uint32_t> indices_;
  const Resource* last_ = nullptr;
  std::uint32_t last_index_ = 0;
};

// What the columns show of a row.
struct Shown {
  SpanId id;
  std::uint64_t start, duration;
  std::uint32_t service, name;
  std::int32_t kind, status;
  std::int32_t detail;  // -1: none
};

// One array of numbers or ids. A trace has a million of them: they go over a small buffer, and are
// not asked each whether the text has room.
class Column {
 public:
  // `text`: where the array is put together.
  explicit Column(std::string& text) : text_(text) { text_ = "["; }

  // Afterwards the text is whole.
  void end() {
    if (size_ == 0) put(',');
    buffer_[size_ - 1] = ']';  // in place of a comma
    text_.append(buffer_, size_);
  }

  void number(std::int64_t number) {
    digits(number);
    end_item();
  }
  // As write_micros() has it.
  void micros(std::uint64_t nanos) {
    digits(nanos / 1000);
    if (auto rest = static_cast<unsigned>(nanos % 1000); rest != 0) {
      put('.');
      for (unsigned unit = 100; rest != 0; unit /= 10) {
        put(static_cast<char>('0' + rest / unit));
        rest %= unit;
      }
    }
    end_item();
  }
  void id(const SpanId& id) {
    static constexpr char kDigits[] = "0123456789abcdef";
    put('"');
    for (const std::uint8_t byte : id.bytes) {
      put(kDigits[byte >> 4]);
      put(kDigits[byte & 15]);
    }
    put('"');
    end_item();
  }

 private:
  static constexpr std::size_t kBufferBytes = 4096;
  static constexpr std::size_t kItemBytesMax = 32;  // 20 digits, a point, three digits, a comma

  template <typename Number>
  void digits(Number number) {
    char* const begin = buffer_ + size_;
    size_ +=
        static_cast<std::size_t>(std::to_chars(begin, begin + kItemBytesMax, number).ptr - begin);
  }
  void put(char character) { buffer_[size_++] = character; }
  // The last item and its comma stay in the buffer.
  void end_item() {
    put(',');
    if (size_ + kItemBytesMax <= kBufferBytes) return;
    text_.append(buffer_, size_ - 1);
    buffer_[0] = ',';
    size_ = 1;
  }

  std::string& text_;
  char buffer_[kBufferBytes];
  std::size_t size_ = 0;
};

std::uint64_t end_of(const Span& span) {
  return span.start_time_unix_nano + span.duration_nanos();
}

// From `start` to `time`, negative where it lies before: an event may precede its trace.
void write_relative(JsonWriter& json, std::uint64_t time, std::uint64_t start) {
  if (time >= start) {
    write_micros(json, time - start);
  } else {
    json.real(-static_cast<double>(start - time) / 1000.0);
  }
}

std::string_view type_text(ValueType type) {
  switch (type) {
    case ValueType::kBool:
      return "bool";
    case ValueType::kInt:
      return "int";
    case ValueType::kDouble:
      return "double";
    case ValueType::kBytes:
      return "bytes";
    case ValueType::kArray:
      return "array";
    case ValueType::kKvlist:
      return "map";
    case ValueType::kEmpty:
    case ValueType::kString:
      break;
  }
  return "string";
}

void write_typed_value(JsonWriter& json, const Value& value) {
  if (value.type() == ValueType::kInt) {
    json.quoted_integer(value.as_int());
  } else if (value.type() == ValueType::kEmpty) {
    json.string({});
  } else {
    append_json(json, value);
  }
}

void write_attributes(JsonWriter& json, std::string_view key, const Attributes& attributes) {
  json.key(key);
  json.begin_array();
  for (const KeyValue& entry : attributes) {
    json.begin_object();
    text_field(json, "key", entry.key);
    text_field(json, "type", type_text(entry.value.type()));
    json.key("value");
    write_typed_value(json, entry.value);
    json.end_object();
  }
  json.end_array();
}

void write_scope(JsonWriter& json, const Scope& scope) {
  json.key("scope");
  json.begin_object();
  text_field(json, "name", scope.name);
  text_field(json, "version", scope.version);
  write_attributes(json, "attributes", scope.attributes);
  json.end_object();
}

void write_events(JsonWriter& json, const Span& span, std::uint64_t trace_start) {
  json.key("events");
  json.begin_array();
  for (const SpanEvent& event : span.events) {
    json.begin_object();
    json.key("timeMicros");
    write_relative(json, event.time_unix_nano, trace_start);
    text_field(json, "name", event.name);
    write_attributes(json, "attributes", event.attributes);
    json.end_object();
  }
  json.end_array();
}

void write_links(JsonWriter& json, const Span& span) {
  json.key("links");
  json.begin_array();
  for (const SpanLink& link : span.links) {
    json.begin_object();
    text_field(json, "traceId", link.trace_id.to_hex());
    text_field(json, "spanId", link.span_id.to_hex());
    write_attributes(json, "attributes", link.attributes);
    json.end_object();
  }
  json.end_array();
}

template <typename Row, typename Write>
void write_column(JsonWriter& json, std::string_view key, std::string& spare,
                  const std::vector<Row>& rows, Write write) {
  Column column(spare);
  for (const Row& row : rows) write(column, row);
  column.end();
  json.key(key);
  json.raw(spare);
}

// `rows` and `shown` belong together; starts are shown from `start`.
void write_columns(JsonWriter& json, const std::vector<TraceRow>& rows,
                   const std::vector<Shown>& shown, std::uint64_t start, const LogCounts& logs) {
  std::string spare;
  const auto column = [&](std::string_view key, auto write) {
    write_column(json, key, spare, shown, write);
  };
  column("spanId", [](Column& out, const Shown& row) { out.id(row.id); });
  write_column(json, "parent", spare, rows,
               [](Column& out, const TraceRow& row) { out.number(row.parent); });
  write_column(json, "depth", spare, rows,
               [](Column& out, const TraceRow& row) { out.number(row.depth); });
  column("service", [](Column& out, const Shown& row) { out.number(row.service); });
  column("name", [](Column& out, const Shown& row) { out.number(row.name); });
  column("kind", [](Column& out, const Shown& row) { out.number(row.kind); });
  column("status", [](Column& out, const Shown& row) { out.number(row.status); });
  column("startMicros", [start](Column& out, const Shown& row) { out.micros(row.start - start); });
  column("durationsMicros", [](Column& out, const Shown& row) { out.micros(row.duration); });
  column("detail", [](Column& out, const Shown& row) { out.number(row.detail); });
  column("logs", [&logs](Column& out, const Shown& row) {
    const auto count = logs.empty() ? logs.end() : logs.find(row.id);
    out.number(count == logs.end() ? 0 : count->second);
  });
}

void write_log(JsonWriter& json, const LogLine& line, TraceIds trace_ids) {
  const LogRecord& record = *line.record;
  json.begin_object();
  decimal_field(json, "time", line.time());
  if (trace_ids == TraceIds::kTold) {
    text_field(json, "traceId",
               record.trace_id.is_zero() ? std::string() : record.trace_id.to_hex());
  }
  text_field(json, "spanId", record.span_id.is_zero() ? std::string() : record.span_id.to_hex());
  text_field(json, "service", shown_service(service_name(*line.resource)));
  json.key("severity");
  json.integer(record.severity_number);
  text_field(json, "severityText", record.severity_text);
  text_field(json, "body", value_text(record.body));
  write_attributes(json, "attributes", record.attributes);
  json.end_object();
}

}  // namespace

std::uint64_t earliest_start(const std::vector<TraceRow>& rows) {
  std::uint64_t start = UINT64_MAX;
  for (const TraceRow& row : rows) start = std::min(start, row.span->start_time_unix_nano);
  return start;
}

LogCounts count_logs(const DecodedLogs& logs) {
  LogCounts counts;
  for (const ResourceLogs& resource : logs.resources) {
    for (const ScopeLogs& scope : resource.scopes) {
      for (const LogRecord& record : scope.records) {
        if (!record.span_id.is_zero()) ++counts[record.span_id];
      }
    }
  }
  return counts;
}

std::string trace_columns(const TraceId& id, const std::vector<TraceRow>& rows,
                          const LogCounts& logs) {
  std::uint64_t start = UINT64_MAX;
  std::uint64_t end = 0;
  Services services;
  Dictionary names;
  Dictionary details;
  const bool with_details = rows.size() <= kDetailRowsMax;
  // Spans lie far apart in memory: each is looked at once.
  std::vector<Shown> shown;
  shown.reserve(rows.size());
  for (const TraceRow& row : rows) {
    const Span& span = *row.span;
    start = std::min(start, span.start_time_unix_nano);
    end = std::max(end, end_of(span));
    const std::string_view detail = with_details ? span_detail(span) : std::string_view();
    shown.push_back({span.span_id, span.start_time_unix_nano, span.duration_nanos(),
                     services.index_of(*row.resource), names.index_of(shown_operation(span.name)),
                     static_cast<std::int32_t>(span.kind),
                     static_cast<std::int32_t>(span.status_code),
                     detail.empty() ? -1 : static_cast<std::int32_t>(details.index_of(detail))});
  }
  std::string text;
  constexpr std::size_t kBytesPerRow = 60;
  text.reserve(rows.size() * kBytesPerRow + 1024);
  JsonWriter json(text);
  json.begin_object();
  text_field(json, "traceId", id.to_hex());
  decimal_field(json, "start", start);
  json.key("durationMicros");
  write_micros(json, end - start);
  services.write(json);
  names.write(json, "names");
  details.write(json, "details");
  write_columns(json, rows, shown, start, logs);
  json.end_object();
  return text;
}

std::string span_details(const TraceRow& row, std::uint64_t trace_start_nanos) {
  const Span& span = *row.span;
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  write_attributes(json, "attributes", span.attributes);
  write_attributes(json, "resource", row.resource->attributes);
  write_scope(json, *row.scope);
  write_events(json, span, trace_start_nanos);
  write_links(json, span);
  text_field(json, "statusMessage", span.status_message);
  text_field(json, "traceState", span.trace_state);
  number_field(json, "flags", span.flags);
  number_field(json, "droppedAttributes", span.dropped_attributes_count);
  number_field(json, "droppedEvents", span.dropped_events_count);
  number_field(json, "droppedLinks", span.dropped_links_count);
  json.end_object();
  return text;
}

std::vector<LogLine> log_lines(const DecodedLogs& logs) {
  std::vector<LogLine> lines;
  for (const ResourceLogs& resource : logs.resources) {
    for (const ScopeLogs& scope : resource.scopes) {
      for (const LogRecord& record : scope.records) lines.push_back({&record, &resource.resource});
    }
  }
  return lines;
}

std::size_t write_logs(JsonWriter& json, const std::string& text, const std::vector<LogLine>& lines,
                       TraceIds trace_ids, std::size_t bytes_max) {
  std::size_t written = 0;
  json.begin_array();
  while (written < lines.size() && text.size() <= bytes_max) {
    write_log(json, lines[written++], trace_ids);
  }
  json.end_array();
  return written;
}

std::string trace_logs(const DecodedLogs& logs, bool is_truncated, std::size_t bytes_max) {
  std::vector<LogLine> lines = log_lines(logs);
  // The store's order holds within a resource only.
  std::stable_sort(lines.begin(), lines.end(),
                   [](const LogLine& a, const LogLine& b) { return a.time() < b.time(); });
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  json.key("logs");
  const std::size_t written = write_logs(json, text, lines, TraceIds::kNotTold, bytes_max);
  json.key("truncated");
  json.boolean(is_truncated || written < lines.size());
  json.end_object();
  return text;
}

}  // namespace kolben::query::page
