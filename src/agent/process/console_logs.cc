#include "agent/process/console_parts.h"

namespace kolben::agent {
namespace {

// repr() of Python's enum SeverityNumber.
std::string severity_repr(std::int32_t number) {
  static constexpr std::string_view kNames[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
  std::string name = "UNSPECIFIED";
  if (number >= 1 && number <= 24) {
    name = kNames[(number - 1) / 4];
    if ((number - 1) % 4 > 0) name += std::to_string((number - 1) % 4 + 1);
  } else {
    number = 0;
  }
  return "<SeverityNumber." + name + ": " + std::to_string(number) + ">";
}

}  // namespace

void format_console_log(const LogRecord& record, const ResourceLogs& owner, ConsoleFormat format,
                        std::string& out) {
  JsonWriter json(out);
  json.begin_object();
  json.key("body");
  write_console_value(json, record.body);
  if (format == ConsoleFormat::k1_27) {
    write_console_text(json, "severity_number", severity_repr(record.severity_number));
  } else {
    json.key("severity_number");
    json.integer(record.severity_number);
  }
  write_console_text(json, "severity_text", record.severity_text);
  json.key("attributes");
  write_console_attributes_or_null(json, record.attributes);
  json.key("dropped_attributes");
  json.unsigned_integer(record.dropped_attributes_count);
  write_console_text(json, "timestamp", python_time(record.effective_time_unix_nano()));
  write_console_text(json, "observed_timestamp", python_time(record.observed_time_unix_nano));
  write_console_text(json, "trace_id", "0x" + record.trace_id.to_hex());
  write_console_text(json, "span_id", "0x" + record.span_id.to_hex());
  json.key("trace_flags");
  json.unsigned_integer(record.flags & 0xff);
  write_console_resource(json, owner.resource, owner.schema_url);
  if (format == ConsoleFormat::kNewest) write_console_text(json, "event_name", record.event_name);
  json.end_object();
  out += '\n';
}

}  // namespace kolben::agent
