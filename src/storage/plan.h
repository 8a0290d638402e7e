// What a query is, whoever asks and whichever engine answers: every API and language of src/query
// becomes one of these, the embedded engine evaluates it, and ClickHouse's will write SQL from it.
// Plain data.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/ids.h"

namespace kolben::storage {

// Nanoseconds since 1970 UTC: begin included, end excluded.
struct TimeRange {
  std::uint64_t begin = 0;
  std::uint64_t end = UINT64_MAX;

  bool contains(std::uint64_t time) const { return begin <= time && time < end; }
};

// Where an attribute is looked for.
enum class AttributeScope : std::uint8_t {
  kAny,  // span, then resource, scope, event, link: Jaeger's rule for tags
  kSpan,
  kResource,
  kScope,
  kEvent,
  kLink,
};

// What every span (or log record) has without attributes.
enum class Intrinsic : std::uint8_t {
  kServiceName,
  kName,    // of the span; of a log record its event name
  kKind,    // "server", as Jaeger spells it
  kStatus,  // "unset", "ok", "error"
  kStatusMessage,
  kDuration,  // nanoseconds
  kScopeName,
  kScopeVersion,
  kTraceState,
  kIsRoot,
  kTraceDuration,  // of the whole trace
  kSeverity,       // log records: severity number
  kBody,           // log records: the text of the body
};

struct Attribute {
  AttributeScope scope = AttributeScope::kAny;
  std::string key;
};

using Field = std::variant<Attribute, Intrinsic>;

enum class Operator : std::uint8_t {
  kEqual,
  kNotEqual,  // the field exists and differs
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kRegex,  // RE2, anchored at both ends
  kExists,
};

constexpr bool is_ordering(Operator op) {
  return op == Operator::kLess || op == Operator::kLessOrEqual || op == Operator::kGreater ||
         op == Operator::kGreaterOrEqual;
}

// `text` compares with any value by its text form (Jaeger's rule); the others compare by number or
// truth with values of those types.
using Operand = std::variant<std::string, std::int64_t, double, bool>;

struct Compare {
  Field field;
  Operator op = Operator::kEqual;
  Operand operand;
};

// A condition on one span (or one log record).
struct Filter;
struct And {
  std::vector<Filter> terms;  // none: everything matches
};
struct Or {
  std::vector<Filter> terms;
};
struct Not {
  std::shared_ptr<const Filter> term;
};
struct Filter {
  std::variant<And, Or, Not, Compare> node;
};

// Traces that have at least one span that matches, newest first (by the start of their earliest
// span, then by id): exact and repeatable.
struct TraceQuery {
  TimeRange range = {};  // of the matching span's start
  Filter filter = {};
  std::uint32_t limit = 20;
  // The `next_cursor` of the page before; empty: the first page.
  std::string cursor = {};
};

// Matching spans counted over time.
struct HistogramQuery {
  TimeRange range = {};
  Filter filter = {};
  std::uint32_t buckets = 60;
};

struct LogQuery {
  TimeRange range = {};
  Filter filter = {};
  std::optional<TraceId> trace_id = {};
  std::uint32_t limit = 1000;
};

}  // namespace kolben::storage
