// OpenBatches: the batches of spans and of log records that fill, until they are full, or due. One
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "agent/process/exporter.h"
#include "agent/process/resources.h"
#include "agent/process/settings.h"
#include "agent/ring/record.h"
#include "base/arena.h"
#include "model/batch.h"

namespace kolben::agent {

// By signal; not owned, an exporter may serve several signals.
struct Exporters {
  std::vector<Exporter*> traces, metrics, logs;
};

inline constexpr std::string_view kAgentScope = "kolben.agent";

class OpenBatches {
 public:
  // All outlive it.
  OpenBatches(const Settings& settings, const Exporters& exporters, const Resources& resources)
      : settings_(settings), exporters_(exporters), resources_(resources) {}

  // Whose telemetry comes from here on.
  void set_resource(std::uint32_t number) { resource_ = number; }

  // A default span at the end of the batch, of the agent's scope or that one; keep_span() decides
  // whether it stays.
  Span& add_span(std::uint64_t now);
  Span& add_span(std::string_view scope, std::string_view version, std::uint64_t now);
  void keep_span(const Context& context);
  // The memory of what was not kept is the batch's: lets it go now and then.
  void trim_spans();
  // Of the spans' texts.
  Arena& span_arena() { return spans_.batch.arena(); }

  LogRecord& add_log(std::string_view scope, std::uint64_t now);
  Arena& log_arena() { return logs_.batch.arena(); }

  void export_due(std::uint64_t now);
  void export_all();

 private:
  // A batch that fills, and since when.
  struct Open {
    explicit Open(Signal signal) : batch(signal) {}
    Batch batch;
    std::uint32_t items = 0;
    std::uint64_t since = 0;
    // By the resource's number: its place in the batch, counted from 1; 0: it has none.
    std::array<std::uint8_t, Resources::kResourcesMax> places = {};
    static_assert(Resources::kResourcesMax <= 0xff);  // a place
  };
  template <typename T>
  std::uint32_t place_in(List<T>& owners, Open& open, std::uint64_t now);
  static void export_open(Open& open, const std::vector<Exporter*>& exporters);

  const Settings& settings_;
  const Exporters& exporters_;
  const Resources& resources_;
  std::uint32_t resource_ = 0;
  Open spans_{Signal::kTraces};
  std::uint32_t last_owner_ = 0, last_scope_ = 0;  // where add_span() put the last one
  Open logs_{Signal::kLogs};
};

}  // namespace kolben::agent
