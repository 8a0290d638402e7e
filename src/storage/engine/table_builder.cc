#include "storage/engine/table_builder.h"

#include <algorithm>
#include <map>

namespace kolben::storage::engine {
namespace {

// Null where a signal has no table yet.
std::unique_ptr<TableBuilder> make_builder(Signal signal, const RetentionClasses& classes) {
  switch (signal) {
    case Signal::kTraces:
      return make_span_builder(classes);
    case Signal::kLogs:
    case Signal::kMetrics:
      break;
  }
  return nullptr;
}

}  // namespace

Result<BuildOutcome> build_parts(const Requests& requests, const RetentionClasses& classes,
                                 PartTarget& target) {
  BuildOutcome outcome;
  std::map<Signal, std::unique_ptr<TableBuilder>> builders;
  Arrival arrival;
  for (const auto& request : requests) {
    arrival.first_received = std::min(arrival.first_received, request->received_unix_nano);
    arrival.last_received = std::max(arrival.last_received, request->received_unix_nano);
    arrival.last_sequence = std::max(arrival.last_sequence, request->sequence);
    if (request->items == 0) continue;
    const auto [known, is_new] = builders.try_emplace(request->signal);
    if (is_new) known->second = make_builder(request->signal, classes);
    if (known->second && !known->second->add(*request)) outcome.unreadable.push_back(request);
  }
  for (const auto& [signal, builder] : builders) {
    if (!builder) continue;
    KOLBEN_RETURN_IF_ERROR(builder->finish(arrival, target, outcome.parts));
    outcome.copies += builder->copies();
  }
  return outcome;
}

}  // namespace kolben::storage::engine
