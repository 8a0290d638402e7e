// Walks a filter's tree over the rows of one row group, of whatever table. `Leaves` answers for the
// conditions:
//   Result<Outcome> prepare(std::size_t condition)         what is cheap to know
//   Status narrow(std::size_t condition, Selection& rows)  takes the others out
//   Status relate(const FilterPlan::Node& node, Selection& rows)
#pragma once

#include <utility>

#include "storage/engine/scan/column_scan.h"
#include "storage/engine/scan/filter_plan.h"
#include "storage/engine/scan/selection.h"

namespace kolben::storage::scan {

template <typename Leaves>
class FilterTree {
 public:
  using Node = FilterPlan::Node;
  using Kind = CompiledFilter::Node::Kind;

  explicit FilterTree(Leaves& leaves) : leaves_(leaves) {}

  Result<Outcome> prepare(const Node& node) {
    switch (node.kind) {
      case Kind::kCondition:
        return leaves_.prepare(node.condition);
      case Kind::kNot:
        return prepare(node.children.front()).transform(opposite);
      case Kind::kRelated:
        return Outcome::kSome;
      case Kind::kAnd:
      case Kind::kOr:
        break;
    }
    return prepare_terms(node);
  }

  Status narrow(const Node& node, Selection& rows) {
    KOLBEN_TRY(const Outcome outcome, prepare(node));
    if (outcome == Outcome::kAll) return Status::ok();
    if (outcome == Outcome::kNone) rows.clear();
    if (rows.none()) return Status::ok();
    switch (node.kind) {
      case Kind::kCondition:
        return leaves_.narrow(node.condition, rows);
      case Kind::kRelated:
        return leaves_.relate(node, rows);
      case Kind::kNot: {
        Selection matching = rows;
        KOLBEN_RETURN_IF_ERROR(narrow(node.children.front(), matching));
        rows.drop(matching);
        return Status::ok();
      }
      case Kind::kAnd:
        for (const Node& child : node.children) KOLBEN_RETURN_IF_ERROR(narrow(child, rows));
        return Status::ok();
      case Kind::kOr:
        return narrow_to_any(node, rows);
    }
    return Status::ok();
  }

 private:
  static Outcome opposite(Outcome outcome) {
    if (outcome == Outcome::kSome) return outcome;
    return outcome == Outcome::kAll ? Outcome::kNone : Outcome::kAll;
  }

  // Of And, one term that never holds decides; of Or, one that always does.
  Result<Outcome> prepare_terms(const Node& node) {
    const Outcome deciding = node.kind == Kind::kAnd ? Outcome::kNone : Outcome::kAll;
    Outcome outcome = opposite(deciding);
    for (const Node& child : node.children) {
      KOLBEN_TRY(const Outcome term, prepare(child));
      if (term == deciding) return term;
      if (term == Outcome::kSome) outcome = term;
    }
    return outcome;
  }

  Status narrow_to_any(const Node& node, Selection& rows) {
    Selection matching(rows.rows());
    for (const Node& child : node.children) {
      Selection more = rows;
      KOLBEN_RETURN_IF_ERROR(narrow(child, more));
      matching.add(more);
      rows.drop(more);
    }
    rows = std::move(matching);
    return Status::ok();
  }

  Leaves& leaves_;
};

}  // namespace kolben::storage::scan
