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

// After Knuth, Morris and Pratt: a value is read once, whatever is looked for. Trying each place
// anew would take hundreds of times as long where the text and the values are one letter repeated.
class Finder {
 public:
  explicit Finder(std::string_view text) : wanted_(text), borders_(text.size(), 0) {
    std::transform(wanted_.begin(), wanted_.end(), wanted_.begin(), lower);
    for (std::size_t end = 1; end < wanted_.size(); ++end) {
      borders_[end] = next(borders_[end - 1], wanted_[end]);
    }
  }

  bool is_in(std::string_view text) const {
    std::size_t matched = 0;
    for (const char c : text) {
      matched = next(matched, lower(c));
      if (matched == wanted_.size()) return true;
    }
    return false;
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
  // How much of what is wanted has come, after `matched` of it and this character.
  std::size_t next(std::size_t matched, char c) const {
    while (matched > 0 && wanted_[matched] != c) matched = borders_[matched - 1];
    return wanted_[matched] == c ? matched + 1 : 0;
  }

  std::string wanted_;
  // Of each beginning of it: how much of its end is a beginning, too.
  std::vector<std::size_t> borders_;
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
