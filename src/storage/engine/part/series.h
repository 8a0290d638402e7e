// Series: what the points of one stream have in common: resource, scope, metric, attributes. A part
// numbers its series; SeriesTable gathers them, decode_series() brings them back. Pure; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "model/metrics.h"

namespace kolben::storage::part {

// A metric without its points: of Metric everything but the lists.
struct SeriesKey {
  std::uint32_t resource = 0;
  std::uint32_t scope = 0;
  Metric metric;
  Attributes attributes;
};

class SeriesTable {
 public:
  // The number of the series, which is new where it was never asked for.
  std::uint32_t number_of(std::uint32_t resource, std::uint32_t scope, const Metric& metric,
                          const Attributes& attributes);
  std::size_t size() const { return keys_.size(); }
  // For each series its place when ordered by metric name, then the rest: the order of rows, so
  // that the points of one metric stand together.
  std::vector<std::uint32_t> ranks() const;
  // An envelope with the series in the order of their ranks.
  std::string encode() const;

 private:
  std::vector<std::string> keys_;  // encoded; the metric's name first
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::string scratch_;
};

// `text` keeps the strings; lists are in `arena`.
struct DecodedSeries {
  std::string text;
  std::vector<SeriesKey> series;
};
Status decode_series(std::string_view envelope, Arena& arena, DecodedSeries& out);

}  // namespace kolben::storage::part
