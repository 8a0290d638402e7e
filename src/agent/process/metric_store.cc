#include "agent/process/metric_store.h"

#include <algorithm>
#include <cmath>

#include "agent/process/settings.h"

namespace kolben::agent {
namespace {

// The SDK's default (specification, "Explicit Bucket Histogram Aggregation").
constexpr double kDefaultBounds[] = {0,   5,   10,   25,   50,   75,   100,  250,
                                     500, 750, 1000, 2500, 5000, 7500, 10000};
constexpr double kWholeMax = 9007199254740992.0;  // 2^53: whole numbers below are exact

// Places for exemplars of an exponential histogram; of a histogram each bucket has one.
constexpr std::size_t kExponentialExemplars = 20;

// Bounds are inclusive above: (a, b].
std::size_t bucket_of(const std::vector<double>& bounds, double value) {
  return static_cast<std::size_t>(std::lower_bound(bounds.begin(), bounds.end(), value) -
                                  bounds.begin());
}

bool is_whole(double value) {
  return std::floor(value) == value && std::abs(value) < kWholeMax;
}

void append_bytes(std::string& key, const void* bytes, std::size_t size) {
  key.append(static_cast<const char*>(bytes), size);
}

void append_text(std::string& key, std::string_view text) {
  const std::size_t size = text.size();
  append_bytes(key, &size, sizeof size);
  key += text;
}

// Flat values only: that is what measurements carry.
void append_value(std::string& key, const Value& value) {
  key += static_cast<char>(value.type());
  switch (value.type()) {
    case ValueType::kString:
      return append_text(key, value.as_string());
    case ValueType::kBool:
      key += value.as_bool() ? '1' : '0';
      return;
    case ValueType::kInt: {
      const std::int64_t integer = value.as_int();
      return append_bytes(key, &integer, sizeof integer);
    }
    case ValueType::kDouble: {
      const double real = value.as_double();
      return append_bytes(key, &real, sizeof real);
    }
    default:
      return;
  }
}

// Equal for equal sets, in whatever order.
void make_key(const Attributes& attributes, std::string& key) {
  constexpr std::uint32_t kSortedMax = 128;  // the limit of attributes
  const KeyValue* sorted[kSortedMax];
  const std::uint32_t count = std::min(attributes.size(), kSortedMax);
  for (std::uint32_t i = 0; i < count; ++i) sorted[i] = &attributes[i];
  std::sort(sorted, sorted + count,
            [](const KeyValue* a, const KeyValue* b) { return a->key < b->key; });
  key.clear();
  for (std::uint32_t i = 0; i < count; ++i) {
    append_text(key, sorted[i]->key);
    append_value(key, sorted[i]->value);
  }
}

std::string_view scope_name(MetricScope scope) {
  switch (scope) {
    case MetricScope::kHttp:
      return "kolben.agent.http";
    case MetricScope::kDatabase:
      return "kolben.agent.database";
    case MetricScope::kRpc:
      return "kolben.agent.rpc";
    case MetricScope::kMessaging:
      return "kolben.agent.messaging";
    case MetricScope::kApplication:
      break;
  }
  return "kolben.agent.application";
}

}  // namespace

MetricStore::Instrument* MetricStore::instrument_of(const Measured& measured) {
  key_.assign(1, static_cast<char>(measured.kind));
  key_ += static_cast<char>(measured.scope);
  append_text(key_, measured.unit);
  key_ += measured.name;
  if (const auto found = by_name_.find(key_); found != by_name_.end()) return found->second;
  if (instruments_.size() >= kInstrumentsMax || texts_.reserved_bytes() >= kTextBytesMax) {
    return nullptr;
  }
  auto instrument = std::make_unique<Instrument>();
  instrument->scope = measured.scope;
  instrument->kind = measured.kind;
  instrument->name = texts_.copy(measured.name);
  instrument->unit = texts_.copy(measured.unit);
  instrument->description = texts_.copy(measured.description);
  std::span<const double> bounds = measured.bounds;
  if (bounds.empty()) bounds = kDefaultBounds;
  instrument->bounds.assign(bounds.begin(), bounds.end());
  by_name_.emplace(key_, instrument.get());
  return instruments_.emplace_back(std::move(instrument)).get();
}

MetricStore::Series& MetricStore::series_of(Instrument& instrument, const Attributes& attributes,
                                            std::uint64_t now) {
  if (instrument.last != nullptr && attributes == instrument.last->attributes) {
    return instrument.series[instrument.last->series];
  }
  quick_key_.clear();
  for (const KeyValue& attribute : attributes) {
    append_text(quick_key_, attribute.key);
    append_value(quick_key_, attribute.value);
  }
  if (const auto found = instrument.quick.find(quick_key_); found != instrument.quick.end()) {
    instrument.last = &found->second;
    return instrument.series[found->second.series];
  }
  Series& series = sorted_series_of(instrument, attributes, now);
  // The sets beyond the bound are any number, of any length.
  if (!overflow_.empty() && series.attributes.size() == 1 &&
      series.attributes[0].key == overflow_[0].key) {
    return series;
  }
  // One set comes in few orders; whoever shuffles them is just slower.
  if (instrument.quick.size() >= kSeriesMax) {
    instrument.quick.clear();
    instrument.quick_texts = Arena();
  }
  const Quick quick = {.attributes = clone(attributes, instrument.quick_texts),
                       .series = static_cast<std::size_t>(&series - instrument.series.data())};
  instrument.last = &instrument.quick.emplace(quick_key_, quick).first->second;
  return series;
}

MetricStore::Series& MetricStore::sorted_series_of(Instrument& instrument,
                                                   const Attributes& attributes,
                                                   std::uint64_t now) {
  make_key(attributes, key_);
  if (const auto found = instrument.index.find(key_); found != instrument.index.end()) {
    return instrument.series[found->second];
  }
  const bool is_full =
      instrument.series.size() + 1 >= kSeriesMax || texts_.reserved_bytes() >= kTextBytesMax;
  if (is_full) {
    if (overflow_.empty()) {
      overflow_.push_back(texts_, {"otel.metric.overflow", Value::boolean(true)});
    }
    make_key(overflow_, key_);
    if (const auto found = instrument.index.find(key_); found != instrument.index.end()) {
      return instrument.series[found->second];
    }
  }
  instrument.index.emplace(key_, instrument.series.size());
  Series& series = instrument.series.emplace_back();
  series.attributes = is_full ? overflow_ : clone(attributes, texts_);
  series.start = now;
  if (instrument.kind == InstrumentKind::kHistogram) {
    if (histogram_kind_ == HistogramKind::kExponential) {
      series.exponential = std::make_unique<ExponentialHistogram>();
    } else {
      series.buckets.resize(instrument.bounds.size() + 1);
    }
  }
  return series;
}

void MetricStore::add_to_histogram(const Instrument& instrument, Series& series, double value) {
  if (series.exponential != nullptr) {
    series.exponential->record(value);
  } else {
    ++series.buckets[bucket_of(instrument.bounds, value)];
  }
  series.min = series.count == 0 ? value : std::min(series.min, value);
  series.max = series.count == 0 ? value : std::max(series.max, value);
}

void MetricStore::keep_exemplar(const Instrument& instrument, Series& series,
                                const Measured& measured, std::uint64_t now) {
  const bool is_wanted = exemplar_filter_ == ExemplarFilter::kAlwaysOn ||
                         (exemplar_filter_ == ExemplarFilter::kTraceBased &&
                          measured.whom.is_sampled && !measured.whom.trace_id.is_zero());
  if (!is_wanted) return;
  const bool has_buckets = !series.buckets.empty();
  if (series.exemplars == nullptr) {
    const std::size_t places = has_buckets                     ? series.buckets.size()
                               : series.exponential != nullptr ? kExponentialExemplars
                                                               : 1;
    if (exemplars_ + places > kExemplarsMax) return;
    exemplars_ += places;
    series.exemplars = std::make_unique<ExemplarReservoir>(places);
  }
  if (has_buckets) {
    const std::size_t bucket = bucket_of(instrument.bounds, measured.value);
    series.exemplars->keep(bucket, measured.value, measured.whom, now);
  } else {
    series.exemplars->offer(measured.value, measured.whom, now, random_);
  }
}

void MetricStore::record(const Measured& measured, const Attributes& attributes,
                         std::uint64_t now) {
  const bool is_refused = !std::isfinite(measured.value) ||
                          (measured.kind == InstrumentKind::kCounter && measured.value < 0);
  Instrument* const instrument = is_refused ? nullptr : instrument_of(measured);
  if (instrument == nullptr) {
    ++refused_;
    return;
  }
  Series& series = series_of(*instrument, attributes, now);
  series.is_integral = series.is_integral && is_whole(measured.value);
  if (measured.kind == InstrumentKind::kHistogram) {
    add_to_histogram(*instrument, series, measured.value);
  }
  series.sum =
      measured.kind == InstrumentKind::kGauge ? measured.value : series.sum + measured.value;
  ++series.count;
  keep_exemplar(*instrument, series, measured, now);
}

void MetricStore::record_total(const Measured& measured, const Attributes& attributes,
                               std::uint64_t now) {
  Instrument* const instrument = instrument_of(measured);
  if (instrument == nullptr) return;
  Series& series = series_of(*instrument, attributes, now);
  series.sum = measured.value;
  ++series.count;
}

Temporality MetricStore::temporality_of(InstrumentKind kind) const {
  switch (kind) {
    case InstrumentKind::kCounter:
      return counter_temporality_;
    case InstrumentKind::kHistogram:
      return histogram_temporality_;
    case InstrumentKind::kUpDownCounter:
      return Temporality::kCumulative;
    case InstrumentKind::kGauge:
      break;
  }
  return Temporality::kUnspecified;
}

MetricKind MetricStore::kind_of(InstrumentKind kind) const {
  switch (kind) {
    case InstrumentKind::kHistogram:
      return histogram_kind_ == HistogramKind::kExponential ? MetricKind::kExponentialHistogram
                                                            : MetricKind::kHistogram;
    case InstrumentKind::kGauge:
      return MetricKind::kGauge;
    default:
      return MetricKind::kSum;
  }
}

void MetricStore::collect_number(const Series& series, NumberPoint& point) {
  const bool is_integer = series.is_integral && is_whole(series.sum);
  point.value.type = is_integer ? NumberType::kInt : NumberType::kDouble;
  point.value.integer = is_integer ? static_cast<std::int64_t>(series.sum) : 0;
  point.value.real = is_integer ? 0 : series.sum;
}

void MetricStore::collect_series(const Instrument& instrument, Series& series, Metric& metric,
                                 Arena& arena, std::uint64_t now) {
  const auto begin = [&](auto& point) {
    point.attributes = series.attributes;
    point.start_time_unix_nano = series.start;
    point.time_unix_nano = now;
    if (series.exemplars != nullptr) {
      series.exemplars->collect(series.is_integral, point.exemplars, arena);
    }
  };
  const auto summarize = [&](auto& point) {
    begin(point);
    point.count = series.count;
    point.has_sum = point.has_min = point.has_max = true;
    point.sum = series.sum;
    point.min = series.min;
    point.max = series.max;
  };
  if (metric.kind == MetricKind::kExponentialHistogram) {
    ExponentialHistogramPoint& point = metric.exponential_histogram_points.add(arena);
    summarize(point);
    series.exponential->write(point, arena);
  } else if (metric.kind == MetricKind::kHistogram) {
    HistogramPoint& point = metric.histogram_points.add(arena);
    summarize(point);
    for (const std::uint64_t count : series.buckets) point.bucket_counts.push_back(arena, count);
    for (const double bound : instrument.bounds) point.explicit_bounds.push_back(arena, bound);
  } else {
    NumberPoint& point = metric.number_points.add(arena);
    begin(point);
    collect_number(series, point);
  }
}

void MetricStore::collect_instrument(Instrument& instrument, Metric& metric, Arena& arena,
                                     std::uint64_t now) {
  metric.name = instrument.name;
  metric.unit = instrument.unit;
  metric.description = instrument.description;
  metric.temporality = temporality_of(instrument.kind);
  metric.is_monotonic = instrument.kind == InstrumentKind::kCounter;
  metric.kind = kind_of(instrument.kind);
  for (Series& series : instrument.series) {
    if (series.count == 0) continue;  // nothing since the last delta
    collect_series(instrument, series, metric, arena, now);
    if (metric.temporality != Temporality::kDelta) continue;
    series.start = now;
    series.sum = 0;
    series.count = 0;
    std::fill(series.buckets.begin(), series.buckets.end(), 0);
    if (series.exponential != nullptr) *series.exponential = ExponentialHistogram();
  }
}

void MetricStore::collect(ResourceMetrics& resource, Arena& arena, std::uint64_t now) {
  for (const MetricScope scope : {MetricScope::kHttp, MetricScope::kDatabase, MetricScope::kRpc,
                                  MetricScope::kMessaging, MetricScope::kApplication}) {
    ScopeMetrics* target = nullptr;
    for (const auto& instrument : instruments_) {
      if (instrument->scope != scope) continue;
      if (target == nullptr) {
        target = &resource.scopes.add(arena);
        target->scope.name = scope_name(scope);
        target->scope.version = agent_version();
      }
      collect_instrument(*instrument, target->metrics.add(arena), arena, now);
    }
  }
}

}  // namespace kolben::agent
