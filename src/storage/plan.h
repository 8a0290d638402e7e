// What a query is, whoever asks and whichever engine answers: every API and language of src/query
// becomes one of these, the embedded engine evaluates it, and ClickHouse's will write SQL from it.
// Plain data.
#pragma once

#include <atomic>
#include <chrono>
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
  static constexpr std::uint64_t kForever = UINT64_MAX;  // as an end: no time is too late

  std::uint64_t begin = 0;
  std::uint64_t end = kForever;

  bool contains(std::uint64_t time) const { return overlaps(time, time); }
  // Whether times from `first` to `last` may be in it.
  bool overlaps(std::uint64_t first, std::uint64_t last) const {
    return begin <= last && (first < end || end == kForever);
  }
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
  kEventName,      // of each event
  kTraceSpans,     // how many spans the whole trace has
  kRootService,    // of the trace's root, where there is one
  kRootName,
};

struct Attribute {
  AttributeScope scope = AttributeScope::kAny;
  std::string key;

  friend bool operator==(const Attribute&, const Attribute&) = default;
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
// The span has a relative, another span of its trace, that matches. A parent is any span with the
// id that the child names, wherever it is stored; where it is missing, only that branch ends.
enum class Relation : std::uint8_t {
  kParent,
  kAncestor,  // a parent, a parent's parent, and so on
  kChild,
  kDescendant,
  kSibling,  // names the same parent, which need not be there
};
struct Related {
  Relation relation = Relation::kParent;
  std::shared_ptr<const Filter> term;
};
struct Filter {
  std::variant<And, Or, Not, Compare, Related> node;
};

// A query at work, seen by who asked: shared with the store while it answers. Any thread.
struct Watch {
  std::atomic<bool> is_cancelled = false;  // set it, and the query ends with CANCELLED
  std::atomic<std::uint64_t> rows_scanned = 0;
  std::atomic<std::uint64_t> rows_total = 0;  // that the query may have to look at
  // Everything from here on was looked at; falls while the query works.
  std::atomic<std::uint64_t> searched_back_to = UINT64_MAX;
  // Where it is there and set, whoever asked is gone: as if cancelled. Constant while the query
  // works.
  std::shared_ptr<const std::atomic<bool>> is_asker_gone = {};
};

// How far a query may go. At the end of its time a query fails with DEADLINE_EXCEEDED, or answers
// with what it has where `partial` is set; at the end of its memory it fails with
// RESOURCE_EXHAUSTED.
struct Limits {
  std::chrono::nanoseconds time_max{0};  // 0: the store's
  std::uint64_t bytes_max = 0;           // 0: the store's
  bool partial = false;
  std::shared_ptr<Watch> watch = {};
};

enum class TraceOrder : std::uint8_t {
  kNewest,   // by the start of their earliest span
  kLongest,  // by the time from there to the end of their latest
};

// Traces that have at least one span that matches, in that order, then by id: exact and repeatable.
struct TraceQuery {
  TimeRange range = {};  // of the matching span's start
  Filter filter = {};
  std::uint32_t limit = 20;
  TraceOrder order = TraceOrder::kNewest;
  // The `next_cursor` of the page before, of the same order; empty: the first page.
  std::string cursor = {};
  // Whether TraceSummary::match is told, and the attributes of the span of which it shows the first
  // that is there.
  bool with_match = false;
  std::vector<std::string> detail_keys = {};
  Limits limits = {};
};

// Matching spans counted over time.
struct HistogramQuery {
  TimeRange range = {};
  Filter filter = {};
  std::uint32_t buckets = 60;
  Limits limits = {};
};

// By time; records of the same time in the order in which they lie.
enum class LogOrder : std::uint8_t { kOldestFirst, kNewestFirst };
struct LogQuery {
  TimeRange range = {};
  Filter filter = {};
  std::optional<TraceId> trace_id = {};
  LogOrder order = LogOrder::kOldestFirst;
  // So many, in that order, are passed over: where the page before ended among records of one time.
  // They lie in the same order only until parts are merged, or more of that time come: a page after
  // that may begin too early or too late among them.
  std::uint32_t skip = 0;
  std::uint32_t limit = 1000;
  Limits limits = {};
};

// Matching log records counted over time and by severity.
struct LogHistogramQuery {
  TimeRange range = {};
  Filter filter = {};
  std::uint32_t buckets = 60;
  Limits limits = {};
};

// Matching spans counted and measured, for each combination of values of up to three fields and
// over time. A field's value is the first that a span has, in the order of AttributeScope, in its
// text form; spans without one make a group of their own.
inline constexpr std::size_t kGroupFieldsMax = 3;
struct AggregateQuery {
  TimeRange range = {};
  Filter filter = {};
  std::vector<Field> group_by = {};
  std::uint32_t buckets = 1;
  // Whose values are measured where they are numbers; none: nothing is.
  std::optional<Field> measured = {};
  std::vector<double> quantiles = {};  // shares: 0.99
  // Groups that are told one by one: those with the most spans. The others are added up.
  std::uint32_t limit = 100;
  Limits limits = {};
};

// Matching spans by time and by the power of two of their duration.
struct HeatMapQuery {
  TimeRange range = {};
  Filter filter = {};
  std::uint32_t buckets = 60;
  Limits limits = {};
};

// The most frequent values of a field among matching spans.
struct TopValuesQuery {
  TimeRange range = {};
  Filter filter = {};
  Field field = {};
  std::uint32_t limit = 20;
  Limits limits = {};
};

// What two sets of spans differ in: the attributes and fields whose values have the most different
// shares. For "what do the slow ones have that the others have not".
struct DifferenceQuery {
  TimeRange range = {};
  Filter selected = {};
  Filter baseline = {};
  std::uint32_t limit = 50;
  Limits limits = {};
};

}  // namespace kolben::storage
