// Deep copies of resources with all that is below them: every string and list of the copy lives in
// `arena`. Pure functions; any thread.
#pragma once

#include "model/logs.h"
#include "model/metrics.h"
#include "model/traces.h"

namespace kolben {

Resource clone(const Resource& resource, Arena& arena);
Scope clone(const Scope& scope, Arena& arena);

EntityRef clone(const EntityRef& entity, Arena& arena);

SpanEvent clone(const SpanEvent& event, Arena& arena);
SpanLink clone(const SpanLink& link, Arena& arena);
Span clone(const Span& span, Arena& arena);

Exemplar clone(const Exemplar& exemplar, Arena& arena);
NumberPoint clone(const NumberPoint& point, Arena& arena);
HistogramPoint clone(const HistogramPoint& point, Arena& arena);
ExponentialHistogramPoint clone(const ExponentialHistogramPoint& point, Arena& arena);
QuantileValue clone(const QuantileValue& value, Arena& arena);
SummaryPoint clone(const SummaryPoint& point, Arena& arena);
Metric clone(const Metric& metric, Arena& arena);

LogRecord clone(const LogRecord& record, Arena& arena);

ScopeSpans clone(const ScopeSpans& scope, Arena& arena);
ScopeMetrics clone(const ScopeMetrics& scope, Arena& arena);
ScopeLogs clone(const ScopeLogs& scope, Arena& arena);

ResourceSpans clone(const ResourceSpans& spans, Arena& arena);
ResourceMetrics clone(const ResourceMetrics& metrics, Arena& arena);
ResourceLogs clone(const ResourceLogs& logs, Arena& arena);

}  // namespace kolben
