#include "pipeline/pipeline_order.h"

#include <algorithm>
#include <utility>

namespace kolben::pipeline {
namespace {

using Pipelines = std::span<const PipelineSettings>;

std::string prefix_of(const PipelineSettings& pipeline) {
  return "service::pipelines::" + pipeline.name + ": ";
}

// Two components of one id: a pipeline that names it could mean either.
void check_id(const Catalog& catalog, const Definition& connector, config::Errors& errors) {
  for (const Kind kind : {Kind::kReceiver, Kind::kExporter}) {
    if (!catalog.mentions(kind, connector.id)) continue;
    errors.add(connector.location, "connectors: \"" + connector.id + "\" is also the id of " +
                                       (kind == Kind::kReceiver ? "a receiver" : "an exporter") +
                                       "; give one of them another name, for example \"" +
                                       connector.id + "/connector\"");
  }
}

// Whether a pipeline that stands on the other side of the connector takes what `pipeline` gives.
bool has_counterpart(const Definition& connector, const PipelineSettings& pipeline, Kind as,
                     Pipelines pipelines) {
  return std::any_of(pipelines.begin(), pipelines.end(), [&](const PipelineSettings& other) {
    return as == Kind::kExporter ? contains(other.receivers, connector.id) &&
                                       connector.type->converts(pipeline.signal, other.signal)
                                 : contains(other.exporters, connector.id) &&
                                       connector.type->converts(other.signal, pipeline.signal);
  });
}

void check_side(const Catalog& catalog, const PipelineSettings& pipeline, Kind as,
                Pipelines pipelines, config::Errors& errors) {
  const auto& references = as == Kind::kExporter ? pipeline.exporters : pipeline.receivers;
  for (const auto& [id, location] : references) {
    const Definition* connector = catalog.find(Kind::kConnector, id);
    if (connector == nullptr || has_counterpart(*connector, pipeline, as, pipelines)) continue;
    const Kind other = as == Kind::kExporter ? Kind::kReceiver : Kind::kExporter;
    const std::string signal(to_string(pipeline.signal));
    errors.add(location, prefix_of(pipeline) + "connector \"" + id + "\" is used as " +
                             std::string(to_string(as)) + " of " + signal +
                             ", but no pipeline that it can " +
                             (as == Kind::kExporter ? "feed with them" : "make them from") +
                             " names it as " + std::string(to_string(other)));
  }
}

// Where `from` gives data to `to` through a connector: the reference to it.
const Reference* joint(const Catalog& catalog, const PipelineSettings& from,
                       const PipelineSettings& to) {
  const auto found =
      std::find_if(from.exporters.begin(), from.exporters.end(), [&](const Reference& reference) {
        return contains(to.receivers, reference.id) &&
               catalog.find(Kind::kConnector, reference.id) != nullptr;
      });
  return found == from.exporters.end() ? nullptr : &*found;
}

// Each of `rest` feeds another of them: following these comes to a circle, from anywhere.
void tell_circle(const Catalog& catalog, const std::vector<const PipelineSettings*>& rest,
                 config::Errors& errors) {
  std::vector<const PipelineSettings*> path = {rest.front()};
  auto begin = path.end();
  while (begin == path.end()) {
    const auto next = std::find_if(rest.begin(), rest.end(), [&](const PipelineSettings* other) {
      return joint(catalog, *path.back(), *other) != nullptr;
    });
    path.push_back(*next);
    begin = std::find(path.begin(), path.end() - 1, *next);
    if (begin == path.end() - 1) begin = path.end();  // not seen before
  }
  path.erase(path.begin(), begin);
  std::string circle = path.front()->name;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    circle += " -> " + joint(catalog, *path[i], *path[i + 1])->id + " -> " + path[i + 1]->name;
  }
  errors.add(joint(catalog, *path[0], *path[1])->location,
             prefix_of(*path[0]) + "connectors lead its data back to it: " + circle);
}

}  // namespace

void check_connectors(const Catalog& catalog, Pipelines pipelines, config::Errors& errors) {
  for (const Definition& connector : catalog.of(Kind::kConnector)) {
    check_id(catalog, connector, errors);
  }
  for (const PipelineSettings& pipeline : pipelines) {
    check_side(catalog, pipeline, Kind::kReceiver, pipelines, errors);
    check_side(catalog, pipeline, Kind::kExporter, pipelines, errors);
  }
}

std::vector<const PipelineSettings*> downstream_first(const Catalog& catalog, Pipelines pipelines,
                                                      config::Errors& errors) {
  std::vector<const PipelineSettings*> ordered;
  std::vector<const PipelineSettings*> rest;
  for (const PipelineSettings& pipeline : pipelines) rest.push_back(&pipeline);
  while (!rest.empty()) {
    // Those that feed nobody who is still to come; in the file's order.
    std::vector<const PipelineSettings*> waiting;
    for (const PipelineSettings* one : rest) {
      const bool waits = std::any_of(rest.begin(), rest.end(), [&](const PipelineSettings* other) {
        return joint(catalog, *one, *other) != nullptr;
      });
      (waits ? waiting : ordered).push_back(one);
    }
    if (waiting.size() == rest.size()) {
      tell_circle(catalog, rest, errors);
      ordered.insert(ordered.end(), rest.begin(), rest.end());
      break;
    }
    rest = std::move(waiting);
  }
  return ordered;
}

}  // namespace kolben::pipeline
