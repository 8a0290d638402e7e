// The table of log records: requests decoded and sorted into the order of rows.
#include <deque>

#include "storage/engine/part/log_part_writer.h"
#include "storage/engine/table_builder.h"

namespace kolben::storage::engine {
namespace {

class LogBuilder final : public TableBuilder {
 public:
  explicit LogBuilder(PartTarget& target) : target_(target) {}

  Status add(const Request& request) override;
  Status finish(const Arrival& arrival, std::vector<BuiltPart>& parts) override;

 private:
  Status begin();

  PartTarget& target_;
  std::unique_ptr<PartOutput> output_;
  std::unique_ptr<part::LogPartWriter> writer_;
  std::deque<Batch> batches_;  // what rows point into
  std::vector<part::LogRow> rows_;
  std::vector<std::uint64_t> fingerprints_;
};

Status LogBuilder::begin() {
  KOLBEN_TRY(output_, target_.begin());
  writer_ = std::make_unique<part::LogPartWriter>(
      [this](std::string_view bytes) { return output_->append(bytes); });
  return Status::ok();
}

Status LogBuilder::add(const Request& request) {
  KOLBEN_TRY(Batch batch, decode_request(request));
  if (!writer_) KOLBEN_RETURN_IF_ERROR(begin());
  fingerprints_.insert(fingerprints_.end(), request.fingerprints.begin(),
                       request.fingerprints.end());
  batches_.push_back(std::move(batch));
  for (const ResourceLogs& resource : batches_.back().logs().resources) {
    const std::uint32_t resource_number =
        writer_->part().resource(resource.resource, resource.schema_url);
    for (const ScopeLogs& scope : resource.scopes) {
      const std::uint32_t scope_number = writer_->part().scope(scope.scope, scope.schema_url);
      for (const LogRecord& record : scope.records) {
        rows_.push_back({&record, resource_number, scope_number});
      }
    }
  }
  return Status::ok();
}

Status LogBuilder::finish(const Arrival& arrival, std::vector<BuiltPart>& parts) {
  if (!writer_) return Status::ok();
  part::sort_rows(rows_);
  writer_->add(rows_);
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

std::unique_ptr<TableBuilder> make_log_builder(PartTarget& target) {
  return std::make_unique<LogBuilder>(target);
}

}  // namespace kolben::storage::engine
