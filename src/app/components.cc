#include "app/components.h"

#include "connectors/forward/forward.h"
#include "exporters/debug/debug.h"
#include "exporters/otlp/otlp.h"
#include "exporters/otlphttp/otlphttp.h"
#include "exporters/prometheus/prometheus.h"
#include "exporters/store/store_exporter.h"
#include "exporters/zipkin/zipkin.h"
#include "extensions/health_check/health_check.h"
#include "extensions/remote_sampling/remote_sampling.h"
#include "processors/attributes/attributes.h"
#include "processors/batch/batch.h"
#include "processors/memory_limiter/memory_limiter.h"
#include "processors/resource/resource.h"
#include "query/server/extension.h"
#include "receivers/otlp/otlp.h"
#include "receivers/zipkin/zipkin.h"

namespace kolben::app {
namespace {

using pipeline::ComponentType;
using pipeline::Kind;

constexpr ComponentType receiver(std::string_view type, pipeline::CreateReceiver create,
                                 std::string_view alias = {}) {
  ComponentType entry{Kind::kReceiver, type, alias};
  entry.create_receiver = create;
  return entry;
}

constexpr ComponentType processor(std::string_view type, pipeline::CreateProcessor create,
                                  std::string_view alias = {}) {
  ComponentType entry{Kind::kProcessor, type, alias};
  entry.create_processor = create;
  return entry;
}

constexpr ComponentType exporter(std::string_view type, pipeline::CreateExporter create,
                                 std::string_view alias = {}) {
  ComponentType entry{Kind::kExporter, type, alias};
  entry.create_exporter = create;
  return entry;
}

constexpr ComponentType connector(std::string_view type, pipeline::CreateConnector create,
                                  std::span<const pipeline::Conversion> conversions) {
  ComponentType entry{Kind::kConnector, type, {}};
  entry.create_connector = create;
  entry.conversions = conversions;
  return entry;
}

constexpr ComponentType extension(std::string_view type, pipeline::CreateExtension create,
                                  std::string_view alias = {}) {
  ComponentType entry{Kind::kExtension, type, alias};
  entry.create_extension = create;
  return entry;
}

// For those that do not know all signals.
struct Signals {
  bool traces = false, metrics = false, logs = false;
};
constexpr ComponentType only(ComponentType entry, Signals signals) {
  entry.traces = signals.traces;
  entry.metrics = signals.metrics;
  entry.logs = signals.logs;
  return entry;
}

}  // namespace

std::span<const ComponentType> components() {
  // One line each: type as it stands in configurations, factory, older spelling.
  static constexpr ComponentType kComponents[] = {
      receiver("otlp", &receivers::otlp::create),
      only(receiver("zipkin", &receivers::zipkin::create), {.traces = true}),

      processor("attributes", &processors::attributes::create),
      processor("batch", &processors::batch::create),
      processor("memory_limiter", &processors::memory_limiter::create),
      processor("resource", &processors::resource::create),

      exporter("debug", &exporters::debug::create),
      exporter("otlp_grpc", &exporters::otlp::create, "otlp"),
      exporter("otlp_http", &exporters::otlphttp::create, "otlphttp"),
      only(exporter("prometheus", &exporters::prometheus::create), {.metrics = true}),
      exporter("store", &exporters::store::create),
      only(exporter("zipkin", &exporters::zipkin::create), {.traces = true}),

      connector("forward", &connectors::forward::create, connectors::forward::kConversions),

      extension("health_check", &extensions::health_check::create),
      extension("query", &query::create),
      extension("remote_sampling", &extensions::remote_sampling::create),
  };
  return kComponents;
}

}  // namespace kolben::app
