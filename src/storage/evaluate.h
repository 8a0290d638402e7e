// Compiled filters: a Filter of plan.h made ready to be asked many times, and the one definition of
// what its conditions mean, whichever engine asks. Immutable after compile(); any thread.
//
// Attributes are the first under their key: OTLP forbids two. Meaning of a condition where its
// field has several values (the span's attribute and the resource's of the same key; one attribute
// in many events): it holds where any value satisfies it, and kNotEqual where there is a value and
// none is equal. kAny looks everywhere.
//
//  - A text operand compares with the text form of any value (model/value_text.h). Ordered
//  comparison of a number with a text that is a
//    number goes by number, everything else by bytes.
//  - A number compares with int and double values, a bool with bool values; others never match.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/logs.h"
#include "model/resource.h"
#include "model/traces.h"
#include "model/value_text.h"
#include "storage/plan.h"

namespace kolben::storage {

// Filters come from strangers' queries: more conditions or deeper nesting than any person writes.
inline constexpr std::size_t kFilterNodesMax = 1000;
inline constexpr int kFilterDepthMax = 50;

// A Compare that is ready to be asked.
class Condition {
 public:
  static Result<Condition> compile(const Compare& compare);
  Condition(Condition&&) noexcept;
  Condition& operator=(Condition&&) noexcept;
  ~Condition();

  const Field& field() const { return compare_.field; }
  Operator op() const { return compare_.op; }
  const Operand& operand() const { return compare_.operand; }

  // Of a regular expression: what every text has in it that matches; may be empty.
  const std::string& required_text() const { return required_text_; }

  // One condition's journey over the values of its field: see each, then ask holds().
  struct Seen {
    bool any = false;
    bool matched = false;
  };
  void see(const Value& value, Seen& seen) const {
    seen.any = true;
    if (!seen.matched) seen.matched = is_satisfied_by(value);
  }
  void see_text(std::string_view text, Seen& seen) const { see(Value::string(text), seen); }
  bool holds(const Seen& seen) const {
    if (compare_.op == Operator::kNotEqual) return seen.any && !seen.matched;
    return seen.matched;
  }
  // Whether the value satisfies the operator; of kNotEqual, whether it is equal.
  bool is_satisfied_by(const Value& value) const;
  // Of a field that has exactly one value.
  bool holds_for(const Value& value) const {
    Seen seen;
    see(value, seen);
    return holds(seen);
  }

 private:
  struct Regex;
  explicit Condition(Compare compare);

  bool compares_text(std::string_view text) const;
  bool compares_number(const Value& value) const;

  Compare compare_;
  std::string_view text_operand() const;
  std::optional<std::int64_t> operand_int_;  // of a number, or of a text that is exactly one
  std::optional<double> operand_real_;
  std::unique_ptr<Regex> regex_;
  std::string required_text_;
};

// The tree of a filter.
class CompiledFilter {
 public:
  struct Node {
    enum class Kind : std::uint8_t { kAnd, kOr, kNot, kCondition, kRelated };
    Kind kind = Kind::kAnd;
    std::vector<Node> children;  // of kNot and kRelated one
    std::optional<Condition> condition;
    Relation relation = Relation::kParent;  // of kRelated
  };

  static Result<CompiledFilter> compile(const Filter& filter);
  const Node& root() const { return root_; }

  // `decide(const Condition&) -> bool` is asked for conditions until the outcome is clear,
  // `relate(const Node&) -> bool` for relatives.
  template <typename Decide, typename Relate>
  static bool evaluate(const Node& node, Decide&& decide, Relate&& relate) {
    switch (node.kind) {
      case Node::Kind::kAnd:
        for (const Node& child : node.children) {
          if (!evaluate(child, decide, relate)) return false;
        }
        return true;
      case Node::Kind::kOr:
        for (const Node& child : node.children) {
          if (evaluate(child, decide, relate)) return true;
        }
        return false;
      case Node::Kind::kNot:
        return !evaluate(node.children.front(), decide, relate);
      case Node::Kind::kCondition:
        return decide(*node.condition);
      case Node::Kind::kRelated:
        return relate(node);
    }
    return false;
  }
  // Of something that has no relatives.
  template <typename Decide>
  static bool evaluate(const Node& node, Decide&& decide) {
    return evaluate(node, decide, [](const Node&) { return false; });
  }

 private:
  Node root_;
};

// What a span's conditions on its whole trace look at.
struct TraceFacts {
  std::uint64_t duration = 0;  // nanoseconds
  std::uint64_t spans = 0;
  bool has_root = false;
  std::string root_service, root_name;  // of the earliest span without a parent
};

// Whether a decoded span (or log record) matches; of conditions on relatives, as one that has none.
bool matches(const CompiledFilter& filter, const Resource& resource, const Scope& scope,
             const Span& span, const TraceFacts& trace = {});
bool matches(const CompiledFilter& filter, const Resource& resource, const Scope& scope,
             const LogRecord& record);
// One condition alone.
bool holds(const Condition& condition, const Resource& resource, const Scope& scope,
           const Span& span, const TraceFacts& trace);

// The value of a field that grouping goes by: the first there is, in the order of AttributeScope.
// Views into the arguments.
std::optional<Value> first_value(const Field& field, const Resource& resource, const Scope& scope,
                                 const Span& span, const TraceFacts& trace);

}  // namespace kolben::storage
