// The contract of every receiver, processor, exporter, connector and extension.
//
// Data moves by push. A receiver makes a Delivery (a batch and its receipt) and hands it to the
// next consumer; each consumer hands it on, until an exporter takes the responsibility and resolves
// the receipt. There is no pull, no thread between components unless a component has a queue of its
// own.
//
// consume(delivery)
//   - OK: the delivery was taken. Its receipt will be resolved exactly once, perhaps already was.
//   - error: nothing was taken; the delivery is as it was, and still the caller's. The code says
//     whether trying again can help (Status::is_retryable); RESOURCE_EXHAUSTED with a delay is
//     back-pressure.
//   - may be called by many threads at once.
//   - must not wait for the network or the disk. A consumer that needs time takes the delivery into
//     a bounded queue and refuses when it is full.
//   - may change the batch if mutates() is true. Only then does a fan-out make it a copy.
//   - must keep no reference into a batch that it has handed on.
//
// Life: construction (from checked configuration, no side effects) -> start() once -> consume()...
// -> stop() once. The graph starts exporters first and receivers last, and stops in the reverse
// order: when stop() is called on a consumer, nobody calls consume() any more. stop(deadline)
// finishes what was taken, or resolves it with an error when the deadline comes; then all threads
// of the component have ended.
//
// One instance serves all signals of its pipelines, except processors: each pipeline has its own.
//
// A connector is an exporter of some pipelines and a receiver of others: what the first give it, in
// whatever form, it hands to the second. It is one consumer among others to those before it, and
// answers for its data as a processor does: the receipt goes on with what comes of the data.
//
// Time, logs, metrics and other components come from the Host, never from globals.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <typeindex>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/node.h"
#include "model/batch.h"
#include "pipeline/health.h"
#include "pipeline/receipt.h"
#include "pipeline/telemetry.h"

namespace kolben::pipeline {

struct Delivery {
  Batch batch;
  Receipt receipt;
};

class Consumer {
 public:
  virtual ~Consumer() = default;
  [[nodiscard]] virtual Status consume(Delivery&& delivery) = 0;
  // Whether consume() changes batches. Constant.
  virtual bool mutates() const { return false; }
};

// A port that a component has bound, as it appears in the ports file and the log.
struct BoundPort {
  std::string name;  // "otlp/grpc"
  std::string host;
  std::uint16_t port = 0;
};

// What a component may ask of the program that runs it. Outlives every component; any thread.
class Host {
 public:
  virtual ~Host() = default;
  virtual const Clock& clock() const = 0;
  // The program's own metrics, served on service.telemetry.metrics.address.
  virtual TelemetryRegistry& telemetry() = 0;
  // Where components say that they run and cannot do their work.
  virtual HealthRegistry& health() = 0;
  // True once every component has started and is ready.
  virtual bool is_ready() const = 0;
  // Called by components in start() or ready(), for each listener.
  virtual void report_port(BoundPort port) = 0;
  virtual std::vector<BoundPort> ports() const = 0;
  // The effective configuration, as YAML with secrets masked.
  virtual std::string effective_config() const = 0;

  // Things that one component offers others, by type and by the id of the component that offers:
  // the exporter `store` provides storage::Store, the extension `query` asks for it in ready().
  template <typename T>
  void provide(std::string_view component_id, T* service) {
    provide_service(typeid(T), component_id, service);
  }
  // Null where nobody provides it. An empty id takes the only one there is.
  template <typename T>
  T* find(std::string_view component_id = {}) {
    return static_cast<T*>(find_service(typeid(T), component_id));
  }

 protected:
  virtual void provide_service(std::type_index type, std::string_view component_id,
                               void* service) = 0;
  virtual void* find_service(std::type_index type, std::string_view component_id) = 0;
};

using Deadline = std::chrono::steady_clock::time_point;

class Component {
 public:
  virtual ~Component() = default;
  // Binds ports, opens files, starts threads. An error ends the program's start, with this text.
  virtual Status start(Host& host) = 0;
  // Called once on each component after all have started.
  virtual Status ready(Host&) { return Status::ok(); }
  virtual void stop(Deadline deadline) = 0;
};

class Receiver : public Component {};
class Processor : public Component, public Consumer {};
class Exporter : public Component, public Consumer {};
class Connector : public Component, public Consumer {};
class Extension : public Component {};

enum class Kind : std::uint8_t { kReceiver, kProcessor, kExporter, kConnector, kExtension };

std::string_view to_string(Kind kind);  // "receiver"

// The consumers that a receiver, a processor or a connector feeds; null where no pipeline of that
// signal wants the data. They outlive the component.
struct Outputs {
  Consumer* traces = nullptr;
  Consumer* metrics = nullptr;
  Consumer* logs = nullptr;

  Consumer* of(Signal signal) const;
};

// What a factory gets. `config` is the component's own map (an empty map where the file says none);
// a factory reports every mistake in it to `errors` (with its place) and may then return null.
struct CreateContext {
  std::string id;  // "otlp/elastic"
  const config::Node& config;
  config::Errors& errors;
  Outputs outputs;  // of receivers, processors and connectors
};

using CreateReceiver = std::unique_ptr<Receiver> (*)(CreateContext&);
using CreateProcessor = std::unique_ptr<Processor> (*)(CreateContext&);
using CreateExporter = std::unique_ptr<Exporter> (*)(CreateContext&);
using CreateConnector = std::unique_ptr<Connector> (*)(CreateContext&);
using CreateExtension = std::unique_ptr<Extension> (*)(CreateContext&);

// What a connector makes of what: {traces, metrics} counts spans, {logs, logs} passes logs on.
struct Conversion {
  Signal from;
  Signal to;
};

// One line of app/components.cc. Exactly the factory of `kind` is set.
struct ComponentType {
  Kind kind;
  std::string_view type;   // "otlp_grpc"
  std::string_view alias;  // an older spelling that is still understood, or empty
  CreateReceiver create_receiver = nullptr;
  CreateProcessor create_processor = nullptr;
  CreateExporter create_exporter = nullptr;
  CreateConnector create_connector = nullptr;
  CreateExtension create_extension = nullptr;
  // Signals that it handles; of connectors, `conversions` says it.
  bool traces = true;
  bool metrics = true;
  bool logs = true;
  std::span<const Conversion> conversions = {};

  bool handles(Signal signal) const;
  bool converts(Signal from, Signal to) const;
};

}  // namespace kolben::pipeline
