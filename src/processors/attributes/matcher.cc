#include "processors/attributes/matcher.h"

#include <re2/re2.h>

#include <algorithm>
#include <utility>

#include "model/value_text.h"

namespace kolben::processors::attributes {
namespace {

std::string_view kind_name(SpanKind kind) {
  switch (kind) {
    case SpanKind::kInternal:
      return "SPAN_KIND_INTERNAL";
    case SpanKind::kServer:
      return "SPAN_KIND_SERVER";
    case SpanKind::kClient:
      return "SPAN_KIND_CLIENT";
    case SpanKind::kProducer:
      return "SPAN_KIND_PRODUCER";
    case SpanKind::kConsumer:
      return "SPAN_KIND_CONSUMER";
    default:
      return "SPAN_KIND_UNSPECIFIED";
  }
}

}  // namespace

Matcher::Matcher(config::Reader& reader) {
  std::size_t type = 0;
  if (!reader.has("match_type")) reader.error("match_type", "is missing: strict or regexp");
  reader.choice("match_type", {"strict", "regexp"}, type);
  is_regexp_ = type == 1;
  services_ = read_patterns(reader, "services");
  span_names_ = read_patterns(reader, "span_names");
  span_kinds_ = read_patterns(reader, "span_kinds");
  log_bodies_ = read_patterns(reader, "log_bodies");
  metric_names_ = read_patterns(reader, "metric_names");
  attributes_ = read_attributes(reader, "attributes");
  resources_ = read_attributes(reader, "resources");
}

Matcher::~Matcher() = default;

bool Matcher::Patterns::match(std::string_view text) const {
  if (is_empty()) return true;
  if (std::find(texts.begin(), texts.end(), text) != texts.end()) return true;
  return std::any_of(expressions.begin(), expressions.end(), [&](const auto& expression) {
    return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *expression);
  });
}

Matcher::Patterns Matcher::read_patterns(config::Reader& reader, std::string_view key) const {
  Patterns patterns;
  std::vector<std::string> texts;
  reader.optional(key, texts);
  if (!is_regexp_) {
    patterns.texts = std::move(texts);
    return patterns;
  }
  for (const std::string& text : texts) {
    auto expression = std::make_unique<re2::RE2>(text, re2::RE2::Quiet);
    if (!expression->ok()) reader.error(key, expression->error());
    patterns.expressions.push_back(std::move(expression));
  }
  return patterns;
}

std::vector<Matcher::AttributePattern> Matcher::read_attributes(config::Reader& reader,
                                                                std::string_view key) const {
  std::vector<AttributePattern> patterns;
  for (const auto& item : reader.children(key)) {
    AttributePattern pattern;
    item->optional("key", pattern.key);
    if (pattern.key.empty()) item->error("key", "is missing");
    if (const config::Node* value = item->raw("value")) {
      if (is_regexp_) {
        auto expression = std::make_unique<re2::RE2>(value->text, re2::RE2::Quiet);
        if (!expression->ok()) item->error("value", expression->error());
        pattern.value.expressions.push_back(std::move(expression));
      } else {
        pattern.value.texts.push_back(value->text);
      }
    }
    patterns.push_back(std::move(pattern));
  }
  return patterns;
}

bool Matcher::match_attributes(const std::vector<AttributePattern>& patterns,
                               const Attributes& attributes) {
  return std::all_of(patterns.begin(), patterns.end(), [&](const AttributePattern& pattern) {
    const Value* value = find(attributes, pattern.key);
    return value != nullptr &&
           (pattern.value.is_empty() || pattern.value.match(value_text(*value)));
  });
}

bool Matcher::matches_common(const Resource& resource, const Attributes& attributes) const {
  return services_.match(service_name(resource)) && match_attributes(attributes_, attributes) &&
         match_attributes(resources_, resource.attributes);
}

bool Matcher::matches(const Resource& resource, const Span& span) const {
  return matches_common(resource, span.attributes) && span_names_.match(span.name) &&
         span_kinds_.match(kind_name(span.kind));
}

bool Matcher::matches(const Resource& resource, const Metric& metric,
                      const Attributes& point) const {
  return matches_common(resource, point) && metric_names_.match(metric.name);
}

bool Matcher::matches(const Resource& resource, const LogRecord& record) const {
  if (!matches_common(resource, record.attributes)) return false;
  return log_bodies_.is_empty() || log_bodies_.match(value_text(record.body));
}

}  // namespace kolben::processors::attributes
