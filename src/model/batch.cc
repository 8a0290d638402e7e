#include "model/batch.h"

#include <iterator>
#include <utility>

#include "base/check.h"
#include "model/clone.h"

namespace kolben {
namespace {

std::uint64_t count_items(const DecodedTraces& traces) {
  std::uint64_t items = 0;
  for (const ResourceSpans& resource : traces.resources) {
    for (const ScopeSpans& scope : resource.scopes) items += scope.spans.size();
  }
  return items;
}

std::uint64_t count_items(const DecodedMetrics& metrics) {
  std::uint64_t items = 0;
  for (const ResourceMetrics& resource : metrics.resources) {
    for (const ScopeMetrics& scope : resource.scopes) {
      for (const Metric& metric : scope.metrics) items += metric.point_count();
    }
  }
  return items;
}

std::uint64_t count_items(const DecodedLogs& logs) {
  std::uint64_t items = 0;
  for (const ResourceLogs& resource : logs.resources) {
    for (const ScopeLogs& scope : resource.scopes) items += scope.records.size();
  }
  return items;
}

template <typename Decoded>
Decoded clone_decoded(const Decoded& decoded, Arena& arena) {
  Decoded copy;
  copy.resources.reserve(arena, decoded.resources.size());
  for (const auto& resource : decoded.resources) {
    copy.resources.push_back(arena, clone(resource, arena));
  }
  return copy;
}

}  // namespace

std::string_view to_string(Signal signal) {
  switch (signal) {
    case Signal::kTraces:
      return "traces";
    case Signal::kMetrics:
      return "metrics";
    case Signal::kLogs:
      return "logs";
  }
  return "unknown";
}

std::string_view items_name(Signal signal) {
  switch (signal) {
    case Signal::kTraces:
      return "spans";
    case Signal::kMetrics:
      return "metric_points";
    case Signal::kLogs:
      return "log_records";
  }
  return "items";
}

Batch::Batch(Signal signal) : signal_(signal) {
  begin_decoded();
}

Batch Batch::from_wire(Signal signal, std::vector<WirePiece> pieces, std::uint64_t items) {
  Batch batch(signal);
  batch.become_wire(std::move(pieces), items);
  return batch;
}

Batch Batch::clone() const {
  Batch copy(signal_);
  if (is_wire()) {
    copy.become_wire(pieces_, items_);
    return copy;
  }
  copy.items_ = items_;
  std::visit([&](const auto& decoded) { copy.decoded_ = clone_decoded(decoded, copy.arena_); },
             *decoded_);
  return copy;
}

std::uint64_t Batch::bytes() const {
  std::uint64_t bytes = arena_.reserved_bytes();
  for (const WirePiece& piece : pieces_) bytes += piece.message.size();
  return bytes;
}

void Batch::append_wire(Batch&& other) {
  KOLBEN_CHECK(is_wire() && other.is_wire() && signal_ == other.signal_);
  pieces_.insert(pieces_.end(), std::make_move_iterator(other.pieces_.begin()),
                 std::make_move_iterator(other.pieces_.end()));
  items_ += std::exchange(other.items_, 0);
  other.pieces_.clear();
}

DecodedTraces& Batch::traces() {
  return const_cast<DecodedTraces&>(std::as_const(*this).traces());
}

const DecodedTraces& Batch::traces() const {
  KOLBEN_CHECK(!is_wire() && signal_ == Signal::kTraces);
  return *std::get_if<DecodedTraces>(&*decoded_);
}

DecodedMetrics& Batch::metrics() {
  return const_cast<DecodedMetrics&>(std::as_const(*this).metrics());
}

const DecodedMetrics& Batch::metrics() const {
  KOLBEN_CHECK(!is_wire() && signal_ == Signal::kMetrics);
  return *std::get_if<DecodedMetrics>(&*decoded_);
}

DecodedLogs& Batch::logs() {
  return const_cast<DecodedLogs&>(std::as_const(*this).logs());
}

const DecodedLogs& Batch::logs() const {
  KOLBEN_CHECK(!is_wire() && signal_ == Signal::kLogs);
  return *std::get_if<DecodedLogs>(&*decoded_);
}

void Batch::begin_decoded() {
  switch (signal_) {
    case Signal::kTraces:
      decoded_ = DecodedTraces{};
      return;
    case Signal::kMetrics:
      decoded_ = DecodedMetrics{};
      return;
    case Signal::kLogs:
      decoded_ = DecodedLogs{};
      return;
  }
}

void Batch::recount() {
  KOLBEN_CHECK(!is_wire());
  items_ = std::visit([](const auto& decoded) { return count_items(decoded); }, *decoded_);
}

void Batch::become_wire(std::vector<WirePiece> pieces, std::uint64_t items) {
  decoded_.reset();
  arena_ = Arena();
  pieces_ = std::move(pieces);
  items_ = items;
}

}  // namespace kolben
