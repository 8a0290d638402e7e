#include "agent/process/severity.h"

#include <charconv>
#include <cstddef>

namespace kolben::agent {
namespace {

// Levels stand at the beginning of lines, behind time, host and thread names.
constexpr std::size_t kPrefixBytes = 160;
constexpr std::size_t kJsonBytesMax = 4096;

struct Word {
  std::string_view word;  // lower case
  Severity severity;
};

constexpr Word kWords[] = {
    {"trace", {1, "TRACE"}},     {"debug", {5, "DEBUG"}},  {"info", {9, "INFO"}},
    {"notice", {10, "INFO2"}},   {"warn", {13, "WARN"}},   {"warning", {13, "WARN"}},
    {"error", {17, "ERROR"}},    {"err", {17, "ERROR"}},   {"crit", {21, "FATAL"}},
    {"critical", {21, "FATAL"}}, {"alert", {21, "FATAL"}}, {"fatal", {21, "FATAL"}},
    {"emerg", {21, "FATAL"}},    {"panic", {21, "FATAL"}},
};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool is_letter(char c) {
  return lower(c) >= 'a' && lower(c) <= 'z';
}

bool is_word_char(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
}

bool equals_lower(std::string_view text, std::string_view lower_text) {
  if (text.size() != lower_text.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (lower(text[i]) != lower_text[i]) return false;
  }
  return true;
}

bool is_all_upper(std::string_view word) {
  for (const char c : word) {
    if (c < 'A' || c > 'Z') return false;
  }
  return true;
}

// pino and bunyan count in tens.
Severity severity_by_tens(int number) {
  switch (number) {
    case 10:
      return {1, "TRACE"};
    case 20:
      return {5, "DEBUG"};
    case 30:
      return {9, "INFO"};
    case 40:
      return {13, "WARN"};
    case 50:
      return {17, "ERROR"};
    case 60:
      return {21, "FATAL"};
    default:
      return {};
  }
}

// The value behind "key" and a colon at `at`; a string without its quotes, or digits.
Severity json_level(std::string_view line, std::size_t at) {
  while (at < line.size() && (line[at] == ' ' || line[at] == ':')) ++at;
  if (at >= line.size()) return {};
  if (line[at] == '"') {
    const std::size_t end = line.find('"', at + 1);
    if (end == std::string_view::npos) return {};
    return severity_by_name(line.substr(at + 1, end - at - 1));
  }
  int number = 0;
  std::from_chars(line.data() + at, line.data() + line.size(), number);
  return severity_by_tens(number);
}

Severity severity_of_json(std::string_view line) {
  line = line.substr(0, kJsonBytesMax);
  for (const std::string_view key : {"\"level\"", "\"severity\"", "\"levelname\"", "\"lvl\"",
                                     "\"log.level\"", "\"loglevel\"", "\"severity_text\""}) {
    const std::size_t found = line.find(key);
    if (found == std::string_view::npos) continue;
    const Severity severity = json_level(line, found + key.size());
    if (severity.number != 0) return severity;
  }
  return {};
}

// A level in small letters is one only where it stands as one: "[error]", "level=warn", or at the
// beginning with a colon behind. "an error occurred" says nothing.
bool stands_as_level(std::string_view line, std::size_t start, std::size_t end) {
  const char before = start > 0 ? line[start - 1] : '\0';
  const char after = end < line.size() ? line[end] : '\0';
  if (is_all_upper(line.substr(start, end - start))) return true;
  if ((before == '[' && after == ']') || (before == '<' && after == '>')) return true;
  if (before == '(' && after == ')') return true;
  if (start == 0 && after == ':') return true;
  const std::string_view ahead = line.substr(0, start);
  return ahead.ends_with("level=") || ahead.ends_with("lvl=") || ahead.ends_with("level=\"");
}

}  // namespace

Severity severity_by_name(std::string_view word) {
  for (const Word& known : kWords) {
    if (equals_lower(word, known.word)) return known.severity;
  }
  return {};
}

Severity severity_by_number(std::int32_t number) {
  static constexpr std::string_view kNames[] = {
      "TRACE", "TRACE2", "TRACE3", "TRACE4", "DEBUG", "DEBUG2", "DEBUG3", "DEBUG4",
      "INFO",  "INFO2",  "INFO3",  "INFO4",  "WARN",  "WARN2",  "WARN3",  "WARN4",
      "ERROR", "ERROR2", "ERROR3", "ERROR4", "FATAL", "FATAL2", "FATAL3", "FATAL4"};
  if (number < 1 || number > 24) return {};
  return {number, kNames[number - 1]};
}

Severity severity_of_line(std::string_view line) {
  if (line.starts_with('{')) return severity_of_json(line);
  if (line.starts_with("Traceback (most recent call last)")) return {17, "ERROR"};
  const std::string_view prefix = line.substr(0, kPrefixBytes);
  std::size_t at = 0;
  while (at < prefix.size()) {
    if (!is_word_char(prefix[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < prefix.size() && is_word_char(prefix[end])) ++end;
    const Severity severity = severity_by_name(prefix.substr(at, end - at));
    if (severity.number != 0 && stands_as_level(line, at, end)) return severity;
    at = end;
  }
  return {};
}

}  // namespace kolben::agent
