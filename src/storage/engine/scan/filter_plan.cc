#include "storage/engine/scan/filter_plan.h"

#include <algorithm>
#include <string>

namespace kolben::storage::scan {
namespace {

using part::ColumnType;
using part::Place;
using Kind = CompiledFilter::Node::Kind;

// What a condition costs in a row group, roughly in microseconds.
constexpr int kResourceCost = 1;
constexpr int kEnumCost = 2;
constexpr int kNameCost = 10;
constexpr int kAttributeCost = 20;
constexpr int kAnywhereCost = 40;
constexpr int kDurationCost = 60;
constexpr int kTraceCost = 10'000;
constexpr int kRelatedCost = 20'000;

int cost_of(Intrinsic field) {
  switch (field) {
    case Intrinsic::kServiceName:
    case Intrinsic::kScopeName:
    case Intrinsic::kScopeVersion:
      return kResourceCost;
    case Intrinsic::kKind:
    case Intrinsic::kStatus:
      return kEnumCost;
    case Intrinsic::kDuration:
    case Intrinsic::kIsRoot:
      return kDurationCost;
    case Intrinsic::kTraceDuration:
    case Intrinsic::kTraceSpans:
    case Intrinsic::kRootService:
    case Intrinsic::kRootName:
      return kTraceCost;
    default:
      return kNameCost;
  }
}

int cost_of(const Field& field) {
  if (const auto* intrinsic = std::get_if<Intrinsic>(&field)) return cost_of(*intrinsic);
  switch (std::get<Attribute>(field).scope) {
    case AttributeScope::kResource:
    case AttributeScope::kScope:
      return kResourceCost;
    case AttributeScope::kAny:
      return kAnywhereCost;
    default:
      return kAttributeCost;
  }
}

bool covers(AttributeScope asked, AttributeScope place) {
  return asked == AttributeScope::kAny || asked == place;
}

Condition::Seen seen_in(const Attributes& attributes, const std::string& key,
                        const Condition& condition) {
  Condition::Seen seen;
  if (const Value* value = find(attributes, key)) condition.see(*value, seen);
  return seen;
}

Condition::Seen seen_text(std::string_view text, const Condition& condition) {
  Condition::Seen seen;
  condition.see_text(text, seen);
  return seen;
}

template <typename Entries, typename See>
std::vector<Condition::Seen> see_all(const Entries& entries, See see) {
  std::vector<Condition::Seen> seen;
  seen.reserve(entries.size());
  for (const auto& entry : entries) seen.push_back(see(entry));
  return seen;
}

void bind_attribute(const Attribute& attribute, const Condition& condition, const part::Part& part,
                    ConditionBinding& binding) {
  binding.columns = columns_of(part, attribute);
  if (covers(attribute.scope, AttributeScope::kResource)) {
    binding.resources = see_all(part.resources(), [&](const part::ResourceEntry& entry) {
      return seen_in(entry.resource.attributes, attribute.key, condition);
    });
  }
  if (covers(attribute.scope, AttributeScope::kScope)) {
    binding.scopes = see_all(part.scopes(), [&](const part::ScopeEntry& entry) {
      return seen_in(entry.scope.attributes, attribute.key, condition);
    });
  }
}

void bind_intrinsic(Intrinsic field, const Condition& condition, const part::Part& part,
                    ConditionBinding& binding) {
  if (field == Intrinsic::kServiceName) {
    binding.resources = see_all(part.resources(), [&](const part::ResourceEntry& entry) {
      return seen_text(entry.service, condition);
    });
  } else if (field == Intrinsic::kScopeName || field == Intrinsic::kScopeVersion) {
    binding.scopes = see_all(part.scopes(), [&](const part::ScopeEntry& entry) {
      return seen_text(field == Intrinsic::kScopeName ? entry.scope.name : entry.scope.version,
                       condition);
    });
  }
}

}  // namespace

Result<std::unique_ptr<FilterPlan>> FilterPlan::compile(const Filter& filter) {
  Result<CompiledFilter> compiled = CompiledFilter::compile(filter);
  if (!compiled) return std::move(compiled).error();
  std::unique_ptr<FilterPlan> plan(new FilterPlan());
  plan->filter_ = std::make_unique<CompiledFilter>(std::move(*compiled));
  plan->root_ = plan->plan(plan->filter_->root());
  return plan;
}

FilterPlan::Node FilterPlan::plan(const CompiledFilter::Node& node) {
  Node made;
  made.kind = node.kind;
  made.relation = node.relation;
  if (node.kind == Kind::kCondition) {
    plan_condition(*node.condition, made);
    return made;
  }
  for (const CompiledFilter::Node& child : node.children) {
    made.children.push_back(plan(child));
    made.cost += made.children.back().cost;
  }
  if (node.kind == Kind::kRelated) {
    made.cost += kRelatedCost;
    needs_traces_ = true;
  }
  std::stable_sort(made.children.begin(), made.children.end(),
                   [](const Node& a, const Node& b) { return a.cost < b.cost; });
  return made;
}

void FilterPlan::plan_condition(const Condition& condition, Node& node) {
  node.condition = conditions_.size();
  node.cost = cost_of(condition.field());
  if (node.cost >= kTraceCost) needs_traces_ = true;
  ConditionPlan& plan = conditions_.emplace_back();
  plan.condition = &condition;
  for (const ColumnType type :
       {ColumnType::kEmpty, ColumnType::kString, ColumnType::kBool, ColumnType::kInt,
        ColumnType::kDouble, ColumnType::kArray, ColumnType::kKvlist, ColumnType::kBytes}) {
    plan.tests[static_cast<std::size_t>(type)] = ValueTest(condition, type);
  }
  plan.unsigned_test = ValueTest::of_unsigned(condition);
}

AttributeScope scope_of(Place place) {
  switch (place) {
    case Place::kEvent:
      return AttributeScope::kEvent;
    case Place::kLink:
      return AttributeScope::kLink;
    case Place::kRow:
      break;
  }
  return AttributeScope::kSpan;
}

KeyColumns columns_of(const part::Part& part, const Attribute& attribute) {
  KeyColumns columns;
  for (std::size_t i = 0; i < part.columns().size(); ++i) {
    const part::AttributeColumn& column = part.columns()[i];
    if (!covers(attribute.scope, scope_of(column.place))) continue;
    if (column.type != ColumnType::kRest && column.key != attribute.key) continue;
    columns[static_cast<std::size_t>(column.place)].push_back(
        {part::kFirstAttributeColumn + static_cast<std::uint32_t>(i), column.type});
  }
  return columns;
}

PartPlan::PartPlan(const FilterPlan& filter, const part::Part& part) {
  for (const ConditionPlan& plan : filter.conditions()) {
    ConditionBinding& binding = bindings_.emplace_back();
    const Field& field = plan.condition->field();
    if (const auto* attribute = std::get_if<Attribute>(&field)) {
      bind_attribute(*attribute, *plan.condition, part, binding);
    } else {
      bind_intrinsic(std::get<Intrinsic>(field), *plan.condition, part, binding);
    }
  }
}

}  // namespace kolben::storage::scan
