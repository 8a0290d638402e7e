// What the console's formats of spans, log records and metrics share (console_format.h), and the
// three themselves, each with a newline at its end.
#pragma once

#include <string>
#include <string_view>

#include "agent/process/console_format.h"
#include "agent/process/json_writer.h"
#include "model/attributes.h"
#include "model/batch.h"

namespace kolben::agent {

void write_console_value(JsonWriter& json, const Value& value);
void write_console_attributes(JsonWriter& json, const Attributes& attributes);
// Python has None where there are none.
void write_console_attributes_or_null(JsonWriter& json, const Attributes& attributes);
void write_console_resource(JsonWriter& json, const Resource& resource,
                            std::string_view schema_url);
void write_console_text(JsonWriter& json, std::string_view key, std::string_view text);

void format_console_span(const Span& span, const ResourceSpans& owner, std::string& out);
void format_console_log(const LogRecord& record, const ResourceLogs& owner, ConsoleFormat format,
                        std::string& out);
// One object for all of them.
void format_console_metrics(const DecodedMetrics& metrics, ConsoleFormat format, std::string& out);

}  // namespace kolben::agent
