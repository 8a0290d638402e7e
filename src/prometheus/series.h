// Series: the last state of every metric stream, and its text in the exposition format 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/). Safe from any thread.
//
// Bounded by a number and by bytes: what finds no room is refused and counted, and room comes back
// as series expire, scraped or not. One bad stream spoils no scrape: labels have each name once,
// and a metric that comes as another type than the series there are is refused.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "model/batch.h"
#include "prometheus/buckets.h"
#include "prometheus/labels.h"
#include "prometheus/names.h"

namespace kolben::prometheus {

using Labels = std::vector<std::pair<std::string, std::string>>;

// A usual series: 200 bytes of labels and what the maps and the state take.
inline constexpr std::size_t kSeriesBytes = 512;
// However few series are allowed, one histogram with all its buckets (16 bytes each) fits, and as
// much again for its labels and its family.
inline constexpr std::size_t kBytesMin = std::size_t{16} << 10;
static_assert(kBytesMin == 2 * 16 * kBucketsMax);

struct SeriesSettings {
  NameOptions names = {};
  Labels const_labels = {};
  bool send_timestamps = false;
  bool with_scope_info = true;
  bool with_target_info = true;
  // One program shows its own series: who scrapes it names the job and the instance, and all
  // attributes of the resource are in target_info. Those of a batch's further resources, services
  // that the program has started, name theirs, and have the attributes as labels in which they
  // differ from the first one's.
  bool is_one_target = false;
  bool with_resource_labels = false;
  std::uint64_t expiration_nanos = 300'000'000'000;
  // With kSeriesBytes each 128 MiB, an eighth of what `kolben up` may have: programs with too many
  // labels shall not crowd out the others' telemetry.
  std::size_t series_max = 262'144;

  std::size_t bytes_max() const { return std::max(series_max * kSeriesBytes, kBytesMin); }
};

class Series {
 public:
  explicit Series(SeriesSettings settings) : settings_(std::move(settings)) {}

  // Takes the points of a decoded batch; returns how many were refused: for lack of room, for their
  // type, or for too many buckets.
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
    Buckets buckets;
    std::vector<std::pair<double, double>> quantiles;
  };
  struct Family {
    Type type = Type::kGauge;
    std::string help;
    std::map<std::string, State> states;  // by the text of the labels; never empty
  };
  using Families = std::map<std::string, Family>;

  // Where a point goes.
  struct Stream {
    const std::string& name;
    Type type;
    std::string_view help;
    const LabelText& target;
  };

  static Type type_of(const Metric& metric);
  static std::size_t bytes_of(const std::string& labels, const State& state);
  static std::size_t bytes_of(const std::string& name, const Family& family);

  void update_metric(const Metric& metric, const LabelText& target, std::uint64_t now_nanos,
                     std::uint64_t& refused) KOLBEN_REQUIRES(mutex_);
  template <typename Points, typename Take>
  std::uint64_t take_points(const Stream& stream, const Points& points, std::uint64_t now_nanos,
                            Take take) KOLBEN_REQUIRES(mutex_);
  template <typename Fill>
  bool fill(const Stream& stream, const Attributes& attributes, std::uint64_t now_nanos, Fill fill)
      KOLBEN_REQUIRES(mutex_);
  bool has_room(std::size_t bytes, std::uint64_t now_nanos) KOLBEN_REQUIRES(mutex_);
  void expire(std::uint64_t now_nanos) KOLBEN_REQUIRES(mutex_);
  // `first`: of the batch.
  LabelText target_labels(const Resource& resource, const Resource& first,
                          const Scope& scope) const;
  void update_target_info(const Resource& resource, const Resource& first, std::uint64_t now_nanos)
      KOLBEN_REQUIRES(mutex_);
  void append_family(std::string& out, const std::string& name, const Family& family) const;

  const SeriesSettings settings_;
  Mutex mutex_;
  Families families_ KOLBEN_GUARDED_BY(mutex_);
  std::size_t series_count_ KOLBEN_GUARDED_BY(mutex_) = 0;
  std::size_t bytes_ KOLBEN_GUARDED_BY(mutex_) = 0;
  std::uint64_t swept_nanos_ KOLBEN_GUARDED_BY(mutex_) = 0;
};

}  // namespace kolben::prometheus
