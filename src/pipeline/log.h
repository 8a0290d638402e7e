// The program's log lines, on stderr:
//
//   2026-11-23T08:00:00.123Z info otlp: listening endpoint=127.0.0.1:4317
//
// `source` is the component's id; fields are appended as key=value, quoted where needed. Lines are
// written whole, from any thread. The level is one for the program (service.telemetry.logs.level).
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "pipeline/service.h"

namespace kolben::log {

using Field = std::pair<std::string_view, std::string_view>;
using Fields = std::initializer_list<Field>;

void set_level(pipeline::LogLevel level);
bool is_enabled(pipeline::LogLevel level);

void debug(std::string_view source, std::string_view message, Fields fields = {});
void info(std::string_view source, std::string_view message, Fields fields = {});
void warn(std::string_view source, std::string_view message, Fields fields = {});
void error(std::string_view source, std::string_view message, Fields fields = {});

// The line without its time, for tests: "info otlp: listening endpoint=127.0.0.1:4317".
std::string format_line(pipeline::LogLevel level, std::string_view source, std::string_view message,
                        Fields fields);

}  // namespace kolben::log
