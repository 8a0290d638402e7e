#include "app/components.h"

namespace kolben::app {
namespace {

using pipeline::ComponentType;
using pipeline::Kind;

[[maybe_unused]] constexpr ComponentType receiver(std::string_view type,
                                                  pipeline::CreateReceiver create,
                                                  std::string_view alias = {}) {
  ComponentType entry{Kind::kReceiver, type, alias};
  entry.create_receiver = create;
  return entry;
}

[[maybe_unused]] constexpr ComponentType processor(std::string_view type,
                                                   pipeline::CreateProcessor create,
                                                   std::string_view alias = {}) {
  ComponentType entry{Kind::kProcessor, type, alias};
  entry.create_processor = create;
  return entry;
}

[[maybe_unused]] constexpr ComponentType exporter(std::string_view type,
                                                  pipeline::CreateExporter create,
                                                  std::string_view alias = {}) {
  ComponentType entry{Kind::kExporter, type, alias};
  entry.create_exporter = create;
  return entry;
}

[[maybe_unused]] constexpr ComponentType extension(std::string_view type,
                                                   pipeline::CreateExtension create,
                                                   std::string_view alias = {}) {
  ComponentType entry{Kind::kExtension, type, alias};
  entry.create_extension = create;
  return entry;
}

// For those that do not know all signals.
[[maybe_unused]] constexpr ComponentType only(ComponentType entry, bool traces, bool metrics,
                                              bool logs) {
  entry.traces = traces;
  entry.metrics = metrics;
  entry.logs = logs;
  return entry;
}

}  // namespace

std::span<const ComponentType> components() {
  // One line each: type as it stands in configurations, factory, older spelling.
  return {};
}

}  // namespace kolben::app
