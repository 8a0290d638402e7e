// What a printed line says about its severity: a level word ("WARNING: ...", "[error] ...",
// "level=info"), or the level field of a JSON line. Pure functions.
// Source of the numbers: logs data model, "Field: SeverityNumber".
#pragma once

#include <cstdint>
#include <string_view>

namespace kolben::agent {

struct Severity {
  std::int32_t number = 0;  // 0: unknown
  std::string_view text;    // "INFO"; empty where unknown
};

// By name, without case: "warning", "WARN", "crit", "emerg" ...; unknown words give number 0.
Severity severity_by_name(std::string_view word);
// The first of its range and its name: 13 -> "WARN", 14 -> "WARN2".
Severity severity_by_number(std::int32_t number);

Severity severity_of_line(std::string_view line);

}  // namespace kolben::agent
