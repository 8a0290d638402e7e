#include "pipeline/graph_builder.h"

#include <algorithm>
#include <utility>

#include "pipeline/fan_out.h"
#include "pipeline/pipeline_order.h"

namespace kolben::pipeline {
namespace {

constexpr std::string_view kTopLevel[] = {"receivers",  "processors", "exporters",
                                          "connectors", "extensions", "service"};

// Stands where a component could not be made, so that the rest can still be checked.
class Missing final : public Consumer {
 public:
  Status consume(Delivery&&) override { return internal_error("the graph is not complete"); }
};

Consumer* missing() {
  static Missing consumer;
  return &consumer;
}

const std::vector<Reference>& references_of(const PipelineSettings& pipeline, Kind kind) {
  if (kind == Kind::kReceiver) return pipeline.receivers;
  return kind == Kind::kProcessor ? pipeline.processors : pipeline.exporters;
}

}  // namespace

std::vector<Consumer*>& GraphBuilder::Entries::of(Signal signal) {
  if (signal == Signal::kTraces) return traces;
  return signal == Signal::kMetrics ? metrics : logs;
}

GraphBuilder::GraphBuilder(const config::Node& root, std::span<const ComponentType> types,
                           config::Errors& errors)
    : root_(root), errors_(errors), catalog_(root, types, errors), graph_(new Graph) {}

std::unique_ptr<Graph> GraphBuilder::build() {
  check_top_level();
  graph_->service_ = read_service(root_, errors_);
  const std::vector<PipelineSettings>& pipelines = graph_->service_.pipelines;
  check_pipelines();
  check_connectors(catalog_, pipelines, errors_);
  create_extensions();
  create_exporters();
  for (const PipelineSettings* pipeline : downstream_first(catalog_, pipelines, errors_)) {
    create_pipeline(*pipeline);
  }
  create_receivers();
  check_unused();
  return errors_.empty() ? std::move(graph_) : nullptr;
}

void GraphBuilder::check_top_level() {
  for (std::size_t i = 0; i < root_.fields.size(); ++i) {
    const std::string& key = root_.fields[i].first;
    if (std::find(std::begin(kTopLevel), std::end(kTopLevel), key) != std::end(kTopLevel)) continue;
    errors_.add(root_.field_locations[i],
                "unknown key \"" + key + "\"" +
                    config::did_you_mean(key, {std::begin(kTopLevel), std::end(kTopLevel)}));
  }
  for (const Kind kind : {Kind::kReceiver, Kind::kExporter}) {
    const config::Node* section = root_.find(section_name(kind));
    if (section != nullptr && section->kind != config::NodeKind::kNull &&
        !(section->kind == config::NodeKind::kMap && section->fields.empty())) {
      continue;
    }
    errors_.add(root_.location_of(section_name(kind)),
                "no " + std::string(to_string(kind)) + " configuration specified in config");
  }
}

void GraphBuilder::check_pipelines() {
  for (const PipelineSettings& pipeline : graph_->service_.pipelines) {
    for (const Kind kind : {Kind::kReceiver, Kind::kProcessor, Kind::kExporter}) {
      check_references(pipeline, kind, references_of(pipeline, kind));
    }
  }
}

void GraphBuilder::check_references(const PipelineSettings& pipeline, Kind kind,
                                    const std::vector<Reference>& references) {
  const std::string prefix = "service::pipelines::" + pipeline.name + ": ";
  const std::string noun(to_string(kind));
  if (references.empty() && kind != Kind::kProcessor) {
    errors_.add(pipeline.location, prefix + "must have at least one " + noun);
  }
  for (std::size_t i = 0; i < references.size(); ++i) {
    const auto& [id, location] = references[i];
    const auto first = references.begin();
    if (std::any_of(first, first + static_cast<std::ptrdiff_t>(i),
                    [&id](const Reference& one) { return one.id == id; })) {
      errors_.add(location, prefix + "references " + noun + " \"" + id + "\" multiple times");
    }
    const Definition* definition = find(kind, id);
    if (definition == nullptr) {
      // An id of an unknown type was told where it is defined.
      if (catalog_.mentions(kind, id) || catalog_.mentions(Kind::kConnector, id)) continue;
      errors_.add(location, prefix + "references " + noun + " \"" + id +
                                "\" which is not configured" + catalog_.did_you_mean(kind, id));
    } else if (definition->type->kind == kind && !definition->type->handles(pipeline.signal)) {
      errors_.add(location, prefix + "failed to create \"" + id + "\" " + noun +
                                " for data type \"" + std::string(to_string(pipeline.signal)) +
                                "\": telemetry type is not supported");
    }
  }
}

const Definition* GraphBuilder::find(Kind kind, const std::string& id) const {
  const Definition* definition = catalog_.find(kind, id);
  const bool could_be_connector = kind == Kind::kReceiver || kind == Kind::kExporter;
  if (definition != nullptr || !could_be_connector) return definition;
  return catalog_.find(Kind::kConnector, id);
}

template <typename T>
std::unique_ptr<T> GraphBuilder::call(std::unique_ptr<T> (*create)(CreateContext&),
                                      const Definition& definition, Outputs outputs) {
  const std::size_t mistakes = errors_.messages().size();
  CreateContext context{definition.id, *definition.config, errors_, outputs};
  std::unique_ptr<T> component = create(context);
  if (component == nullptr && errors_.empty() && errors_.messages().size() == mistakes) {
    errors_.add(definition.location, "failed to create \"" + definition.id + "\" " +
                                         std::string(to_string(definition.type->kind)));
  }
  return component;
}

void GraphBuilder::create_extensions() {
  for (const auto& [id, location] : graph_->service_.extensions) {
    const Definition* definition = catalog_.find(Kind::kExtension, id);
    if (definition == nullptr) {
      if (catalog_.mentions(Kind::kExtension, id)) continue;
      errors_.add(location, "service::extensions: references extension \"" + id +
                                "\" which is not configured" +
                                catalog_.did_you_mean(Kind::kExtension, id));
      continue;
    }
    auto extension = call(definition->type->create_extension, *definition, {});
    if (extension == nullptr) continue;
    graph_->start_order_.push_back({Kind::kExtension, id, extension.get()});
    graph_->extensions_.push_back(std::move(extension));
  }
}

void GraphBuilder::create_exporters() {
  for (const Definition& definition : catalog_.of(Kind::kExporter)) {
    if (!is_used(Kind::kExporter, definition.id)) continue;
    auto exporter = call(definition.type->create_exporter, definition, {});
    if (exporter == nullptr) continue;
    graph_->start_order_.push_back({Kind::kExporter, definition.id, exporter.get()});
    sinks_[definition.id] = exporter.get();
    graph_->exporters_.push_back(std::move(exporter));
  }
}

// All pipelines that the connector feeds have been built.
Consumer* GraphBuilder::create_connector(const Definition& definition) {
  auto connector = call(definition.type->create_connector, definition, outputs_of(definition.id));
  if (connector == nullptr) return nullptr;
  Connector* made = connector.get();
  graph_->start_order_.push_back({Kind::kConnector, definition.id, made});
  graph_->connectors_.push_back(std::move(connector));
  return made;
}

// The exporter or connector, which is made when the first pipeline asks for it; null where it could
// not be made.
Consumer* GraphBuilder::sink_of(const Reference& reference) {
  const auto found = sinks_.find(reference.id);
  if (found != sinks_.end()) return found->second;
  const Definition* connector = catalog_.find(Kind::kConnector, reference.id);
  if (connector == nullptr) return nullptr;
  return sinks_[reference.id] = create_connector(*connector);
}

void GraphBuilder::create_pipeline(const PipelineSettings& pipeline) {
  std::vector<Consumer*> ends;
  for (const Reference& reference : pipeline.exporters) {
    if (Consumer* sink = sink_of(reference)) ends.push_back(sink);
  }
  Consumer* next = join(std::move(ends));
  for (auto it = pipeline.processors.rbegin(); it != pipeline.processors.rend(); ++it) {
    next = create_processor(it->id, pipeline.signal, next);
  }
  for (const Reference& reference : pipeline.receivers) {
    entries_[reference.id].of(pipeline.signal).push_back(next);
  }
}

Consumer* GraphBuilder::create_processor(const std::string& id, Signal signal, Consumer* next) {
  const Definition* definition = catalog_.find(Kind::kProcessor, id);
  if (definition == nullptr) return next;
  Outputs outputs;
  (signal == Signal::kTraces    ? outputs.traces
   : signal == Signal::kMetrics ? outputs.metrics
                                : outputs.logs) = next;
  auto processor = call(definition->type->create_processor, *definition, outputs);
  if (processor == nullptr) return next;
  Processor* made = processor.get();
  graph_->start_order_.push_back({Kind::kProcessor, id, made});
  graph_->processors_.push_back(std::move(processor));
  return made;
}

void GraphBuilder::create_receivers() {
  for (const Definition& definition : catalog_.of(Kind::kReceiver)) {
    if (!entries_.contains(definition.id)) continue;
    auto receiver = call(definition.type->create_receiver, definition, outputs_of(definition.id));
    if (receiver == nullptr) continue;
    graph_->start_order_.push_back({Kind::kReceiver, definition.id, receiver.get()});
    graph_->receivers_.push_back(std::move(receiver));
  }
}

Outputs GraphBuilder::outputs_of(const std::string& id) {
  Entries& entries = entries_[id];
  Outputs outputs;
  if (!entries.traces.empty()) outputs.traces = join(std::move(entries.traces));
  if (!entries.metrics.empty()) outputs.metrics = join(std::move(entries.metrics));
  if (!entries.logs.empty()) outputs.logs = join(std::move(entries.logs));
  return outputs;
}

Consumer* GraphBuilder::join(std::vector<Consumer*> branches) {
  if (branches.empty()) return missing();
  if (branches.size() == 1) return branches.front();
  graph_->fan_outs_.push_back(std::make_unique<FanOut>(std::move(branches)));
  return graph_->fan_outs_.back().get();
}

bool GraphBuilder::is_used(Kind kind, const std::string& id) const {
  if (kind == Kind::kExtension) return contains(graph_->service_.extensions, id);
  const auto& pipelines = graph_->service_.pipelines;
  return std::any_of(pipelines.begin(), pipelines.end(), [&](const PipelineSettings& pipeline) {
    if (kind == Kind::kConnector) {
      return contains(pipeline.exporters, id) || contains(pipeline.receivers, id);
    }
    return contains(references_of(pipeline, kind), id);
  });
}

void GraphBuilder::check_unused() {
  const Outputs outputs{missing(), missing(), missing()};
  for (const Kind kind :
       {Kind::kReceiver, Kind::kProcessor, Kind::kExporter, Kind::kConnector, Kind::kExtension}) {
    for (const Definition& definition : catalog_.of(kind)) {
      if (is_used(kind, definition.id)) continue;
      const ComponentType& type = *definition.type;
      if (kind == Kind::kReceiver) call(type.create_receiver, definition, outputs);
      if (kind == Kind::kProcessor) call(type.create_processor, definition, outputs);
      if (kind == Kind::kExporter) call(type.create_exporter, definition, {});
      if (kind == Kind::kConnector) call(type.create_connector, definition, outputs);
      if (kind == Kind::kExtension) call(type.create_extension, definition, {});
    }
  }
}

std::unique_ptr<Graph> Graph::build(const config::Node& root, std::span<const ComponentType> types,
                                    config::Errors& errors) {
  return GraphBuilder(root, types, errors).build();
}

}  // namespace kolben::pipeline
