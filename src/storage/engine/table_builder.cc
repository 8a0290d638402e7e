#include "storage/engine/table_builder.h"

#include <algorithm>
#include <map>

#include "otlp/decode.h"
#include "storage/engine/part/cursor.h"

namespace kolben::storage::engine {
namespace {

std::unique_ptr<TableBuilder> make_builder(Signal signal, const RetentionClasses& classes,
                                           PartTarget& target) {
  switch (signal) {
    case Signal::kTraces:
      return make_span_builder(classes, target);
    case Signal::kLogs:
      return make_log_builder(target);
    case Signal::kMetrics:
      return make_point_builder(target);
  }
  return nullptr;
}

}  // namespace

Result<Batch> decode_request(const Request& request) {
  std::vector<WirePiece> pieces(1);
  pieces.front().message = request.body;
  Batch batch = Batch::from_wire(request.signal, std::move(pieces), request.items);
  KOLBEN_RETURN_IF_ERROR(otlp::decode(batch));
  return batch;
}

void note_arrival(part::PartFacts& facts, const Arrival& arrival) {
  facts.first_received = arrival.first_received;
  facts.last_received = arrival.last_received;
  facts.last_sequence = arrival.last_sequence;
}

std::string encode_fingerprints(const std::vector<std::uint64_t>& fingerprints) {
  std::string bytes;
  for (const std::uint64_t fingerprint : fingerprints) part::put_fixed(bytes, fingerprint);
  return bytes;
}

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
    if (is_new) known->second = make_builder(request->signal, classes, target);
    const Status added = known->second->add(*request);
    if (added.code() == StatusCode::kInvalidArgument) {
      outcome.unreadable.push_back(request);
    } else if (!added) {
      return added;
    }
  }
  for (const auto& [signal, builder] : builders) {
    KOLBEN_RETURN_IF_ERROR(builder->finish(arrival, outcome.parts));
    outcome.copies += builder->copies();
  }
  return outcome;
}

}  // namespace kolben::storage::engine
