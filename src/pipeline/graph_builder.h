// GraphBuilder: makes a Graph from a configuration. Used by Graph::build() alone; one thread.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pipeline/catalog.h"
#include "pipeline/graph.h"

namespace kolben::pipeline {

class GraphBuilder {
 public:
  GraphBuilder(const config::Node& root, std::span<const ComponentType> types,
               config::Errors& errors);
  std::unique_ptr<Graph> build();

 private:
  // The entries of all pipelines that a receiver or a connector feeds.
  struct Entries {
    std::vector<Consumer*> traces, metrics, logs;
    std::vector<Consumer*>& of(Signal signal);
  };

  void check_top_level();
  void check_pipelines();
  void check_references(const PipelineSettings& pipeline, Kind kind,
                        const std::vector<Reference>& references);
  void create_extensions();
  void create_exporters();
  Consumer* sink_of(const Reference& reference);
  Consumer* create_connector(const Definition& definition);
  void create_pipeline(const PipelineSettings& pipeline);
  Consumer* create_processor(const std::string& id, Signal signal, Consumer* next);
  void create_receivers();
  Outputs outputs_of(const std::string& id);
  // Calls the factories of what no pipeline uses, for their checks.
  void check_unused();
  bool is_used(Kind kind, const std::string& id) const;

  // The component that a pipeline means: of that kind, or a connector in its place. Null where
  // there is none.
  const Definition* find(Kind kind, const std::string& id) const;
  Consumer* join(std::vector<Consumer*> branches);
  // Calls a factory and says so where it returned nothing without telling why.
  template <typename T>
  std::unique_ptr<T> call(std::unique_ptr<T> (*create)(CreateContext&),
                          const Definition& definition, Outputs outputs);

  const config::Node& root_;
  config::Errors& errors_;
  const Catalog catalog_;
  std::unique_ptr<Graph> graph_;
  std::map<std::string, Consumer*> sinks_;  // exporters and connectors
  std::map<std::string, Entries> entries_;  // by receiver or connector
};

}  // namespace kolben::pipeline
