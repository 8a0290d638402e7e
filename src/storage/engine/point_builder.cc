// The table of metric points: requests decoded, points dealt out to their series.
#include <deque>

#include "storage/engine/part/point_part_writer.h"
#include "storage/engine/table_builder.h"

namespace kolben::storage::engine {
namespace {

class PointBuilder final : public TableBuilder {
 public:
  explicit PointBuilder(PartTarget& target) : target_(target) {}

  Status add(const Request& request) override;
  Status finish(const Arrival& arrival, std::vector<BuiltPart>& parts) override;

 private:
  Status begin();
  void add_metric(std::uint32_t resource, std::uint32_t scope, const Metric& metric);
  template <typename Point>
  void add_points(std::uint32_t resource, std::uint32_t scope, const Metric& metric,
                  const List<Point>& points) {
    for (const Point& point : points) {
      rows_.push_back({&point,
                       writer_->series().number_of(resource, scope, metric, point.attributes),
                       point.time_unix_nano});
    }
  }

  PartTarget& target_;
  std::unique_ptr<PartOutput> output_;
  std::unique_ptr<part::PointPartWriter> writer_;
  std::deque<Batch> batches_;  // what rows point into
  std::vector<part::PointRow> rows_;
  std::vector<std::uint64_t> fingerprints_;
};

Status PointBuilder::begin() {
  KOLBEN_TRY(output_, target_.begin());
  writer_ = std::make_unique<part::PointPartWriter>(
      [this](std::string_view bytes) { return output_->append(bytes); });
  return Status::ok();
}

Status PointBuilder::add(const Request& request) {
  KOLBEN_TRY(Batch batch, decode_request(request));
  if (!writer_) KOLBEN_RETURN_IF_ERROR(begin());
  fingerprints_.insert(fingerprints_.end(), request.fingerprints.begin(),
                       request.fingerprints.end());
  batches_.push_back(std::move(batch));
  for (const ResourceMetrics& resource : batches_.back().metrics().resources) {
    const std::uint32_t resource_number =
        writer_->part().resource(resource.resource, resource.schema_url);
    for (const ScopeMetrics& scope : resource.scopes) {
      const std::uint32_t scope_number = writer_->part().scope(scope.scope, scope.schema_url);
      for (const Metric& metric : scope.metrics) add_metric(resource_number, scope_number, metric);
    }
  }
  return Status::ok();
}

void PointBuilder::add_metric(std::uint32_t resource, std::uint32_t scope, const Metric& metric) {
  add_points(resource, scope, metric, metric.number_points);
  add_points(resource, scope, metric, metric.histogram_points);
  add_points(resource, scope, metric, metric.exponential_histogram_points);
  add_points(resource, scope, metric, metric.summary_points);
}

Status PointBuilder::finish(const Arrival& arrival, std::vector<BuiltPart>& parts) {
  if (!writer_) return Status::ok();
  writer_->add(std::move(rows_));
  part::PartWriter& part = writer_->part();
  note_arrival(part.facts(), arrival);
  part.blocks().fingerprints = part.write(encode_fingerprints(fingerprints_));
  KOLBEN_RETURN_IF_ERROR(writer_->finish());
  BuiltPart built;
  KOLBEN_TRY(built.part, output_->finish());
  built.number = output_->number();
  parts.push_back(std::move(built));
  return Status::ok();
}

}  // namespace

std::unique_ptr<TableBuilder> make_point_builder(PartTarget& target) {
  return std::make_unique<PointBuilder>(target);
}

}  // namespace kolben::storage::engine
