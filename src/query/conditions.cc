#include "query/conditions.h"

#include <array>
#include <charconv>
#include <utility>

#include "config/reader.h"

namespace kolben::query {

using storage::Attribute;
using storage::AttributeScope;
using storage::Field;
using storage::Filter;
using storage::Intrinsic;
using storage::Operand;
using storage::Operator;

namespace {

struct NamedField {
  std::string_view name;
  Intrinsic intrinsic;
};

constexpr NamedField kTagFields[] = {
    {"otel.scope.name", Intrinsic::kScopeName},
    {"otel.scope.version", Intrinsic::kScopeVersion},
    {"otel.status_code", Intrinsic::kStatus},
    {"otel.status_description", Intrinsic::kStatusMessage},
    {"scope.name", Intrinsic::kScopeName},
    {"scope.version", Intrinsic::kScopeVersion},
    {"span.kind", Intrinsic::kKind},
    {"span.status", Intrinsic::kStatus},
    {"w3c.tracestate", Intrinsic::kTraceState},
};

// Words that Jaeger knows as parameters, not as tags.
constexpr NamedField kExpressionFields[] = {
    {"duration", Intrinsic::kDuration},
    {"kind", Intrinsic::kKind},
    {"name", Intrinsic::kName},
    {"service", Intrinsic::kServiceName},
};

constexpr NamedField kLogFields[] = {
    {"body", Intrinsic::kBody},
    {"name", Intrinsic::kName},
    {"otel.scope.name", Intrinsic::kScopeName},
    {"otel.scope.version", Intrinsic::kScopeVersion},
    {"scope.name", Intrinsic::kScopeName},
    {"scope.version", Intrinsic::kScopeVersion},
    {"service", Intrinsic::kServiceName},
    {"severity", Intrinsic::kSeverity},
};

template <std::size_t N>
std::optional<Intrinsic> intrinsic_of(const NamedField (&table)[N], std::string_view name) {
  for (const NamedField& row : table) {
    if (row.name == name) return row.intrinsic;
  }
  return std::nullopt;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

// Kinds and states are stored in lower case and shown by some in upper.
std::string normalized(const Field& field, std::string_view value) {
  const auto* intrinsic = std::get_if<Intrinsic>(&field);
  if (intrinsic == nullptr) return std::string(value);
  const bool is_word = *intrinsic == Intrinsic::kKind || *intrinsic == Intrinsic::kStatus;
  return is_word ? lower(value) : std::string(value);
}

Filter negate(Filter term) {
  return {storage::Not{std::make_shared<const Filter>(std::move(term))}};
}

Filter name_is(Intrinsic field, std::string_view name, std::string_view empty_name) {
  Filter exact = compare(field, Operator::kEqual, std::string(name));
  if (name != empty_name) return exact;
  return {storage::Or{{std::move(exact), compare(field, Operator::kEqual, std::string())}}};
}

struct OperatorText {
  std::string_view text;
  Operator op;
};
// Longest first: "=~" before "=".
constexpr OperatorText kOperators[] = {
    {"=~", Operator::kRegex},       {"!=", Operator::kNotEqual}, {">=", Operator::kGreaterOrEqual},
    {"<=", Operator::kLessOrEqual}, {"=", Operator::kEqual},     {">", Operator::kGreater},
    {"<", Operator::kLess},
};

const OperatorText* operator_at(std::string_view text) {
  for (const OperatorText& candidate : kOperators) {
    if (text.starts_with(candidate.text)) return &candidate;
  }
  return nullptr;
}

std::string unquoted(std::string_view value) {
  const bool is_quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
  if (!is_quoted) return std::string(value);
  std::string out;
  for (std::size_t i = 1; i + 1 < value.size(); ++i) {
    if (value[i] == '\\' && i + 2 < value.size()) ++i;
    out += value[i];
  }
  return out;
}

std::optional<Operand> number_of(std::string_view text) {
  const char* const end = text.data() + text.size();
  std::int64_t integer = 0;
  if (auto [stop, error] = std::from_chars(text.data(), end, integer);
      error == std::errc() && stop == end) {
    return integer;
  }
  double real = 0;
  if (auto [stop, error] = std::from_chars(text.data(), end, real);
      error == std::errc() && stop == end && real == real) {
    return real;
  }
  return std::nullopt;
}

bool is_duration(const Field& field) {
  const auto* intrinsic = std::get_if<Intrinsic>(&field);
  return intrinsic != nullptr && *intrinsic == Intrinsic::kDuration;
}

Result<Operand> operand_of(const Field& field, Operator op, std::string_view expression,
                           const std::string& value) {
  if (is_duration(field) && op != Operator::kRegex) {
    const auto duration = config::parse_duration(value);
    if (!duration) {
      return invalid_argument("\"" + std::string(expression) + "\": want a duration such as 100ms");
    }
    return Operand(static_cast<std::int64_t>(duration->count()));
  }
  if (!is_ordering(op)) return Operand(normalized(field, value));
  auto number = number_of(value);
  if (!number) {
    return invalid_argument("\"" + std::string(expression) + "\": want a number after the " +
                            "comparison");
  }
  return *std::move(number);
}

// `error` is no field but a question.
std::optional<Filter> error_condition(Operator op, std::string_view value) {
  if (op == Operator::kExists) return is_error();
  if (op != Operator::kEqual && op != Operator::kNotEqual) return std::nullopt;
  if (value != "true" && value != "false") return std::nullopt;
  const bool wants_error = (value == "true") == (op == Operator::kEqual);
  return wants_error ? is_error() : negate(is_error());
}

Field expression_field(std::string_view key) {
  if (const auto intrinsic = intrinsic_of(kExpressionFields, key)) return *intrinsic;
  return field_of(key);
}

Field attribute_of(std::string_view key) {
  constexpr std::string_view kResource = "resource.";
  if (key.starts_with(kResource) && key.size() > kResource.size()) {
    return Attribute{AttributeScope::kResource, std::string(key.substr(kResource.size()))};
  }
  return Attribute{AttributeScope::kAny, std::string(key)};
}

Field log_field(std::string_view key) {
  if (const auto intrinsic = intrinsic_of(kLogFields, key)) return *intrinsic;
  return attribute_of(key);
}

// Cut at its first operator.
struct Expression {
  std::string_view text, key;
  Operator op = Operator::kExists;
  std::string value;
};

Result<Expression> cut(std::string_view text) {
  if (text.empty()) return invalid_argument("an empty tag");
  const OperatorText* found = nullptr;
  std::size_t position = 1;  // a key has at least one character
  for (; position < text.size(); ++position) {
    found = operator_at(text.substr(position));
    if (found != nullptr) break;
  }
  Expression expression{.text = text, .key = text.substr(0, position), .value = {}};
  if (operator_at(expression.key) != nullptr) {
    return invalid_argument("\"" + std::string(text) + "\": no key before the comparison");
  }
  if (found == nullptr) return expression;
  expression.op = found->op;
  expression.value = unquoted(text.substr(position + found->text.size()));
  return expression;
}

Result<Filter> compare_with(Field field, const Expression& expression) {
  if (expression.op == Operator::kExists) {
    return compare(std::move(field), expression.op, std::string());
  }
  KOLBEN_TRY(Operand operand, operand_of(field, expression.op, expression.text, expression.value));
  return compare(std::move(field), expression.op, std::move(operand));
}

}  // namespace

Filter compare(Field field, Operator op, Operand operand) {
  return {storage::Compare{std::move(field), op, std::move(operand)}};
}

Filter is_error() {
  return compare(Intrinsic::kStatus, Operator::kEqual, std::string("error"));
}

Filter all_of(std::vector<Filter> terms) {
  if (terms.size() == 1) return std::move(terms.front());
  return {storage::And{std::move(terms)}};
}

Field field_of(std::string_view key) {
  if (const auto intrinsic = intrinsic_of(kTagFields, key)) return *intrinsic;
  return attribute_of(key);
}

Filter tag_equals(std::string_view key, std::string_view value) {
  if (key == "error") {
    if (auto condition = error_condition(Operator::kEqual, value)) return *std::move(condition);
  }
  Field field = field_of(key);
  std::string text = normalized(field, value);
  return compare(std::move(field), Operator::kEqual, std::move(text));
}

Result<Filter> parse_expression(std::string_view text) {
  KOLBEN_TRY(const Expression expression, cut(text));
  if (expression.key == "error") {
    if (auto condition = error_condition(expression.op, expression.value)) {
      return *std::move(condition);
    }
  }
  return compare_with(expression_field(expression.key), expression);
}

Result<Filter> parse_log_expression(std::string_view text) {
  KOLBEN_TRY(const Expression expression, cut(text));
  return compare_with(log_field(expression.key), expression);
}

Filter service_is(std::string_view name) {
  return name_is(Intrinsic::kServiceName, name, kEmptyServiceName);
}

Filter operation_is(std::string_view name) {
  return name_is(Intrinsic::kName, name, kEmptySpanName);
}

Status add_duration_bounds(const Parameters& parameters, std::string_view min_name,
                           std::string_view max_name, std::vector<Filter>& terms) {
  const auto minimum = parameters.duration_nanos(min_name);
  if (!minimum) return minimum.error();
  const auto maximum = parameters.duration_nanos(max_name);
  if (!maximum) return maximum.error();
  if (*minimum && *maximum && **maximum != 0 && **maximum < **minimum) {
    return invalid_argument("'" + std::string(max_name) + "' should be greater than '" +
                            std::string(min_name) + "'");
  }
  const auto add = [&terms](Operator op, std::uint64_t nanos) {
    terms.push_back(compare(Intrinsic::kDuration, op, static_cast<std::int64_t>(nanos)));
  };
  // Zero means "no bound" in Jaeger.
  if (minimum->value_or(0) != 0) add(Operator::kGreaterOrEqual, **minimum);
  if (maximum->value_or(0) != 0) add(Operator::kLessOrEqual, **maximum);
  return Status::ok();
}

}  // namespace kolben::query
