// The table of spans: requests decoded, sorted into the order of rows, dealt out to the retention
// classes of their traces.
#include <deque>
#include <map>

#include "storage/engine/part/span_part_writer.h"
#include "storage/engine/table_builder.h"

namespace kolben::storage::engine {
namespace {

using part::SpanRow;

struct ResourceAt {
  const Resource* resource = nullptr;
  std::string_view schema_url;
};
struct ScopeAt {
  const Scope* scope = nullptr;
  std::string_view schema_url;
};

// Writes rows whose resources and scopes are numbered by us into a part that has numbers of its
// own.
class ClassWriter {
 public:
  explicit ClassWriter(std::unique_ptr<PartOutput> output)
      : output_(std::move(output)),
        writer_([this](std::string_view bytes) { return output_->append(bytes); }) {}

  void add(std::span<const SpanRow> rows, const std::vector<ResourceAt>& resources,
           const std::vector<ScopeAt>& scopes) {
    rows_.assign(rows.begin(), rows.end());
    for (SpanRow& row : rows_) {
      const ResourceAt& resource = resources[row.resource];
      row.resource = number(resources_, row.resource, [&] {
        return writer_.part().resource(*resource.resource, resource.schema_url);
      });
      const ScopeAt& scope = scopes[row.scope];
      row.scope = number(scopes_, row.scope,
                         [&] { return writer_.part().scope(*scope.scope, scope.schema_url); });
    }
    writer_.add(rows_);
  }

  Result<BuiltPart> finish(const Arrival& arrival, std::uint32_t retention_class) {
    note_arrival(writer_.part().facts(), arrival);
    writer_.part().facts().retention_class = retention_class;
    KOLBEN_RETURN_IF_ERROR(writer_.finish());
    BuiltPart built;
    KOLBEN_TRY(built.part, output_->finish());
    built.number = output_->number();
    return built;
  }
  std::uint64_t copies() const { return writer_.duplicates(); }

 private:
  // `ours` in the part; asked for once.
  template <typename Ask>
  static std::uint32_t number(std::vector<std::uint32_t>& known, std::uint32_t ours, Ask ask) {
    if (ours >= known.size()) known.resize(ours + 1, UINT32_MAX);
    if (known[ours] == UINT32_MAX) known[ours] = ask();
    return known[ours];
  }

  const std::unique_ptr<PartOutput> output_;
  part::SpanPartWriter writer_;
  std::vector<std::uint32_t> resources_, scopes_;  // by our number
  std::vector<SpanRow> rows_;
};

class SpanBuilder final : public TableBuilder {
 public:
  SpanBuilder(const RetentionClasses& classes, PartTarget& target)
      : classes_(classes), target_(target) {}

  Status add(const Request& request) override;
  Status finish(const Arrival& arrival, std::vector<BuiltPart>& parts) override;
  std::uint64_t copies() const override { return copies_; }

 private:
  std::uint32_t class_of(std::span<const SpanRow> trace) const;

  const RetentionClasses& classes_;
  PartTarget& target_;
  std::deque<Batch> batches_;  // what rows point into
  std::vector<ResourceAt> resources_;
  std::vector<ScopeAt> scopes_;
  std::vector<SpanRow> rows_;
  std::uint64_t copies_ = 0;
};

Status SpanBuilder::add(const Request& request) {
  KOLBEN_TRY(Batch batch, decode_request(request));
  if (batch.items() != request.fingerprints.size()) {
    return invalid_argument("a request has other spans than it seemed to have");
  }
  batches_.push_back(std::move(batch));
  std::size_t next = 0;
  for (const ResourceSpans& resource : batches_.back().traces().resources) {
    const auto resource_number = static_cast<std::uint32_t>(resources_.size());
    resources_.push_back({&resource.resource, resource.schema_url});
    for (const ScopeSpans& scope : resource.scopes) {
      const auto scope_number = static_cast<std::uint32_t>(scopes_.size());
      scopes_.push_back({&scope.scope, scope.schema_url});
      for (const Span& span : scope.spans) {
        const std::uint64_t fingerprint = request.fingerprints[next++];
        if (fingerprint == 0) continue;
        rows_.push_back({&span, resource_number, scope_number, fingerprint});
      }
    }
  }
  return Status::ok();
}

std::uint32_t SpanBuilder::class_of(std::span<const SpanRow> trace) const {
  if (!classes_.has_rules()) return 0;
  std::uint32_t longest = 0;
  for (const SpanRow& row : trace) {
    const std::string_view service = service_name(*resources_[row.resource].resource);
    longest = classes_.longer(longest, classes_.class_of(service, *row.span));
  }
  return longest;
}

Status SpanBuilder::finish(const Arrival& arrival, std::vector<BuiltPart>& parts) {
  part::sort_rows(rows_);
  std::map<std::uint32_t, std::unique_ptr<ClassWriter>> writers;
  std::span<const SpanRow> left = rows_;
  while (!left.empty()) {
    std::size_t end = 1;
    while (end < left.size() && left[end].span->trace_id == left.front().span->trace_id) ++end;
    const std::span<const SpanRow> trace = left.first(end);
    left = left.subspan(end);
    std::unique_ptr<ClassWriter>& writer = writers[class_of(trace)];
    if (!writer) {
      KOLBEN_TRY(std::unique_ptr<PartOutput> output, target_.begin());
      writer = std::make_unique<ClassWriter>(std::move(output));
    }
    writer->add(trace, resources_, scopes_);
  }
  for (const auto& [retention_class, writer] : writers) {
    KOLBEN_TRY(BuiltPart built, writer->finish(arrival, retention_class));
    parts.push_back(std::move(built));
    copies_ += writer->copies();
  }
  return Status::ok();
}

}  // namespace

std::unique_ptr<TableBuilder> make_span_builder(const RetentionClasses& classes,
                                                PartTarget& target) {
  return std::make_unique<SpanBuilder>(classes, target);
}

}  // namespace kolben::storage::engine
