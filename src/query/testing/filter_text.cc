#include "query/testing/filter_text.h"

#include <array>
#include <cstdio>
#include <string_view>

namespace kolben::query::testing {
namespace {

using storage::Filter;

constexpr std::array<std::string_view, 6> kScopes = {"any",   "span",  "resource",
                                                     "scope", "event", "link"};
constexpr std::array<std::string_view, 17> kIntrinsics = {
    "service",    "name",          "kind",        "status",       "status_message", "duration",
    "scope_name", "scope_version", "trace_state", "is_root",      "trace_duration", "severity",
    "body",       "event_name",    "trace_spans", "root_service", "root_name"};
constexpr std::array<std::string_view, 5> kRelations = {"parent", "ancestor", "child", "descendant",
                                                        "sibling"};
constexpr std::array<std::string_view, 8> kOperators = {
    "=", "!=", "<", "<=", ">", ">=", "=~", "exists"};

std::string operand_text(const storage::Operand& operand) {
  if (const auto* text = std::get_if<std::string>(&operand)) return '"' + *text + '"';
  if (const auto* integer = std::get_if<std::int64_t>(&operand)) return std::to_string(*integer);
  if (const auto* truth = std::get_if<bool>(&operand)) return *truth ? "true" : "false";
  char text[40];
  std::snprintf(text, sizeof(text), "%g", std::get<double>(operand));
  return text;
}

std::string joined(const std::vector<Filter>& terms, std::string_view word) {
  std::string text = "(";
  for (const Filter& term : terms) {
    if (text.size() > 1) text += word;
    text += to_text(term);
  }
  return text + ")";
}

}  // namespace

std::string to_text(const storage::Field& field) {
  if (const auto* intrinsic = std::get_if<storage::Intrinsic>(&field)) {
    return std::string(kIntrinsics.at(static_cast<std::size_t>(*intrinsic)));
  }
  const auto& attribute = std::get<storage::Attribute>(field);
  return std::string(kScopes.at(static_cast<std::size_t>(attribute.scope))) + "." + attribute.key;
}

std::string to_text(const Filter& filter) {
  if (const auto* all = std::get_if<storage::And>(&filter.node)) return joined(all->terms, " and ");
  if (const auto* any = std::get_if<storage::Or>(&filter.node)) return joined(any->terms, " or ");
  if (const auto* negated = std::get_if<storage::Not>(&filter.node)) {
    return "not " + to_text(*negated->term);
  }
  if (const auto* related = std::get_if<storage::Related>(&filter.node)) {
    return "has " + std::string(kRelations.at(static_cast<std::size_t>(related->relation))) + " " +
           to_text(*related->term);
  }
  const auto& compare = std::get<storage::Compare>(filter.node);
  const std::string op(kOperators.at(static_cast<std::size_t>(compare.op)));
  if (compare.op == storage::Operator::kExists) return to_text(compare.field) + " exists";
  return to_text(compare.field) + " " + op + " " + operand_text(compare.operand);
}

}  // namespace kolben::query::testing
