#include "exporters/prometheus/series.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace kolben::exporters::prometheus {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// 'name="value"', after a comma where something stands before.
void append_label(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out += ',';
  out += name;
  out += "=\"";
  append_label_value(out, value);
  out += '"';
}

// Attributes in the order of their names; keys that become the same label are joined by ';' as the
// specification says.
void append_attributes(std::string& out, const Attributes& attributes) {
  std::map<std::string, std::string> labels;
  for (const KeyValue& attribute : attributes) {
    auto [label, is_new] = labels.try_emplace(label_name(attribute.key), text_of(attribute.value));
    if (!is_new) label->second += ";" + text_of(attribute.value);
  }
  for (const auto& [name, value] : labels) append_label(out, name, value);
}

// "namespace/name" of the service, as Prometheus' job label has it.
std::string job_of(const Resource& resource) {
  const Value* name_space = find(resource.attributes, "service.namespace");
  std::string job(service_name(resource));
  if (name_space != nullptr && name_space->type() == ValueType::kString) {
    job = std::string(name_space->as_string()) + "/" + job;
  }
  return job;
}

std::string_view instance_of(const Resource& resource) {
  const Value* id = find(resource.attributes, "service.instance.id");
  return id != nullptr && id->type() == ValueType::kString ? id->as_string() : std::string_view();
}

// Upper bounds and counts of an exponential histogram's buckets, in rising order.
// Bucket i of the positive range holds (base^i, base^(i+1)], base = 2^(2^-scale).
std::vector<std::pair<double, std::uint64_t>> buckets_of(const ExponentialHistogramPoint& point) {
  const double base_log2 = std::exp2(-static_cast<double>(point.scale));
  const auto bound = [&](std::int64_t index) {
    return std::exp2(static_cast<double>(index) * base_log2);
  };
  std::vector<std::pair<double, std::uint64_t>> buckets;
  const auto& negative = point.negative.bucket_counts;
  for (std::size_t i = negative.size(); i-- > 0;) {
    const std::int64_t index = point.negative.offset + static_cast<std::int64_t>(i);
    buckets.emplace_back(-bound(index), negative[i]);
  }
  buckets.emplace_back(point.zero_threshold, point.zero_count);
  const auto& positive = point.positive.bucket_counts;
  for (std::size_t i = 0; i < positive.size(); ++i) {
    const std::int64_t index = point.positive.offset + static_cast<std::int64_t>(i);
    buckets.emplace_back(bound(index + 1), positive[i]);
  }
  return buckets;
}

std::vector<std::pair<double, std::uint64_t>> buckets_of(const HistogramPoint& point) {
  std::vector<std::pair<double, std::uint64_t>> buckets;
  for (std::size_t i = 0; i < point.bucket_counts.size(); ++i) {
    const double bound = i < point.explicit_bounds.size() ? point.explicit_bounds[i] : kInfinity;
    buckets.emplace_back(bound, point.bucket_counts[i]);
  }
  return buckets;
}

// Adds the counts of a delta point to what was there; other bounds begin anew.
void add_buckets(std::vector<std::pair<double, std::uint64_t>>& total,
                 std::vector<std::pair<double, std::uint64_t>> delta) {
  const bool fits = total.size() == delta.size() &&
                    std::equal(total.begin(), total.end(), delta.begin(),
                               [](const auto& a, const auto& b) { return a.first == b.first; });
  if (!fits) {
    total = std::move(delta);
    return;
  }
  for (std::size_t i = 0; i < total.size(); ++i) total[i].second += delta[i].second;
}

std::string_view type_name(int type) {
  constexpr std::string_view kNames[] = {"gauge", "counter", "histogram", "summary"};
  return kNames[type];
}

void append_sample(std::string& out, const std::string& name, const std::string& labels,
                   double value, std::uint64_t timestamp_millis) {
  out += name;
  if (!labels.empty()) {
    out += '{';
    out += labels;
    out += '}';
  }
  out += ' ';
  append_number(out, value);
  if (timestamp_millis != 0) out += ' ' + std::to_string(timestamp_millis);
  out += '\n';
}

}  // namespace

std::string Series::base_labels(const Resource& resource, const Scope& scope) const {
  std::string labels;
  for (const auto& [name, value] : settings_.const_labels) append_label(labels, name, value);
  append_label(labels, "job", job_of(resource));
  if (const std::string_view instance = instance_of(resource); !instance.empty()) {
    append_label(labels, "instance", instance);
  }
  if (settings_.with_scope_info && !scope.name.empty()) {
    append_label(labels, "otel_scope_name", scope.name);
    append_label(labels, "otel_scope_version", scope.version);
  }
  if (settings_.with_resource_labels) append_attributes(labels, resource.attributes);
  return labels;
}

std::uint64_t Series::update(const DecodedMetrics& metrics, std::uint64_t now_nanos) {
  std::uint64_t refused = 0;
  const MutexLock lock(mutex_);
  for (const ResourceMetrics& resource : metrics.resources) {
    update_target_info(resource.resource, now_nanos);
    for (const ScopeMetrics& scope : resource.scopes) {
      const Target target{base_labels(resource.resource, scope.scope)};
      for (const Metric& metric : scope.metrics) {
        update_metric(metric, target, now_nanos, refused);
      }
    }
  }
  return refused;
}

