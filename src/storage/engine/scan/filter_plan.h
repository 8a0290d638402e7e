// FilterPlan: a filter compiled for row groups: what each condition means for each type of column,
// the cheap terms before the dear ones. And PartPlan: a filter's meaning in one part: the columns
// of its keys, and what it says of the part's resources and scopes. Immutable; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "storage/engine/part/part.h"
#include "storage/engine/scan/value_test.h"
#include "storage/evaluate.h"

namespace kolben::storage::scan {

// A condition with its tests.
struct ConditionPlan {
  const Condition* condition = nullptr;
  // By ColumnType; of intrinsics that are stored as numbers or texts, kInt and kString.
  std::array<ValueTest, 16> tests;
  ValueTest unsigned_test;  // of durations and counts

  const ValueTest& test(part::ColumnType type) const {
    return tests[static_cast<std::size_t>(type)];
  }
};

class FilterPlan {
 public:
  struct Node {
    CompiledFilter::Node::Kind kind = CompiledFilter::Node::Kind::kAnd;
    std::vector<Node> children;
    std::size_t condition = 0;  // in conditions(), of kCondition
    Relation relation = Relation::kParent;
    int cost = 0;
  };

  static Result<std::unique_ptr<FilterPlan>> compile(const Filter& filter);

  const Node& root() const { return root_; }
  const std::vector<ConditionPlan>& conditions() const { return conditions_; }
  // Whether a condition looks at more of a trace than the span itself.
  bool needs_traces() const { return needs_traces_; }

 private:
  FilterPlan() = default;
  Node plan(const CompiledFilter::Node& node);
  void plan_condition(const Condition& condition, Node& node);

  std::unique_ptr<CompiledFilter> filter_;
  std::vector<ConditionPlan> conditions_;
  Node root_;
  bool needs_traces_ = false;
};

// A column that may hold values under a key; of type kRest, pairs of keys and values.
struct KeyColumn {
  std::uint32_t column = 0;
  part::ColumnType type = part::ColumnType::kString;
};
using KeyColumns = std::array<std::vector<KeyColumn>, part::kPlaces>;

// The scope that attributes in the place are asked for by.
AttributeScope scope_of(part::Place place);
// Where attributes of a key are in a part, of the places that `scope` covers.
KeyColumns columns_of(const part::Part& part, const Attribute& attribute);

struct ConditionBinding {
  KeyColumns columns;
  // By number in the part's tables; empty: the condition does not look there.
  std::vector<Condition::Seen> resources, scopes;
};

class PartPlan {
 public:
  PartPlan(const FilterPlan& filter, const part::Part& part);
  const ConditionBinding& operator[](std::size_t condition) const { return bindings_[condition]; }

 private:
  std::vector<ConditionBinding> bindings_;
};

}  // namespace kolben::storage::scan
