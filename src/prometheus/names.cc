#include "prometheus/names.h"

#include <cctype>
#include <utility>

namespace kolben::prometheus {
namespace {

bool is_alphanumeric(char character) {
  return std::isalnum(static_cast<unsigned char>(character)) != 0;
}

// UCUM units that the specification spells out; what is not here stays as it is.
constexpr std::pair<std::string_view, std::string_view> kUnits[] = {
    {"d", "days"},          {"h", "hours"},         {"min", "minutes"},    {"s", "seconds"},
    {"ms", "milliseconds"}, {"us", "microseconds"}, {"ns", "nanoseconds"}, {"By", "bytes"},
    {"KiBy", "kibibytes"},  {"MiBy", "mebibytes"},  {"GiBy", "gibibytes"}, {"TiBy", "tibibytes"},
    {"KBy", "kilobytes"},   {"MBy", "megabytes"},   {"GBy", "gigabytes"},  {"TBy", "terabytes"},
    {"m", "meters"},        {"V", "volts"},         {"A", "amperes"},      {"J", "joules"},
    {"W", "watts"},         {"g", "grams"},         {"Cel", "celsius"},    {"Hz", "hertz"},
    {"%", "percent"},
};
constexpr std::pair<std::string_view, std::string_view> kPerUnits[] = {
    {"s", "second"}, {"m", "minute"}, {"h", "hour"}, {"d", "day"},
    {"w", "week"},   {"mo", "month"}, {"y", "year"},
};

template <std::size_t N>
std::string spelled_out(const std::pair<std::string_view, std::string_view> (&table)[N],
                        std::string_view unit) {
  for (const auto& [short_form, long_form] : table) {
    if (unit == short_form) return std::string(long_form);
  }
  return std::string(unit);
}

// Letters, digits, '_' and ':'; everything else becomes one '_', never two in a row.
std::string clean(std::string_view text) {
  std::string cleaned;
  for (const char character : text) {
    const bool is_good = is_alphanumeric(character) || character == ':';
    if (is_good) {
      cleaned += character;
    } else if (!cleaned.empty() && cleaned.back() != '_') {
      cleaned += '_';
    }
  }
  while (!cleaned.empty() && cleaned.back() == '_') cleaned.pop_back();
  return cleaned;
}

// "By/s" -> "bytes_per_second"; annotations in braces say nothing.
std::string unit_suffix(std::string_view unit) {
  std::string plain;
  int braces = 0;
  for (const char character : unit) {
    if (character == '{') ++braces;
    if (braces == 0) plain += character;
    if (character == '}' && braces > 0) --braces;
  }
  const std::size_t slash = plain.find('/');
  std::string suffix = clean(spelled_out(kUnits, std::string_view(plain).substr(0, slash)));
  if (plain == "%") suffix = "percent";
  if (slash != std::string::npos && slash + 1 < plain.size()) {
    const std::string per =
        clean(spelled_out(kPerUnits, std::string_view(plain).substr(slash + 1)));
    if (!per.empty()) suffix += (suffix.empty() ? "per_" : "_per_") + per;
  }
  return suffix;
}

bool ends_with_word(std::string_view name, std::string_view word) {
  return name == word || (name.size() > word.size() && name.ends_with(word) &&
                          name[name.size() - word.size() - 1] == '_');
}

void append_word(std::string& name, std::string_view word) {
  if (word.empty() || ends_with_word(name, word)) return;
  name += '_';
  name += word;
}

}  // namespace

std::string metric_name(const Metric& metric, const NameOptions& options) {
  std::string name = clean(metric.name);
  const bool is_counter = metric.kind == MetricKind::kSum && metric.is_monotonic;
  if (options.add_suffixes) {
    // "_total" comes last, after the unit.
    if (is_counter && ends_with_word(name, "total") && name.size() > 6) {
      name.erase(name.size() - 6);
    }
    append_word(name, unit_suffix(metric.unit == "1" ? std::string_view() : metric.unit));
    if (metric.unit == "1" && metric.kind == MetricKind::kGauge) append_word(name, "ratio");
    if (is_counter) append_word(name, "total");
  }
  if (!options.name_space.empty()) name = clean(options.name_space) + "_" + name;
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) != 0) {
    name.insert(0, 1, '_');
  }
  return name;
}

std::string label_name(std::string_view key) {
  std::string name;
  for (const char character : key) name += is_alphanumeric(character) ? character : '_';
  if (!name.empty() && std::isdigit(static_cast<unsigned char>(name.front())) != 0) {
    name.insert(0, "key_");
  }
  if (name.starts_with("__")) name.insert(0, "key");  // Prometheus' own, such as __name__
  return name.empty() ? "_" : name;
}

}  // namespace kolben::prometheus
