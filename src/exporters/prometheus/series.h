// Series: the last state of every metric stream, and its text in the exposition format 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/). Safe from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "exporters/prometheus/names.h"
#include "model/batch.h"

namespace kolben::exporters::prometheus {

using Labels = std::vector<std::pair<std::string, std::string>>;

struct SeriesSettings {
  NameOptions names = {};
  Labels const_labels = {};
  bool send_timestamps = false;
  bool with_scope_info = true;
  bool with_resource_labels = false;
  std::uint64_t expiration_nanos = 300'000'000'000;
  // A series is some 500 bytes; a million is what one Prometheus server bears as well.
  std::size_t series_max = 1'000'000;
};

class Series {
 public:
  explicit Series(SeriesSettings settings) : settings_(std::move(settings)) {}

  // Takes the points of a decoded batch; returns how many were refused because of series_max.
  std::uint64_t update(const DecodedMetrics& metrics, std::uint64_t now_nanos);
  // Drops what has expired and writes the rest.
  std::string to_text(std::uint64_t now_nanos);

 private:
  enum class Type : std::uint8_t { kGauge, kCounter, kHistogram, kSummary };

  // The state of one stream; which members count depends on the family's type.
  struct State {
    std::uint64_t updated_nanos = 0;
    std::uint64_t time_unix_nano = 0;
    double value = 0;
    std::uint64_t count = 0;
    double sum = 0;
    std::vector<std::pair<double, std::uint64_t>> buckets;  // upper bound, count in the bucket
    std::vector<std::pair<double, double>> quantiles;
  };
  struct Family {
    Type type = Type::kGauge;
    std::string help;
    std::map<std::string, State> states;  // by the text of the labels
  };

  struct Target {  // what all points of one scope share
    std::string labels;
  };

  void update_metric(const Metric& metric, const Target& target, std::uint64_t now_nanos,
                     std::uint64_t& refused) KOLBEN_REQUIRES(mutex_);
  State* state_of(Family& family, const Target& target, const Attributes& attributes,
                  std::uint64_t now_nanos) KOLBEN_REQUIRES(mutex_);
  std::string base_labels(const Resource& resource, const Scope& scope) const;
  void update_target_info(const Resource& resource, std::uint64_t now_nanos)
      KOLBEN_REQUIRES(mutex_);
  void append_family(std::string& out, const std::string& name, const Family& family) const;

  const SeriesSettings settings_;
  Mutex mutex_;
  std::map<std::string, Family> families_ KOLBEN_GUARDED_BY(mutex_);
  std::size_t series_count_ KOLBEN_GUARDED_BY(mutex_) = 0;
};

}  // namespace kolben::exporters::prometheus
