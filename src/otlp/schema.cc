#include "otlp/schema.h"

#include "wire/protobuf_reader.h"

namespace kolben::otlp {
namespace {

// Messages that hold one another have to be known by name before they are built.
extern const MessageType kAnyValue;
extern const MessageType kKeyValue;

constexpr Field scalar(std::uint8_t number, FieldKind kind, std::string_view name) {
  return {number, kind, false, name};
}
constexpr Field repeated(std::uint8_t number, FieldKind kind, std::string_view name) {
  return {number, kind, true, name};
}
constexpr Field enumeration(std::uint8_t number, const EnumType& type, std::string_view name) {
  return {number, FieldKind::kEnum, false, name, nullptr, &type};
}
constexpr Field one(std::uint8_t number, const MessageType& type, std::string_view name) {
  return {number, FieldKind::kMessage, false, name, &type};
}
constexpr Field many(std::uint8_t number, const MessageType& type, std::string_view name) {
  return {number, FieldKind::kMessage, true, name, &type};
}
constexpr Field attributes(std::uint8_t number, std::string_view name) {
  return {number, FieldKind::kMessage, true, name, &kKeyValue, nullptr, true};
}

constexpr wire::WireType wire_type_of(FieldKind kind) {
  switch (kind) {
    case FieldKind::kBool:
    case FieldKind::kInt64:
    case FieldKind::kUint32:
    case FieldKind::kUint64:
    case FieldKind::kSint32:
    case FieldKind::kEnum:
      return wire::WireType::kVarint;
    case FieldKind::kFixed32:
      return wire::WireType::kFixed32;
    case FieldKind::kFixed64:
    case FieldKind::kSfixed64:
    case FieldKind::kDouble:
      return wire::WireType::kFixed64;
    default:
      return wire::WireType::kBytes;
  }
}

// What a field of this wire type asks for if nothing else is known about it.
constexpr Action plain_action(std::uint32_t wire_type) {
  switch (static_cast<wire::WireType>(wire_type)) {
    case wire::WireType::kVarint:
      return Action::kVarint;
    case wire::WireType::kFixed64:
      return Action::kFixed64;
    case wire::WireType::kBytes:
      return Action::kBytes;
    case wire::WireType::kFixed32:
      return Action::kFixed32;
    default:
      return Action::kRefuse;
  }
}

constexpr Action known_action(const Field& field, std::uint32_t wire_type) {
  const wire::WireType own = wire_type_of(field.kind);
  const auto given = static_cast<wire::WireType>(wire_type);
  if (given == own) {
    switch (field.kind) {
      case FieldKind::kTraceId:
        return Action::kTraceId;
      case FieldKind::kSpanId:
        return Action::kSpanId;
      case FieldKind::kMessage:
        return field.is_attribute ? Action::kAttribute : Action::kMessage;
      default:
        return plain_action(wire_type);
    }
  }
  // Repeated numbers come packed or not, whatever the .proto says.
  if (field.is_repeated && given == wire::WireType::kBytes) {
    return own == wire::WireType::kFixed64 ? Action::kPackedFixed64 : Action::kPackedVarint;
  }
  return Action::kRefuse;
}

constexpr MessageType make(std::string_view name, std::span<const Field> fields,
                           Role role = Role::kNone) {
  MessageType type{name, role, fields};
  for (std::uint32_t tag = 0; tag < type.actions.size(); ++tag) {
    type.actions[tag] = tag < 8 ? Action::kRefuse : plain_action(tag & 7);
    for (const Field& field : fields) {
      if (field.number == tag >> 3) type.actions[tag] = known_action(field, tag & 7);
    }
  }
  return type;
}

// common.proto

constexpr Field kArrayValueFields[] = {many(1, kAnyValue, "values")};
constexpr MessageType kArrayValue = make("ArrayValue", kArrayValueFields, Role::kNesting);

constexpr Field kKeyValueListFields[] = {attributes(1, "values")};
constexpr MessageType kKeyValueList = make("KeyValueList", kKeyValueListFields, Role::kNesting);

constexpr Field kAnyValueFields[] = {
    scalar(1, FieldKind::kString, "stringValue"),
    scalar(2, FieldKind::kBool, "boolValue"),
    scalar(3, FieldKind::kInt64, "intValue"),
    scalar(4, FieldKind::kDouble, "doubleValue"),
    one(5, kArrayValue, "arrayValue"),
    one(6, kKeyValueList, "kvlistValue"),
    scalar(7, FieldKind::kBytes, "bytesValue"),
};
constexpr MessageType kAnyValue = make("AnyValue", kAnyValueFields);

constexpr Field kKeyValueFields[] = {scalar(1, FieldKind::kString, "key"),
                                     one(2, kAnyValue, "value")};
constexpr MessageType kKeyValue = make("KeyValue", kKeyValueFields);

constexpr Field kScopeFields[] = {
    scalar(1, FieldKind::kString, "name"),
    scalar(2, FieldKind::kString, "version"),
    attributes(3, "attributes"),
    scalar(4, FieldKind::kUint32, "droppedAttributesCount"),
};
constexpr MessageType kScope = make("InstrumentationScope", kScopeFields);

constexpr Field kEntityRefFields[] = {
    scalar(1, FieldKind::kString, "schemaUrl"),
    scalar(2, FieldKind::kString, "type"),
    repeated(3, FieldKind::kString, "idKeys"),
    repeated(4, FieldKind::kString, "descriptionKeys"),
};
constexpr MessageType kEntityRef = make("EntityRef", kEntityRefFields);

// resource.proto

constexpr Field kResourceFields[] = {
    attributes(1, "attributes"),
    scalar(2, FieldKind::kUint32, "droppedAttributesCount"),
    many(3, kEntityRef, "entityRefs"),
};
constexpr MessageType kResource = make("Resource", kResourceFields);

// trace.proto

constexpr Field kEventFields[] = {
    scalar(1, FieldKind::kFixed64, "timeUnixNano"),
    scalar(2, FieldKind::kString, "name"),
    attributes(3, "attributes"),
    scalar(4, FieldKind::kUint32, "droppedAttributesCount"),
};
constexpr MessageType kEvent = make("Event", kEventFields);

constexpr Field kLinkFields[] = {
    scalar(1, FieldKind::kTraceId, "traceId"),
    scalar(2, FieldKind::kSpanId, "spanId"),
    scalar(3, FieldKind::kString, "traceState"),
    attributes(4, "attributes"),
    scalar(5, FieldKind::kUint32, "droppedAttributesCount"),
    scalar(6, FieldKind::kFixed32, "flags"),
};
constexpr MessageType kLink = make("Link", kLinkFields);

constexpr std::string_view kStatusCodeNames[] = {"UNSET", "OK", "ERROR"};
constexpr EnumType kStatusCode = {"STATUS_CODE_", kStatusCodeNames};
constexpr Field kStatusFields[] = {
    scalar(2, FieldKind::kString, "message"),
    enumeration(3, kStatusCode, "code"),
};
constexpr MessageType kStatus = make("Status", kStatusFields);

constexpr std::string_view kSpanKindNames[] = {"UNSPECIFIED", "INTERNAL", "SERVER",
                                               "CLIENT",      "PRODUCER", "CONSUMER"};
constexpr EnumType kSpanKind = {"SPAN_KIND_", kSpanKindNames};
constexpr Field kSpanFields[] = {
    scalar(1, FieldKind::kTraceId, "traceId"),
    scalar(2, FieldKind::kSpanId, "spanId"),
    scalar(3, FieldKind::kString, "traceState"),
    scalar(4, FieldKind::kSpanId, "parentSpanId"),
    scalar(5, FieldKind::kString, "name"),
    enumeration(6, kSpanKind, "kind"),
    scalar(7, FieldKind::kFixed64, "startTimeUnixNano"),
    scalar(8, FieldKind::kFixed64, "endTimeUnixNano"),
    attributes(9, "attributes"),
    scalar(10, FieldKind::kUint32, "droppedAttributesCount"),
    many(11, kEvent, "events"),
    scalar(12, FieldKind::kUint32, "droppedEventsCount"),
    many(13, kLink, "links"),
    scalar(14, FieldKind::kUint32, "droppedLinksCount"),
    one(15, kStatus, "status"),
    scalar(16, FieldKind::kFixed32, "flags"),
};
constexpr MessageType kSpan = make("Span", kSpanFields, Role::kItem);

constexpr Field kScopeSpansFields[] = {
    one(1, kScope, "scope"),
    many(2, kSpan, "spans"),
    scalar(3, FieldKind::kString, "schemaUrl"),
};
constexpr MessageType kScopeSpans = make("ScopeSpans", kScopeSpansFields);

constexpr Field kResourceSpansFields[] = {
    one(1, kResource, "resource"),
    many(2, kScopeSpans, "scopeSpans"),
    scalar(3, FieldKind::kString, "schemaUrl"),
};
constexpr MessageType kResourceSpans = make("ResourceSpans", kResourceSpansFields);

constexpr Field kTracesRequestFields[] = {many(1, kResourceSpans, "resourceSpans")};
constexpr MessageType kTracesRequest = make("ExportTraceServiceRequest", kTracesRequestFields);

// metrics.proto

constexpr Field kExemplarFields[] = {
    scalar(2, FieldKind::kFixed64, "timeUnixNano"), scalar(3, FieldKind::kDouble, "asDouble"),
    scalar(4, FieldKind::kSpanId, "spanId"),        scalar(5, FieldKind::kTraceId, "traceId"),
    scalar(6, FieldKind::kSfixed64, "asInt"),       attributes(7, "filteredAttributes"),
};
constexpr MessageType kExemplar = make("Exemplar", kExemplarFields);

constexpr Field kNumberPointFields[] = {
    scalar(2, FieldKind::kFixed64, "startTimeUnixNano"),
    scalar(3, FieldKind::kFixed64, "timeUnixNano"),
    scalar(4, FieldKind::kDouble, "asDouble"),
    many(5, kExemplar, "exemplars"),
    scalar(6, FieldKind::kSfixed64, "asInt"),
    attributes(7, "attributes"),
    scalar(8, FieldKind::kUint32, "flags"),
};
constexpr MessageType kNumberPoint = make("NumberDataPoint", kNumberPointFields, Role::kItem);

constexpr Field kHistogramPointFields[] = {
    scalar(2, FieldKind::kFixed64, "startTimeUnixNano"),
    scalar(3, FieldKind::kFixed64, "timeUnixNano"),
    scalar(4, FieldKind::kFixed64, "count"),
    scalar(5, FieldKind::kDouble, "sum"),
    repeated(6, FieldKind::kFixed64, "bucketCounts"),
    repeated(7, FieldKind::kDouble, "explicitBounds"),
    many(8, kExemplar, "exemplars"),
    attributes(9, "attributes"),
    scalar(10, FieldKind::kUint32, "flags"),
    scalar(11, FieldKind::kDouble, "min"),
    scalar(12, FieldKind::kDouble, "max"),
};
constexpr MessageType kHistogramPoint =
    make("HistogramDataPoint", kHistogramPointFields, Role::kItem);

constexpr Field kBucketsFields[] = {
    scalar(1, FieldKind::kSint32, "offset"),
    repeated(2, FieldKind::kUint64, "bucketCounts"),
};
constexpr MessageType kBuckets = make("Buckets", kBucketsFields);

constexpr Field kExponentialHistogramPointFields[] = {
    attributes(1, "attributes"),
    scalar(2, FieldKind::kFixed64, "startTimeUnixNano"),
    scalar(3, FieldKind::kFixed64, "timeUnixNano"),
    scalar(4, FieldKind::kFixed64, "count"),
    scalar(5, FieldKind::kDouble, "sum"),
    scalar(6, FieldKind::kSint32, "scale"),
    scalar(7, FieldKind::kFixed64, "zeroCount"),
    one(8, kBuckets, "positive"),
    one(9, kBuckets, "negative"),
    scalar(10, FieldKind::kUint32, "flags"),
    many(11, kExemplar, "exemplars"),
    scalar(12, FieldKind::kDouble, "min"),
    scalar(13, FieldKind::kDouble, "max"),
    scalar(14, FieldKind::kDouble, "zeroThreshold"),
};
constexpr MessageType kExponentialHistogramPoint =
    make("ExponentialHistogramDataPoint", kExponentialHistogramPointFields, Role::kItem);

constexpr Field kQuantileFields[] = {
    scalar(1, FieldKind::kDouble, "quantile"),
    scalar(2, FieldKind::kDouble, "value"),
};
constexpr MessageType kQuantile = make("ValueAtQuantile", kQuantileFields);

constexpr Field kSummaryPointFields[] = {
    scalar(2, FieldKind::kFixed64, "startTimeUnixNano"),
    scalar(3, FieldKind::kFixed64, "timeUnixNano"),
    scalar(4, FieldKind::kFixed64, "count"),
    scalar(5, FieldKind::kDouble, "sum"),
    many(6, kQuantile, "quantileValues"),
    attributes(7, "attributes"),
    scalar(8, FieldKind::kUint32, "flags"),
};
constexpr MessageType kSummaryPoint = make("SummaryDataPoint", kSummaryPointFields, Role::kItem);

constexpr std::string_view kTemporalityNames[] = {"UNSPECIFIED", "DELTA", "CUMULATIVE"};
constexpr EnumType kTemporality = {"AGGREGATION_TEMPORALITY_", kTemporalityNames};

constexpr Field kGaugeFields[] = {many(1, kNumberPoint, "dataPoints")};
constexpr MessageType kGauge = make("Gauge", kGaugeFields, Role::kData);

constexpr Field kSumFields[] = {
    many(1, kNumberPoint, "dataPoints"),
    enumeration(2, kTemporality, "aggregationTemporality"),
    scalar(3, FieldKind::kBool, "isMonotonic"),
};
constexpr MessageType kSum = make("Sum", kSumFields, Role::kData);

constexpr Field kHistogramFields[] = {
    many(1, kHistogramPoint, "dataPoints"),
    enumeration(2, kTemporality, "aggregationTemporality"),
};
constexpr MessageType kHistogram = make("Histogram", kHistogramFields, Role::kData);

constexpr Field kExponentialHistogramFields[] = {
    many(1, kExponentialHistogramPoint, "dataPoints"),
    enumeration(2, kTemporality, "aggregationTemporality"),
};
constexpr MessageType kExponentialHistogram =
    make("ExponentialHistogram", kExponentialHistogramFields, Role::kData);

constexpr Field kSummaryFields[] = {many(1, kSummaryPoint, "dataPoints")};
constexpr MessageType kSummary = make("Summary", kSummaryFields, Role::kData);

constexpr Field kMetricFields[] = {
    scalar(1, FieldKind::kString, "name"),
    scalar(2, FieldKind::kString, "description"),
    scalar(3, FieldKind::kString, "unit"),
    one(5, kGauge, "gauge"),
    one(7, kSum, "sum"),
    one(9, kHistogram, "histogram"),
    one(10, kExponentialHistogram, "exponentialHistogram"),
    one(11, kSummary, "summary"),
    attributes(12, "metadata"),
};
constexpr MessageType kMetric = make("Metric", kMetricFields);

constexpr Field kScopeMetricsFields[] = {
    one(1, kScope, "scope"),
    many(2, kMetric, "metrics"),
    scalar(3, FieldKind::kString, "schemaUrl"),
};
constexpr MessageType kScopeMetrics = make("ScopeMetrics", kScopeMetricsFields);

constexpr Field kResourceMetricsFields[] = {
    one(1, kResource, "resource"),
    many(2, kScopeMetrics, "scopeMetrics"),
    scalar(3, FieldKind::kString, "schemaUrl"),
};
constexpr MessageType kResourceMetrics = make("ResourceMetrics", kResourceMetricsFields);

constexpr Field kMetricsRequestFields[] = {many(1, kResourceMetrics, "resourceMetrics")};
constexpr MessageType kMetricsRequest = make("ExportMetricsServiceRequest", kMetricsRequestFields);

// logs.proto

constexpr std::string_view kSeverityNames[] = {
    "UNSPECIFIED", "TRACE",  "TRACE2", "TRACE3", "TRACE4", "DEBUG",  "DEBUG2", "DEBUG3", "DEBUG4",
    "INFO",        "INFO2",  "INFO3",  "INFO4",  "WARN",   "WARN2",  "WARN3",  "WARN4",  "ERROR",
    "ERROR2",      "ERROR3", "ERROR4", "FATAL",  "FATAL2", "FATAL3", "FATAL4"};
constexpr EnumType kSeverity = {"SEVERITY_NUMBER_", kSeverityNames};
constexpr Field kLogRecordFields[] = {
    scalar(1, FieldKind::kFixed64, "timeUnixNano"),
    enumeration(2, kSeverity, "severityNumber"),
    scalar(3, FieldKind::kString, "severityText"),
    one(5, kAnyValue, "body"),
    attributes(6, "attributes"),
    scalar(7, FieldKind::kUint32, "droppedAttributesCount"),
    scalar(8, FieldKind::kFixed32, "flags"),
    scalar(9, FieldKind::kTraceId, "traceId"),
    scalar(10, FieldKind::kSpanId, "spanId"),
    scalar(11, FieldKind::kFixed64, "observedTimeUnixNano"),
    scalar(12, FieldKind::kString, "eventName"),
};
constexpr MessageType kLogRecord = make("LogRecord", kLogRecordFields, Role::kItem);

constexpr Field kScopeLogsFields[] = {
    one(1, kScope, "scope"),
    many(2, kLogRecord, "logRecords"),
    scalar(3, FieldKind::kString, "schemaUrl"),
};
constexpr MessageType kScopeLogs = make("ScopeLogs", kScopeLogsFields);

constexpr Field kResourceLogsFields[] = {
    one(1, kResource, "resource"),
    many(2, kScopeLogs, "scopeLogs"),
    scalar(3, FieldKind::kString, "schemaUrl"),
};
constexpr MessageType kResourceLogs = make("ResourceLogs", kResourceLogsFields);

constexpr Field kLogsRequestFields[] = {many(1, kResourceLogs, "resourceLogs")};
constexpr MessageType kLogsRequest = make("ExportLogsServiceRequest", kLogsRequestFields);

}  // namespace

Action MessageType::action(std::uint32_t tag) const {
  if (tag < actions.size()) return actions[tag];
  const Field* known = field(tag >> 3);
  return known == nullptr ? plain_action(tag & 7) : known_action(*known, tag & 7);
}

const MessageType& request_type(Signal signal) {
  switch (signal) {
    case Signal::kTraces:
      return kTracesRequest;
    case Signal::kMetrics:
      return kMetricsRequest;
    case Signal::kLogs:
      break;
  }
  return kLogsRequest;
}

}  // namespace kolben::otlp
