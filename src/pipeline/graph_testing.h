// The components that the tests of the graph build theirs from, and what these noted. Names of
// types: in, rename, pass, out_new (alias out), metrics_only, pass_on, count, door.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/yaml.h"
#include "otlp/decode.h"
#include "pipeline/graph.h"
#include "pipeline/testing/collecting_consumer.h"
#include "pipeline/testing/fake_host.h"

namespace kolben::pipeline::testing {

// What the factories made last, by id, and what was called in which order. One test at a time.
struct World {
  std::vector<std::string> calls;
  std::map<std::string, Outputs> receivers;
  std::map<std::string, CollectingConsumer*> exporters;
  int processors = 0;
  std::string failing_start;
};
inline World* world = nullptr;

template <typename Base>
class Noting : public Base {
 public:
  explicit Noting(std::string id) : id_(std::move(id)) {}
  Status start(Host&) override {
    if (world->failing_start == id_) return unavailable("port 1 is taken");
    world->calls.push_back("start " + id_);
    return Status::ok();
  }
  Status ready(Host&) override {
    world->calls.push_back("ready " + id_);
    return Status::ok();
  }
  void stop(Deadline) override { world->calls.push_back("stop " + id_); }

 private:
  const std::string id_;
};

using FakeReceiver = Noting<Receiver>;
using FakeExtension = Noting<Extension>;

class FakeExporter final : public Noting<Exporter> {
 public:
  explicit FakeExporter(const std::string& id) : Noting(id) { world->exporters[id] = &end_; }
  Status consume(Delivery&& delivery) override { return end_.consume(std::move(delivery)); }

 private:
  CollectingConsumer end_;
};

// Empties the names of spans; as a second kind passes on what comes.
class FakeProcessor final : public Noting<Processor> {
 public:
  FakeProcessor(const std::string& id, Outputs outputs, bool mutates)
      : Noting(id), outputs_(outputs), mutates_(mutates) {
    ++world->processors;
  }
  bool mutates() const override { return mutates_; }
  Status consume(Delivery&& delivery) override {
    const Signal signal = delivery.batch.signal();
    if (mutates_ && signal == Signal::kTraces) {
      KOLBEN_RETURN_IF_ERROR(otlp::decode(delivery.batch));
      for (ResourceSpans& resource : delivery.batch.traces().resources) {
        for (ScopeSpans& scope : resource.scopes) {
          for (Span& span : scope.spans) span.name = "changed";
        }
      }
    }
    return outputs_.of(signal)->consume(std::move(delivery));
  }

 private:
  const Outputs outputs_;
  const bool mutates_;
};

// Passes on what comes, as what its outputs take.
class FakeConnector final : public Noting<Connector> {
 public:
  FakeConnector(const std::string& id, Outputs outputs) : Noting(id), outputs_(outputs) {}
  Status consume(Delivery&& delivery) override {
    return outputs_.of(delivery.batch.signal())->consume(std::move(delivery));
  }

 private:
  const Outputs outputs_;
};

inline std::unique_ptr<Receiver> create_receiver(CreateContext& context) {
  world->receivers[context.id] = context.outputs;
  return std::make_unique<FakeReceiver>(context.id);
}
inline std::unique_ptr<Processor> create_rename(CreateContext& context) {
  return std::make_unique<FakeProcessor>(context.id, context.outputs, true);
}
inline std::unique_ptr<Processor> create_pass(CreateContext& context) {
  return std::make_unique<FakeProcessor>(context.id, context.outputs, false);
}
inline std::unique_ptr<Exporter> create_exporter(CreateContext& context) {
  if (context.config.find("bad") != nullptr) {
    context.errors.add(context.config.location_of("bad"), "exporters::" + context.id + ": bad");
    return nullptr;
  }
  return std::make_unique<FakeExporter>(context.id);
}
inline std::unique_ptr<Connector> create_connector(CreateContext& context) {
  return std::make_unique<FakeConnector>(context.id, context.outputs);
}
inline std::unique_ptr<Extension> create_extension(CreateContext& context) {
  return std::make_unique<FakeExtension>(context.id);
}

inline constexpr Conversion kPassing[] = {{Signal::kTraces, Signal::kTraces},
                                          {Signal::kLogs, Signal::kLogs}};
inline constexpr Conversion kCounting[] = {{Signal::kTraces, Signal::kMetrics}};

inline const ComponentType kTypes[] = {
    {.kind = Kind::kReceiver, .type = "in", .alias = "", .create_receiver = create_receiver},
    {.kind = Kind::kProcessor, .type = "rename", .alias = "", .create_processor = create_rename},
    {.kind = Kind::kProcessor, .type = "pass", .alias = "", .create_processor = create_pass},
    {.kind = Kind::kExporter,
     .type = "out_new",
     .alias = "out",
     .create_exporter = create_exporter},
    {.kind = Kind::kExporter,
     .type = "metrics_only",
     .alias = "",
     .create_exporter = create_exporter,
     .traces = false,
     .logs = false},
    {.kind = Kind::kConnector,
     .type = "pass_on",
     .alias = "",
     .create_connector = create_connector,
     .conversions = kPassing},
    {.kind = Kind::kConnector,
     .type = "count",
     .alias = "",
     .create_connector = create_connector,
     .conversions = kCounting},
    {.kind = Kind::kExtension, .type = "door", .alias = "", .create_extension = create_extension},
};

class GraphTest : public ::testing::Test {
 protected:
  void SetUp() override { world = &world_; }
  void TearDown() override { world = nullptr; }

  std::unique_ptr<Graph> build(std::string_view yaml) {
    const config::Node root = config::parse_yaml(yaml, "k.yaml", errors_);
    return Graph::build(root, kTypes, errors_);
  }
  std::string errors_of(std::string_view yaml) {
    EXPECT_EQ(build(yaml), nullptr);
    return errors_.to_string();
  }

  World world_;
  config::Errors errors_;
  FakeHost host_;
};

inline Batch one_span(std::string_view name) {
  Batch batch(Signal::kTraces);
  Span& span = batch.traces()
                   .resources.add(batch.arena())
                   .scopes.add(batch.arena())
                   .spans.add(batch.arena());
  span.name = name;
  span.trace_id.bytes[0] = 1;
  span.span_id.bytes[0] = 1;
  batch.recount();
  return batch;
}

inline std::string name_in(CollectingConsumer& consumer) {
  std::vector<Batch> batches = consumer.take();
  if (batches.size() != 1) return std::to_string(batches.size()) + " batches";
  if (!otlp::decode(batches[0]).is_ok()) return "undecodable";
  return std::string(batches[0].traces().resources[0].scopes[0].spans[0].name);
}

}  // namespace kolben::pipeline::testing
