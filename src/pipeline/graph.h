// Graph: a configuration brought to life. Names no component: the table of types comes from
// app/components.cc.
//
//   receivers ──► (fan-out over pipelines) ──► processors of a pipeline ──► (fan-out) ──► exporters
//                  ▲                                                          │
//                  └────────────────────── connectors ◄───────────────────────┘
//
// An id is one instance for receivers, exporters, connectors and extensions, however many pipelines
// name it; processors are one instance for each pipeline. What is defined but used nowhere is
// checked and not started.
//
// start(): extensions, exporters, processors and connectors from the end of the data's way to its
// beginning, receivers; then ready() on all in the same order, but the extensions last, so that
// whoever asks an extension finds everything in place. stop() goes the other way round, receivers
// first. Both by one thread.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "config/node.h"
#include "pipeline/component.h"
#include "pipeline/service.h"

namespace kolben::pipeline {

class Graph {
 public:
  // Checks everything and builds; null where `errors` got something. Nothing runs yet. `types`
  // outlives the graph, `root` need not.
  static std::unique_ptr<Graph> build(const config::Node& root,
                                      std::span<const ComponentType> types, config::Errors& errors);
  ~Graph();
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  const ServiceSettings& service() const { return service_; }

  // On error everything that had started is stopped again.
  Status start(Host& host);
  void stop(Deadline deadline);

 private:
  friend class GraphBuilder;
  struct Running {
    Kind kind;
    std::string id;
    Component* component;
  };

  Graph() = default;
  Status start_one(const Running& running, Host& host);
  Status ready_all(Host& host);

  ServiceSettings service_;
  // Owners, in the order of destruction's reverse: what is pointed to comes first.
  std::vector<std::unique_ptr<Extension>> extensions_;
  std::vector<std::unique_ptr<Exporter>> exporters_;
  std::vector<std::unique_ptr<Consumer>> fan_outs_;
  std::vector<std::unique_ptr<Processor>> processors_;
  std::vector<std::unique_ptr<Connector>> connectors_;
  std::vector<std::unique_ptr<Receiver>> receivers_;
  std::vector<Running> start_order_;
  std::size_t started_ = 0;  // of start_order_
};

}  // namespace kolben::pipeline
