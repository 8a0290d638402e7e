#include "pipeline/component.h"

#include <algorithm>

namespace kolben::pipeline {

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::kReceiver:
      return "receiver";
    case Kind::kProcessor:
      return "processor";
    case Kind::kExporter:
      return "exporter";
    case Kind::kConnector:
      return "connector";
    case Kind::kExtension:
      return "extension";
  }
  return "component";
}

Consumer* Outputs::of(Signal signal) const {
  switch (signal) {
    case Signal::kTraces:
      return traces;
    case Signal::kMetrics:
      return metrics;
    case Signal::kLogs:
      return logs;
  }
  return nullptr;
}

bool ComponentType::handles(Signal signal) const {
  switch (signal) {
    case Signal::kTraces:
      return traces;
    case Signal::kMetrics:
      return metrics;
    case Signal::kLogs:
      return logs;
  }
  return false;
}

bool ComponentType::converts(Signal from, Signal to) const {
  return std::any_of(conversions.begin(), conversions.end(), [&](const Conversion& conversion) {
    return conversion.from == from && conversion.to == to;
  });
}

}  // namespace kolben::pipeline
