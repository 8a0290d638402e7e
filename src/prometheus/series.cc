#include "prometheus/series.h"

#include <algorithm>
#include <limits>

#include "prometheus/exposition.h"

namespace kolben::prometheus {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Nodes of the maps, the state, what the allocator adds.
constexpr std::size_t kStateBytes = 256;
constexpr std::size_t kFamilyBytes = 256;
// While there is no room, what has expired is looked for so often: it costs a walk over all.
constexpr std::uint64_t kSweepNanos = 1'000'000'000;

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

// By job_of() and instance_of().
bool names_target(const KeyValue& attribute) {
  return attribute.key == "service.name" || attribute.key == "service.namespace" ||
         attribute.key == "service.instance.id";
}

// What else tells the resource from the other one.
Attributes differing(const Resource& resource, const Resource& other, Arena& arena) {
  Attributes result;
  for (const KeyValue& attribute : resource.attributes) {
    if (names_target(attribute)) continue;
    const Value* value = find(other.attributes, attribute.key);
    if (value == nullptr || !(*value == attribute.value)) result.push_back(arena, attribute);
  }
  return result;
}

std::string_view type_name(int type) {
  constexpr std::string_view kNames[] = {"gauge", "counter", "histogram", "summary"};
  return kNames[type];
}

bool has_too_many(const HistogramPoint& point) {
  return point.bucket_counts.size() > kBucketsMax;
}
bool has_too_many(const SummaryPoint& point) {
  return point.quantile_values.size() > kBucketsMax;
}
bool has_too_many(const NumberPoint&) {
  return false;
}
bool has_too_many(const ExponentialHistogramPoint&) {  // shown at a coarser scale
  return false;
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

LabelText Series::target_labels(const Resource& resource, const Resource& first,
                                const Scope& scope) const {
  LabelText labels;
  for (const auto& [name, value] : settings_.const_labels) labels.add(name, value);
  if (!settings_.is_one_target || &resource != &first) {
    labels.add("job", job_of(resource));
    if (const std::string_view instance = instance_of(resource); !instance.empty()) {
      labels.add("instance", instance);
    }
  }
  if (settings_.with_scope_info && !scope.name.empty()) {
    labels.add("otel_scope_name", scope.name);
    labels.add("otel_scope_version", scope.version);
  }
  if (settings_.with_resource_labels) {
    labels.add(resource.attributes);
  } else if (settings_.is_one_target) {
    Arena arena;
    labels.add(differing(resource, first, arena));
  }
  return labels;
}

std::uint64_t Series::update(const DecodedMetrics& metrics, std::uint64_t now_nanos) {
  std::uint64_t refused = 0;
  const MutexLock lock(mutex_);
  for (const ResourceMetrics& resource : metrics.resources) {
    const Resource& first = metrics.resources[0].resource;
    if (settings_.with_target_info) update_target_info(resource.resource, first, now_nanos);
    for (const ScopeMetrics& scope : resource.scopes) {
      const LabelText target = target_labels(resource.resource, first, scope.scope);
      for (const Metric& metric : scope.metrics) {
        update_metric(metric, target, now_nanos, refused);
      }
    }
  }
  return refused;
}

// The resource's attributes that are no labels, as the specification's "target" metric.
void Series::update_target_info(const Resource& resource, const Resource& first,
                                std::uint64_t now_nanos) {
  Attributes rest;
  Arena arena;
  const Attributes labels =
      settings_.is_one_target ? differing(resource, first, arena) : Attributes();
  for (const KeyValue& attribute : resource.attributes) {
    if (names_target(attribute) && !settings_.is_one_target) continue;
    if (find(labels, attribute.key) == nullptr) rest.push_back(arena, attribute);
  }
  if (rest.empty()) return;
  const std::string name = "target_info";
  const LabelText target = target_labels(resource, first, {});
  const Stream stream{name, Type::kGauge, "Target metadata", target};
  fill(stream, rest, now_nanos, [](State& state) { state.value = 1; });
}

std::size_t Series::bytes_of(const std::string& labels, const State& state) {
  return kStateBytes + labels.size() + 16 * (state.buckets.size() + state.quantiles.size());
}

std::size_t Series::bytes_of(const std::string& name, const Family& family) {
  return kFamilyBytes + name.size() + family.help.size();
}

void Series::expire(std::uint64_t now_nanos) {
  for (auto family = families_.begin(); family != families_.end();) {
    std::size_t freed = 0;
    series_count_ -= std::erase_if(family->second.states, [&](const auto& entry) {
      const bool is_old = entry.second.updated_nanos + settings_.expiration_nanos < now_nanos;
      if (is_old) freed += bytes_of(entry.first, entry.second);
      return is_old;
    });
    bytes_ -= freed;
    if (!family->second.states.empty()) {
      ++family;
      continue;
    }
    bytes_ -= bytes_of(family->first, family->second);
    family = families_.erase(family);
  }
  swept_nanos_ = now_nanos;
}

// Whether one more series fits that takes so much.
bool Series::has_room(std::size_t bytes, std::uint64_t now_nanos) {
  const auto fits = [&]() KOLBEN_REQUIRES(mutex_) {
    return series_count_ < settings_.series_max && bytes_ + bytes <= settings_.bytes_max();
  };
  if (!fits() && now_nanos - swept_nanos_ >= kSweepNanos) expire(now_nanos);
  return fits();
}

// Finds the state of a point, or makes it, and lets `fill` change it. False where it is refused.
template <typename Fill>
bool Series::fill(const Stream& stream, const Attributes& attributes, std::uint64_t now_nanos,
                  Fill fill) {
  const std::string_view own_name = stream.type == Type::kHistogram ? "le"
                                    : stream.type == Type::kSummary ? "quantile"
                                                                    : "";
  std::string labels = stream.target.with(attributes, own_name);
  State next;
  auto family = families_.find(stream.name);
  if (family != families_.end()) {
    if (family->second.type != stream.type) return false;
    const auto found = family->second.states.find(labels);
    if (found != family->second.states.end()) {
      State& state = found->second;
      bytes_ -= bytes_of(labels, state);
      fill(state);  // bounded: no state has more than kBucketsMax buckets
      bytes_ += bytes_of(labels, state);
      state.updated_nanos = now_nanos;
      return true;
    }
  }
  fill(next);
  next.updated_nanos = now_nanos;
  const std::size_t family_bytes = kFamilyBytes + stream.name.size() + stream.help.size();
  const std::size_t bytes = bytes_of(labels, next);
  if (!has_room(bytes + family_bytes, now_nanos)) return false;
  family = families_.find(stream.name);  // making room may have removed it
  if (family == families_.end()) {
    family =
        families_.emplace(stream.name, Family{stream.type, std::string(stream.help), {}}).first;
    bytes_ += bytes_of(family->first, family->second);
  }
  family->second.states.emplace(std::move(labels), std::move(next));
  bytes_ += bytes;
  ++series_count_;
  return true;
}

Series::Type Series::type_of(const Metric& metric) {
  switch (metric.kind) {
    case MetricKind::kHistogram:
    case MetricKind::kExponentialHistogram:
      return Type::kHistogram;
    case MetricKind::kSummary:
      return Type::kSummary;
    default:
      return metric.kind == MetricKind::kSum && metric.is_monotonic ? Type::kCounter : Type::kGauge;
  }
}

// Returns how many were refused.
template <typename Points, typename Take>
std::uint64_t Series::take_points(const Stream& stream, const Points& points,
                                  std::uint64_t now_nanos, Take take) {
  std::uint64_t refused = 0;
  for (const auto& point : points) {
    if ((point.flags & kNoRecordedValueFlag) != 0) continue;  // the stream has ended
    const bool is_taken =
        !has_too_many(point) && fill(stream, point.attributes, now_nanos, [&](State& state) {
          state.time_unix_nano = point.time_unix_nano;
          take(state, point);
        });
    if (!is_taken) ++refused;
  }
  return refused;
}

void Series::update_metric(const Metric& metric, const LabelText& target, std::uint64_t now_nanos,
                           std::uint64_t& refused) {
  const std::string name = metric_name(metric, settings_.names);
  const Stream stream{name, type_of(metric), metric.description, target};
  const bool is_delta = metric.temporality == Temporality::kDelta;
  // Where the bounds of a delta point are others, all of it begins anew, as after a restart.
  const auto take_histogram = [&](auto add) {
    return [is_delta, add](State& state, const auto& point) {
      Buckets buckets = buckets_of(point);
      if (is_delta && add(state.buckets, buckets)) {
        state.count += point.count;
        state.sum += point.sum;
        return;
      }
      state.count = point.count;
      state.sum = point.sum;
      state.buckets = std::move(buckets);
    };
  };
  refused += take_points(stream, metric.number_points, now_nanos,
                         [&](State& state, const NumberPoint& point) {
                           state.value = point.value.to_double() + (is_delta ? state.value : 0);
                         });
  refused += take_points(stream, metric.histogram_points, now_nanos, take_histogram(add_buckets));
  refused += take_points(stream, metric.exponential_histogram_points, now_nanos,
                         take_histogram(merge_buckets));
  refused += take_points(stream, metric.summary_points, now_nanos,
                         [](State& state, const SummaryPoint& point) {
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
  expire(now_nanos);
  std::string out;
  out.reserve(bytes_);  // roughly what is written
  for (const auto& [name, family] : families_) append_family(out, name, family);
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

}  // namespace kolben::prometheus
