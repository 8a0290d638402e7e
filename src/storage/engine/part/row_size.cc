#include "storage/engine/part/row_size.h"

namespace kolben::storage::part {
namespace {

// A number; what stands around an element of an array or map.
constexpr std::uint64_t kNumberBytes = 8;
constexpr std::uint64_t kElementBytes = 4;

// Values are not deeper than kValueDepthMax.
std::uint64_t bytes_of(const Value& value) {
  std::uint64_t bytes = 0;
  switch (value.type()) {
    case ValueType::kString:
      return value.as_string().size();
    case ValueType::kBytes:
      return value.as_bytes().size();
    case ValueType::kArray:
      for (const Value& element : value.as_array()) bytes += kElementBytes + bytes_of(element);
      return bytes;
    case ValueType::kKvlist:
      for (const KeyValue& entry : value.as_kvlist()) {
        bytes += kElementBytes + entry.key.size() + bytes_of(entry.value);
      }
      return bytes;
    default:
      return kNumberBytes;
  }
}

RowSize size_of(const Attributes& attributes) {
  RowSize size{.items = attributes.size()};
  for (const KeyValue& attribute : attributes) {
    size.bytes += attribute.key.size() + bytes_of(attribute.value);
  }
  return size;
}

RowSize size_of(const List<Exemplar>& exemplars) {
  RowSize size{.items = exemplars.size()};
  for (const Exemplar& exemplar : exemplars) size += size_of(exemplar.filtered_attributes);
  return size;
}

}  // namespace

RowSize size_of(const Span& span) {
  RowSize size = size_of(span.attributes);
  size.bytes += span.name.size() + span.status_message.size() + span.trace_state.size();
  size.items += std::uint64_t{span.events.size()} + span.links.size();
  for (const SpanEvent& event : span.events) {
    size += size_of(event.attributes);
    size.bytes += event.name.size();
  }
  for (const SpanLink& link : span.links) {
    size += size_of(link.attributes);
    size.bytes += link.trace_state.size();
  }
  return size;
}

RowSize size_of(const LogRecord& record) {
  RowSize size = size_of(record.attributes);
  size.bytes += bytes_of(record.body) + record.severity_text.size() + record.event_name.size();
  return size;
}

RowSize size_of(const NumberPoint& point) {
  return size_of(point.exemplars);
}

RowSize size_of(const HistogramPoint& point) {
  RowSize size = size_of(point.exemplars);
  size.bytes += point.explicit_bounds.size() * kNumberBytes;
  size.items += point.bucket_counts.size();
  return size;
}

RowSize size_of(const ExponentialHistogramPoint& point) {
  RowSize size = size_of(point.exemplars);
  size.items +=
      std::uint64_t{point.positive.bucket_counts.size()} + point.negative.bucket_counts.size();
  return size;
}

RowSize size_of(const SummaryPoint& point) {
  return {.bytes = point.quantile_values.size() * kNumberBytes,
          .items = point.quantile_values.size()};
}

}  // namespace kolben::storage::part
