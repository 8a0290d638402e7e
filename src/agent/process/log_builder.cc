#include "agent/process/log_builder.h"

#include "agent/process/limits.h"
#include "agent/process/line_assembler.h"
#include "agent/process/severity.h"

namespace kolben::agent {
namespace {

void set_context(const Context& context, LogRecord& record) {
  record.trace_id = trace_id_of(context);
  record.span_id = span_id_of(context);
  record.flags = record.trace_id.is_zero() ? 0 : context.flags;
}

void set_severity(Severity severity, LogRecord& record) {
  record.severity_number = severity.number;
  record.severity_text = severity.text;
}

void add_origin(const Line& line, LogRecord& record, Arena& arena) {
  if (line.path.empty()) {
    const std::string_view stream = line.file_descriptor == 2 ? "stderr" : "stdout";
    record.attributes.push_back(arena, {"log.iostream", Value::string(stream)});
    return;
  }
  const std::string_view path = owned_text(line.path, Limits::kNoLimit, arena);
  record.attributes.push_back(arena, {"log.file.path", Value::string(path)});
  record.attributes.push_back(arena,
                              {"log.file.name", Value::string(path.substr(path.rfind('/') + 1))});
}

}  // namespace

void build_log(const Line& line, std::string_view text, const Limits& limits, std::uint64_t now,
               LogRecord& record, Arena& arena) {
  record.time_unix_nano = line.time;
  record.observed_time_unix_nano = now;
  set_severity(severity_of_line(text), record);
  record.body = Value::string(owned_text(text, Limits::kNoLimit, arena));
  set_context(line.context, record);
  add_origin(line, record, arena);
  record.dropped_attributes_count = limit_attributes(
      {limits.log_attributes_max, limits.log_value_bytes_max}, record.attributes, arena);
}

void build_log(const LogView& view, const Limits& limits, std::uint64_t now, LogRecord& record,
               Arena& arena) {
  record.time_unix_nano = view.fixed.time;
  record.observed_time_unix_nano = now;
  set_severity(severity_by_number(view.fixed.severity), record);
  if (!view.severity_text.empty()) {
    record.severity_text = owned_text(view.severity_text, Limits::kNoLimit, arena);
  }
  // Colours are for terminals, as in what is printed.
  const bool has_escapes = view.body.find('\x1b') != std::string_view::npos;
  const std::string plain = has_escapes ? without_escapes(view.body) : std::string();
  record.body = Value::string(owned_text(has_escapes ? plain : view.body, Limits::kNoLimit, arena));
  set_context(view.fixed.context, record);
  record.dropped_attributes_count =
      view.fixed.dropped_attributes_count +
      add_encoded_attributes(view.attributes,
                             {limits.log_attributes_max, limits.log_value_bytes_max},
                             record.attributes, arena);
}

}  // namespace kolben::agent
