// MetricStore: measurements -> one value a set of attributes, as the metrics SDK aggregates them
// (specification, "Metrics SDK": sum, last value, explicit bucket and exponential histogram). One
// thread.
//
// Bounds: kInstrumentsMax instruments; kSeriesMax sets of attributes each, what comes after goes
// into the series {otel.metric.overflow: true}; kTextBytesMax for all texts together.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/process/exemplars.h"
#include "agent/process/exponential_histogram.h"
#include "agent/process/reader_settings.h"
#include "base/arena.h"
#include "model/batch.h"

namespace kolben::agent {

enum class InstrumentKind : std::uint8_t { kCounter, kUpDownCounter, kHistogram, kGauge };

// Which part of the agent a metric comes from; each is a scope of its own.
enum class MetricScope : std::uint8_t { kHttp, kDatabase, kRpc, kMessaging, kApplication };

struct Measured {
  MetricScope scope = MetricScope::kApplication;
  InstrumentKind kind = InstrumentKind::kCounter;
  std::string_view name, unit, description;
  std::span<const double> bounds;  // of histograms; empty: the SDK's default
  double value = 0;
  MeasuredFor whom;
};

class MetricStore {
 public:
  static constexpr std::size_t kInstrumentsMax = 1000;
  static constexpr std::size_t kSeriesMax = 2000;  // the specification's default
  static constexpr std::size_t kTextBytesMax = 4 << 20;
  // Of all series together; those that come when there are so many have none.
  static constexpr std::size_t kExemplarsMax = 16 * 1024;

  MetricStore(Temporality counters, Temporality histograms,
              HistogramKind histogram_kind = HistogramKind::kExplicitBuckets,
              ExemplarFilter exemplar_filter = ExemplarFilter::kTraceBased,
              Random random = Random(0))
      : counter_temporality_(counters),
        histogram_temporality_(histograms),
        histogram_kind_(histogram_kind),
        exemplar_filter_(exemplar_filter),
        random_(random) {}

  // Adds to a counter, up-down counter or histogram; sets a gauge. The order of the attributes does
  // not matter. Measurements that are no numbers, and negative ones of counters, are refused.
  void record(const Measured& measured, const Attributes& attributes, std::uint64_t now);
  // Sets the sum of an up-down counter, where somebody else counts.
  void record_total(const Measured& measured, const Attributes& attributes, std::uint64_t now);

  bool empty() const { return instruments_.empty(); }
  std::uint64_t refused() const { return refused_; }

  // Appends the scopes to the resource; texts stay the store's, which must outlive the batch.
  void collect(ResourceMetrics& resource, Arena& arena, std::uint64_t now);

 private:
  struct Series {
    Attributes attributes;
    std::uint64_t start = 0;
    double sum = 0;
    bool is_integral = true;  // all values were whole numbers
    std::uint64_t count = 0;
    double min = 0, max = 0;
    std::vector<std::uint64_t> buckets;
    std::unique_ptr<ExponentialHistogram> exponential;  // instead of them
    std::unique_ptr<ExemplarReservoir> exemplars;       // null: none was kept yet
  };
  struct Quick {
    Attributes attributes;
    std::size_t series = 0;
  };
  struct Instrument {
    MetricScope scope{};
    InstrumentKind kind{};
    std::string_view name, unit, description;
    std::vector<double> bounds;
    std::unordered_map<std::string, std::size_t> index;  // key of the attributes -> series
    // The same, by the attributes in the order in which they come: they need not be sorted again.
    std::unordered_map<std::string, Quick> quick;
    Arena quick_texts;
    std::vector<Series> series;  // in the order of their first measurement
    // The last measurement's in `quick`; the next one's are the same, mostly. Null: none.
    const Quick* last = nullptr;
  };

  Instrument* instrument_of(const Measured& measured);
  Series& sorted_series_of(Instrument& instrument, const Attributes& attributes, std::uint64_t now);
  Series& series_of(Instrument& instrument, const Attributes& attributes, std::uint64_t now);
  static void add_to_histogram(const Instrument& instrument, Series& series, double value);
  void keep_exemplar(const Instrument& instrument, Series& series, const Measured& measured,
                     std::uint64_t now);
  static void collect_series(const Instrument& instrument, Series& series, Metric& metric,
                             Arena& arena, std::uint64_t now);
  static void collect_number(const Series& series, NumberPoint& point);
  MetricKind kind_of(InstrumentKind kind) const;
  void collect_instrument(Instrument& instrument, Metric& metric, Arena& arena, std::uint64_t now);
  Temporality temporality_of(InstrumentKind kind) const;

  Temporality counter_temporality_, histogram_temporality_;
  HistogramKind histogram_kind_;
  ExemplarFilter exemplar_filter_;
  Random random_;
  std::size_t exemplars_ = 0;  // places for them
  Arena texts_;
  Attributes overflow_;  // of the series of what is beyond; empty: not needed yet
  std::vector<std::unique_ptr<Instrument>> instruments_;
  std::unordered_map<std::string, Instrument*> by_name_;
  std::string key_, quick_key_;  // scratch
  std::uint64_t refused_ = 0;
};

}  // namespace kolben::agent
