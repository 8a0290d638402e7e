#include "query/page/find_in_trace.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "model/value_text.h"

namespace kolben::query::page {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

class Finder {
 public:
  explicit Finder(std::string_view text) : wanted_(text) {
    std::transform(wanted_.begin(), wanted_.end(), wanted_.begin(), lower);
  }

  bool is_in(std::string_view text) const {
    const auto same = [](char a, char b) { return lower(a) == b; };
    return std::search(text.begin(), text.end(), wanted_.begin(), wanted_.end(), same) !=
           text.end();
  }
  bool is_in(const Value& value) const {
    return value.type() == ValueType::kString ? is_in(value.as_string())
                                              : is_in(std::string_view(value_text(value)));
  }
  bool is_in(const Attributes& attributes) const {
    return std::any_of(attributes.begin(), attributes.end(),
                       [this](const KeyValue& entry) { return is_in(entry.value); });
  }
  bool is_in(const LogRecord& record) const {
    return is_in(record.body) || is_in(record.attributes);
  }
  bool is_in(const Span& span) const {
    return is_in(span.status_message) || is_in(span.attributes) ||
           std::any_of(span.events.begin(), span.events.end(), [this](const SpanEvent& event) {
             return is_in(event.name) || is_in(event.attributes);
           });
  }

 private:
  std::string wanted_;
};

using SpanIds = std::unordered_set<SpanId, IdHash>;

SpanIds spans_of_logs(const DecodedLogs& logs, const Finder& finder) {
  SpanIds ids;
  for (const ResourceLogs& resource : logs.resources) {
    for (const ScopeLogs& scope : resource.scopes) {
      for (const LogRecord& record : scope.records) {
        if (!record.span_id.is_zero() && finder.is_in(record)) ids.insert(record.span_id);
      }
    }
  }
  return ids;
}

}  // namespace

std::vector<std::uint32_t> find_in_trace(const std::vector<TraceRow>& rows, const DecodedLogs& logs,
                                         std::string_view text, std::size_t most) {
  const Finder finder(text);
  const SpanIds logged = spans_of_logs(logs, finder);
  std::unordered_map<const Resource*, bool> resources;  // many rows share one
  std::vector<std::uint32_t> found;
  for (std::uint32_t i = 0; i < rows.size() && found.size() < most; ++i) {
    const TraceRow& row = rows[i];
    const auto [resource, is_new] = resources.try_emplace(row.resource, false);
    if (is_new) resource->second = finder.is_in(row.resource->attributes);
    if (resource->second || logged.count(row.span->span_id) != 0 || finder.is_in(*row.span)) {
      found.push_back(i);
    }
  }
  return found;
}

}  // namespace kolben::query::page