// The resource's other attributes, as the specification's "target" metric.
void Series::update_target_info(const Resource& resource, std::uint64_t now_nanos) {
  Attributes rest;
  Arena arena;
  for (const KeyValue& attribute : resource.attributes) {
    if (attribute.key == "service.name" || attribute.key == "service.namespace" ||
        attribute.key == "service.instance.id") {
      continue;
    }
    rest.push_back(arena, attribute);
  }
  if (rest.empty()) return;
  Family& family = families_["target_info"];
  family.help = "Target metadata";
  if (State* state = state_of(family, {base_labels(resource, {})}, rest, now_nanos)) {
    state->value = 1;
  }
}

Series::State* Series::state_of(Family& family, const Target& target, const Attributes& attributes,
                                std::uint64_t now_nanos) {
  std::string labels = target.labels;
  append_attributes(labels, attributes);
  auto found = family.states.find(labels);
  if (found == family.states.end()) {
    if (series_count_ >= settings_.series_max) return nullptr;
    ++series_count_;
    found = family.states.emplace(std::move(labels), State()).first;
  }
  found->second.updated_nanos = now_nanos;
  return &found->second;
}

void Series::update_metric(const Metric& metric, const Target& target, std::uint64_t now_nanos,
                           std::uint64_t& refused) {
  Family& family = families_[metric_name(metric, settings_.names)];
  const bool is_histogram =
      metric.kind == MetricKind::kHistogram || metric.kind == MetricKind::kExponentialHistogram;
  family.type = is_histogram                                             ? Type::kHistogram
                : metric.kind == MetricKind::kSummary                    ? Type::kSummary
                : metric.kind == MetricKind::kSum && metric.is_monotonic ? Type::kCounter
                                                                         : Type::kGauge;
  family.help = metric.description;
  const bool is_delta = metric.temporality == Temporality::kDelta;
  // Each point: find its state, or count it as refused; then `take` fills it.
  const auto for_each = [&](const auto& points, auto take) KOLBEN_REQUIRES(mutex_) {
    for (const auto& point : points) {
      if ((point.flags & kNoRecordedValueFlag) != 0) continue;  // the stream has ended
      State* state = state_of(family, target, point.attributes, now_nanos);
      if (state == nullptr) {
        ++refused;
        continue;
      }
      state->time_unix_nano = point.time_unix_nano;
      take(*state, point);
    }
  };
  const auto take_histogram = [&](State& state, const auto& point) {
    state.count = point.count + (is_delta ? state.count : 0);
    state.sum = point.sum + (is_delta ? state.sum : 0);
    if (is_delta) {
      add_buckets(state.buckets, buckets_of(point));
    } else {
      state.buckets = buckets_of(point);
    }
  };
  for_each(metric.number_points, [&](State& state, const NumberPoint& point) {
    state.value = point.value.to_double() + (is_delta ? state.value : 0);
  });
  for_each(metric.histogram_points, take_histogram);
  for_each(metric.exponential_histogram_points, take_histogram);
  for_each(metric.summary_points, [](State& state, const SummaryPoint& point) {
    state.count = point.count;
    state.sum = point.sum;
    state.quantiles.clear();
    for (const QuantileValue& quantile : point.quantile_values) {
      state.quantiles.emplace_back(quantile.quantile, quantile.value);
    }
  });
}

std::string Series::to_text(std::uint64_t now_nanos) {
  const MutexLock lock(mutex_);
  std::string out;
  for (auto family = families_.begin(); family != families_.end();) {
    series_count_ -= std::erase_if(family->second.states, [&](const auto& entry) {
      return entry.second.updated_nanos + settings_.expiration_nanos < now_nanos;
    });
    if (family->second.states.empty()) {
      family = families_.erase(family);
      continue;
    }
    append_family(out, family->first, family->second);
    ++family;
  }
  return out;
}

void Series::append_family(std::string& out, const std::string& name, const Family& family) const {
  out += "# HELP " + name + ' ';
  append_help(out, family.help);
  out += "\n# TYPE " + name + ' ';
  out += type_name(static_cast<int>(family.type));
  out += '\n';
  for (const auto& [labels, state] : family.states) {
    const std::uint64_t millis = settings_.send_timestamps ? state.time_unix_nano / 1'000'000 : 0;
    if (family.type == Type::kGauge || family.type == Type::kCounter) {
      append_sample(out, name, labels, state.value, millis);
      continue;
    }
    const auto labels_with = [&labels](std::string_view key, double value) {
      std::string extended = labels;
      std::string number;
      append_number(number, value);
      append_label(extended, key, number);
      return extended;
    };
    std::uint64_t cumulative = 0;
    for (const auto& [bound, count] : state.buckets) {
      cumulative += count;
      if (bound == kInfinity) break;
      append_sample(out, name + "_bucket", labels_with("le", bound),
                    static_cast<double>(cumulative), millis);
    }
    if (family.type == Type::kHistogram) {
      append_sample(out, name + "_bucket", labels_with("le", kInfinity),
                    static_cast<double>(state.count), millis);
    }
    for (const auto& [quantile, value] : state.quantiles) {
      append_sample(out, name, labels_with("quantile", quantile), value, millis);
    }
    append_sample(out, name + "_sum", labels, state.sum, millis);
    append_sample(out, name + "_count", labels, static_cast<double>(state.count), millis);
  }
}

}  // namespace kolben::exporters::prometheus
