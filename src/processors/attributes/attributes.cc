#include "processors/attributes/attributes.h"

#include <optional>
#include <utility>

#include "config/reader.h"
#include "otlp/decode.h"
#include "pipeline/attribute_actions.h"
#include "processors/attributes/matcher.h"

namespace kolben::processors::attributes {
namespace {

class AttributesProcessor final : public pipeline::Processor {
 public:
  AttributesProcessor(pipeline::AttributeActions actions, std::unique_ptr<Matcher> include,
                      std::unique_ptr<Matcher> exclude, pipeline::Outputs outputs)
      : actions_(std::move(actions)),
        include_(std::move(include)),
        exclude_(std::move(exclude)),
        outputs_(outputs) {}

  Status start(pipeline::Host&) override { return Status::ok(); }
  void stop(pipeline::Deadline) override {}
  bool mutates() const override { return true; }

  Status consume(pipeline::Delivery&& delivery) override {
    Batch& batch = delivery.batch;
    KOLBEN_RETURN_IF_ERROR(kolben::otlp::decode(batch));
    switch (batch.signal()) {
      case Signal::kTraces:
        change_spans(batch);
        break;
      case Signal::kMetrics:
        change_points(batch);
        break;
      case Signal::kLogs:
        change_records(batch);
        break;
    }
    return outputs_.of(batch.signal())->consume(std::move(delivery));
  }

 private:
  template <typename... Item>
  bool is_chosen(const Item&... item) const {
    return (!include_ || include_->matches(item...)) && !(exclude_ && exclude_->matches(item...));
  }

  void change_spans(Batch& batch) const {
    for (ResourceSpans& resource : batch.traces().resources) {
      for (ScopeSpans& scope : resource.scopes) {
        for (Span& span : scope.spans) {
          if (is_chosen(resource.resource, span)) actions_.apply(span.attributes, batch.arena());
        }
      }
    }
  }

  void change_records(Batch& batch) const {
    for (ResourceLogs& resource : batch.logs().resources) {
      for (ScopeLogs& scope : resource.scopes) {
        for (LogRecord& record : scope.records) {
          if (is_chosen(resource.resource, record)) {
            actions_.apply(record.attributes, batch.arena());
          }
        }
      }
    }
  }

  void change_points(Batch& batch) const {
    for (ResourceMetrics& resource : batch.metrics().resources) {
      for (ScopeMetrics& scope : resource.scopes) {
        for (Metric& metric : scope.metrics) {
          const auto change = [&](auto& points) {
            for (auto& point : points) {
              if (is_chosen(resource.resource, metric, point.attributes)) {
                actions_.apply(point.attributes, batch.arena());
              }
            }
          };
          change(metric.number_points);
          change(metric.histogram_points);
          change(metric.exponential_histogram_points);
          change(metric.summary_points);
        }
      }
    }
  }

  const pipeline::AttributeActions actions_;
  const std::unique_ptr<Matcher> include_, exclude_;
  const pipeline::Outputs outputs_;
};

}  // namespace

std::unique_ptr<pipeline::Processor> create(pipeline::CreateContext& context) {
  config::Reader reader(context.config, "processors::" + context.id, context.errors);
  pipeline::AttributeActions actions(reader, "actions");
  std::unique_ptr<Matcher> include, exclude;
  if (auto child = reader.child("include")) include = std::make_unique<Matcher>(*child);
  if (auto child = reader.child("exclude")) exclude = std::make_unique<Matcher>(*child);
  return std::make_unique<AttributesProcessor>(std::move(actions), std::move(include),
                                               std::move(exclude), context.outputs);
}

}  // namespace kolben::processors::attributes
