#include "pipeline/graph.h"

#include <chrono>
#include <utility>

#include "base/descriptors.h"

namespace kolben::pipeline {
namespace {

// When the start fails, those that run already have nothing that is worth a longer wait.
constexpr auto kStopAfterFailureMax = std::chrono::seconds(5);

// What starting a component takes: an OTLP receiver with both of its servers some ten.
constexpr std::size_t kDescriptorsOfStart = 16;

}  // namespace

Graph::~Graph() {
  if (started_ > 0) stop(std::chrono::steady_clock::now());
  // Receivers point to processors and connectors, these to fan-outs, these to exporters.
  receivers_.clear();
  connectors_.clear();
  processors_.clear();
  fan_outs_.clear();
  exporters_.clear();
}

Status Graph::start(Host& host) {
  Status status;
  for (const Running& running : start_order_) {
    status = start_one(running, host);
    if (!status.is_ok()) break;
    ++started_;
  }
  if (status.is_ok()) status = ready_all(host);
  if (!status.is_ok()) stop(std::chrono::steady_clock::now() + kStopAfterFailureMax);
  return status;
}

Status Graph::start_one(const Running& running, Host& host) {
  Status status = descriptors_left(kDescriptorsOfStart);
  if (status.is_ok()) status = running.component->start(host);
  if (status.is_ok()) return status;
  return std::move(status).with_context("failed to start \"" + running.id + "\" " +
                                        std::string(to_string(running.kind)));
}

Status Graph::ready_all(Host& host) {
  for (const bool is_extensions_turn : {false, true}) {
    for (const Running& running : start_order_) {
      if ((running.kind == Kind::kExtension) != is_extensions_turn) continue;
      Status status = running.component->ready(host);
      if (status.is_ok()) continue;
      return std::move(status).with_context("failed to start \"" + running.id + "\" " +
                                            std::string(to_string(running.kind)));
    }
  }
  return Status::ok();
}

void Graph::stop(Deadline deadline) {
  while (started_ > 0) start_order_[--started_].component->stop(deadline);
}

}  // namespace kolben::pipeline
