// Matcher: does this item belong to those that `include` or `exclude` describe? Every property that
// is named must match one of its values (the Collector's filterconfig). Constant after
// construction: any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/reader.h"
#include "model/logs.h"
#include "model/metrics.h"
#include "model/traces.h"

namespace re2 {
class RE2;
}

namespace kolben::processors::attributes {

class Matcher {
 public:
  explicit Matcher(config::Reader& reader);
  ~Matcher();

  bool matches(const Resource& resource, const Span& span) const;
  bool matches(const Resource& resource, const Metric& metric, const Attributes& point) const;
  bool matches(const Resource& resource, const LogRecord& record) const;

 private:
  // Texts, or regular expressions, one of which must match.
  struct Patterns {
    std::vector<std::string> texts;
    std::vector<std::unique_ptr<re2::RE2>> expressions;

    bool is_empty() const { return texts.empty() && expressions.empty(); }
    bool match(std::string_view text) const;
  };
  struct AttributePattern {
    std::string key;
    Patterns value;  // empty: the key is enough
  };

  Patterns read_patterns(config::Reader& reader, std::string_view key) const;
  std::vector<AttributePattern> read_attributes(config::Reader& reader, std::string_view key) const;
  bool matches_common(const Resource& resource, const Attributes& attributes) const;
  static bool match_attributes(const std::vector<AttributePattern>& patterns,
                               const Attributes& attributes);

  bool is_regexp_ = false;
  Patterns services_, span_names_, span_kinds_, log_bodies_, metric_names_;
  std::vector<AttributePattern> attributes_, resources_;
};

}  // namespace kolben::processors::attributes
