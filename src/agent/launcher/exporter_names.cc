#include "agent/launcher/exporter_names.h"

#include <strings.h>

#include <cstdio>
#include <cstring>

namespace kolben::agent {
namespace {

// As the agent process reads them.
constexpr const char* kKnown[] = {"console",         "otlp",           "otlp_proto_grpc",
                                  "otlp_proto_http", "otlp_json_http", "none"};
constexpr const char* kKnownOfTraces[] = {"zipkin", "zipkin_json", "zipkin_proto"};
constexpr const char* kKnownOfMetrics[] = {"prometheus"};
constexpr const char* kElsewhere[] = {"jaeger",     "jaeger_proto", "jaeger_thrift",  "logging",
                                      "opencensus", "otlp/stdout",  "otlp_json_file", "prometheus",
                                      "zipkin",     "zipkin_json",  "zipkin_proto"};

struct Name {
  const char* text = nullptr;
  std::size_t size = 0;
};

// The next name of the list, without the blanks around it; moves `*list` behind its comma. False:
// no more.
bool next_name(const char** list, Name* name) {
  while (**list != '\0') {
    const char* begin = *list + std::strspn(*list, " \t");
    const std::size_t whole = std::strcspn(begin, ",");
    *list = begin + whole + (begin[whole] == ',' ? 1 : 0);
    std::size_t size = whole;
    while (size != 0 && (begin[size - 1] == ' ' || begin[size - 1] == '\t')) --size;
    *name = {begin, size};
    if (size != 0) return true;
  }
  return false;
}

template <std::size_t kCount>
bool is_one_of(const Name& name, const char* const (&names)[kCount]) {
  for (const char* known : names) {
    if (std::strlen(known) == name.size && strncasecmp(name.text, known, name.size) == 0) {
      return true;
    }
  }
  return false;
}

bool is_known(const char* variable, const Name& name) {
  if (is_one_of(name, kKnown)) return true;
  if (std::strcmp(variable, "OTEL_TRACES_EXPORTER") == 0) return is_one_of(name, kKnownOfTraces);
  if (std::strcmp(variable, "OTEL_METRICS_EXPORTER") == 0) return is_one_of(name, kKnownOfMetrics);
  return false;
}

// What only one signal has.
const char* own_names(const char* variable) {
  if (std::strcmp(variable, "OTEL_TRACES_EXPORTER") == 0)
    return "zipkin, zipkin_json, zipkin_proto, ";
  if (std::strcmp(variable, "OTEL_METRICS_EXPORTER") == 0) return "prometheus, ";
  return "";
}

const char* signal_name(const char* variable) {
  if (std::strcmp(variable, "OTEL_TRACES_EXPORTER") == 0) return "spans";
  if (std::strcmp(variable, "OTEL_METRICS_EXPORTER") == 0) return "metrics";
  return "log records";
}

}  // namespace

bool is_exporter_variable(const char* variable) {
  for (const char* exporters : kExporterVariables) {
    if (std::strcmp(variable, exporters) == 0) return true;
  }
  return false;
}

bool find_exporter_fault(const char* variable, const char* list, ExporterFault* fault) {
  Name name;
  while (next_name(&list, &name)) {
    if (is_known(variable, name)) continue;
    *fault = {variable, name.text, name.size, is_one_of(name, kElsewhere)};
    return true;
  }
  return false;
}

void describe(const ExporterFault& fault, char* text, std::size_t size) {
  // What a person can have meant is short; a mistake can be of any length.
  constexpr std::size_t kNameBytesMax = 64;
  const auto shown =
      static_cast<int>(fault.name_size < kNameBytesMax ? fault.name_size : kNameBytesMax);
  constexpr char kOthers[] =
      "(known: console, otlp, otlp_proto_grpc, otlp_proto_http, otlp_json_http, ";
  if (fault.is_known_elsewhere) {
    std::snprintf(text, size,
                  "the agent has no exporter \"%.*s\" for %s; let it send otlp to a collector that "
                  "has one %s%snone)",
                  shown, fault.name, signal_name(fault.variable), kOthers,
                  own_names(fault.variable));
  } else {
    std::snprintf(text, size, "unknown exporter \"%.*s\" %s%snone)", shown, fault.name, kOthers,
                  own_names(fault.variable));
  }
}

const char* what_holds(const char* variable, const char* list) {
  constexpr const char* kNone[] = {"none"};
  Name name;
  while (next_name(&list, &name)) {
    if (is_known(variable, name) && !is_one_of(name, kNone)) return "it is left out";
  }
  if (std::strcmp(variable, "OTEL_TRACES_EXPORTER") == 0) return "no spans are exported";
  if (std::strcmp(variable, "OTEL_METRICS_EXPORTER") == 0) return "no metrics are exported";
  return "no log records are exported";
}

void keep_known_exporters(const char* variable, const char* list, char* kept, std::size_t size) {
  std::size_t used = 0;
  Name name;
  while (next_name(&list, &name)) {
    if (!is_known(variable, name) || used + name.size + 2 > size) continue;
    if (used != 0) kept[used++] = ',';
    std::memcpy(kept + used, name.text, name.size);
    used += name.size;
  }
  kept[used] = '\0';
  if (used == 0) std::snprintf(kept, size, "none");
}

}  // namespace kolben::agent
