#include "exporters/debug/metrics_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kolben::exporters::debug {
namespace {

std::string_view kind_name(MetricKind kind) {
  switch (kind) {
    case MetricKind::kNone:
      return "Empty";
    case MetricKind::kGauge:
      return "Gauge";
    case MetricKind::kSum:
      return "Sum";
    case MetricKind::kHistogram:
      return "Histogram";
    case MetricKind::kExponentialHistogram:
      return "ExponentialHistogram";
    case MetricKind::kSummary:
      return "Summary";
  }
  return "Empty";
}

std::string_view temporality_name(Temporality temporality) {
  switch (temporality) {
    case Temporality::kUnspecified:
      return "Unspecified";
    case Temporality::kDelta:
      return "Delta";
    case Temporality::kCumulative:
      return "Cumulative";
  }
  return "Unspecified";
}

std::string number_text(const Number& number) {
  switch (number.type) {
    case NumberType::kNone:
      return "";
    case NumberType::kInt:
      return fmt::format("{}", number.integer);
    case NumberType::kDouble:
      return fmt::format("{:f}", number.real);
  }
  return "";
}

void append_line(std::string& out, std::string_view name, std::string_view value) {
  fmt::format_to(std::back_inserter(out), "{}: {}\n", name, value);
}

// What every kind of point begins with.
template <typename Point>
void append_point_head(std::string& out, std::string_view title, std::size_t index,
                       const Point& point) {
  fmt::format_to(std::back_inserter(out), "{} #{}\n", title, index);
  append_attributes(out, "Data point attributes:", point.attributes);
  append_line(out, "StartTimestamp", format_time(point.start_time_unix_nano));
  append_line(out, "Timestamp", format_time(point.time_unix_nano));
}

void append_exemplars(std::string& out, const List<Exemplar>& exemplars) {
  if (exemplars.empty()) return;
  out += "Exemplars:\n";
  for (std::size_t i = 0; i < exemplars.size(); ++i) {
    const Exemplar& exemplar = exemplars[i];
    fmt::format_to(std::back_inserter(out),
                   "Exemplar #{}\n     -> Trace ID: {}\n     -> Span ID: {}\n     -> Timestamp: "
                   "{}\n     -> Value: {}\n",
                   i, exemplar.trace_id.to_hex(), exemplar.span_id.to_hex(),
                   format_time(exemplar.time_unix_nano), number_text(exemplar.value));
    append_attributes(out, "     -> FilteredAttributes:", exemplar.filtered_attributes);
  }
}

// count, and sum, min and max where there are any: of both kinds of histograms.
template <typename Point>
void append_aggregates(std::string& out, const Point& point) {
  append_line(out, "Count", fmt::format("{}", point.count));
  if (point.has_sum) append_line(out, "Sum", fmt::format("{:f}", point.sum));
  if (point.has_min) append_line(out, "Min", fmt::format("{:f}", point.min));
  if (point.has_max) append_line(out, "Max", fmt::format("{:f}", point.max));
}

void append_point(std::string& out, std::size_t index, const NumberPoint& point) {
  append_point_head(out, "NumberDataPoints", index, point);
  append_line(out, "Value", number_text(point.value));
  append_exemplars(out, point.exemplars);
}

void append_point(std::string& out, std::size_t index, const HistogramPoint& point) {
  append_point_head(out, "HistogramDataPoints", index, point);
  append_aggregates(out, point);
  for (std::size_t b = 0; b < point.explicit_bounds.size(); ++b) {
    append_line(out, fmt::format("ExplicitBounds #{}", b),
                fmt::format("{:f}", point.explicit_bounds[b]));
  }
  for (std::size_t b = 0; b < point.bucket_counts.size(); ++b) {
    append_line(out, fmt::format("Buckets #{}, Count", b),
                fmt::format("{}", point.bucket_counts[b]));
  }
  append_exemplars(out, point.exemplars);
}

void append_point(std::string& out, std::size_t index, const ExponentialHistogramPoint& point) {
  const auto buckets_text = [](const auto& buckets) {
    return fmt::format("offset {}, counts [{}]", buckets.offset,
                       fmt::join(buckets.bucket_counts, ", "));
  };
  append_point_head(out, "ExponentialHistogramDataPoints", index, point);
  append_aggregates(out, point);
  append_line(out, "Scale", fmt::format("{}", point.scale));
  append_line(out, "ZeroCount", fmt::format("{}", point.zero_count));
  append_line(out, "Positive", buckets_text(point.positive));
  append_line(out, "Negative", buckets_text(point.negative));
  append_exemplars(out, point.exemplars);
}

void append_point(std::string& out, std::size_t index, const SummaryPoint& point) {
  append_point_head(out, "SummaryDataPoints", index, point);
  append_line(out, "Count", fmt::format("{}", point.count));
  append_line(out, "Sum", fmt::format("{:f}", point.sum));
  for (std::size_t q = 0; q < point.quantile_values.size(); ++q) {
    append_line(out, fmt::format("QuantileValue #{}", q),
                fmt::format("Quantile {:f}, Value {:f}", point.quantile_values[q].quantile,
                            point.quantile_values[q].value));
  }
}

template <typename Point>
void append_points(std::string& out, const List<Point>& points) {
  for (std::size_t i = 0; i < points.size(); ++i) append_point(out, i, points[i]);
}

void append_metric(std::string& out, std::size_t index, const Metric& metric) {
  fmt::format_to(std::back_inserter(out), "Metric #{}\nDescriptor:\n", index);
  const auto field = [&](std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(out), "     -> {}: ", name);
    append_printable(out, value);
    out += '\n';
  };
  field("Name", metric.name);
  field("Description", metric.description);
  field("Unit", metric.unit);
  field("DataType", kind_name(metric.kind));
  if (metric.kind == MetricKind::kSum) field("IsMonotonic", metric.is_monotonic ? "true" : "false");
  if (metric.kind == MetricKind::kSum || metric.kind == MetricKind::kHistogram ||
      metric.kind == MetricKind::kExponentialHistogram) {
    field("AggregationTemporality", temporality_name(metric.temporality));
  }
  append_points(out, metric.number_points);
  append_points(out, metric.histogram_points);
  append_points(out, metric.exponential_histogram_points);
  append_points(out, metric.summary_points);
}

template <typename Points>
void append_point_lines(std::string& out, const Metric& metric, const Points& points) {
  for (const auto& point : points) {
    append_printable(out, metric.name);
    out += '{';
    std::string pairs;
    append_pairs(pairs, point.attributes);
    if (!pairs.empty()) out += pairs.substr(1);
    out += '}';
    if constexpr (requires { point.value; }) {
      out += ' ' + number_text(point.value);
    } else {
      fmt::format_to(std::back_inserter(out), " count={} sum={}", point.count, point.sum);
    }
    out += '\n';
  }
}

void append_metric_lines(std::string& out, const Metric& metric) {
  append_point_lines(out, metric, metric.number_points);
  append_point_lines(out, metric, metric.histogram_points);
  append_point_lines(out, metric, metric.exponential_histogram_points);
  append_point_lines(out, metric, metric.summary_points);
}

}  // namespace

std::string metrics_text(const DecodedMetrics& metrics, Layout wanted) {
  std::string out;
  append_tree<&ScopeMetrics::metrics>(
      out, wanted, {"ResourceMetrics", "ScopeMetrics"}, metrics.resources,
      [](std::string& text, Layout layout, std::size_t index, const Metric& metric) {
        if (layout == Layout::kNormal) return append_metric_lines(text, metric);
        append_metric(text, index, metric);
      });
  return out;
}

}  // namespace kolben::exporters::debug
