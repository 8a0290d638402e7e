// Pieces of Prometheus' text format, which our own metrics and the exporter `prometheus` write.
// Source: exposition formats, version 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/). Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

namespace kolben::prometheus {

// With \\, \" and \n escaped; bytes that are not UTF-8 become U+FFFD.
void append_label_value(std::string& out, std::string_view value);
// With \\ and \n escaped.
void append_help(std::string& out, std::string_view text);
// "+Inf", "-Inf", "NaN", else the shortest text that reads back the same.
void append_number(std::string& out, double value);

}  // namespace kolben::prometheus
