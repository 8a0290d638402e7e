#include "storage/evaluate.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include "storage/required_text.h"

namespace kolben::storage {
namespace {

// Memory of one regex: RE2 stays linear in time, this bounds its program.
constexpr std::int64_t kRegexBytesMax = 1 << 20;

template <typename T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool has(std::string_view text, const std::string& part) {
  if (part.empty() || text.size() < part.size()) return part.empty();
  return ::memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

bool is_number(const Value& value) {
  return value.type() == ValueType::kInt || value.type() == ValueType::kDouble;
}

template <typename T>
bool compare(Operator op, const T& left, const T& right) {
  switch (op) {
    case Operator::kEqual:
    case Operator::kNotEqual:
      return left == right;
    case Operator::kLess:
      return left < right;
    case Operator::kLessOrEqual:
      return left <= right;
    case Operator::kGreater:
      return left > right;
    case Operator::kGreaterOrEqual:
      return left >= right;
    case Operator::kRegex:
    case Operator::kExists:
      return false;
  }
  return false;
}

}  // namespace

struct Condition::Regex {
  explicit Regex(const std::string& pattern, const re2::RE2::Options& options)
      : re(pattern, options) {}
  re2::RE2 re;
};

Condition::Condition(Compare compare) : compare_(std::move(compare)) {}
Condition::Condition(Condition&&) noexcept = default;
Condition& Condition::operator=(Condition&&) noexcept = default;
Condition::~Condition() = default;

Result<Condition> Condition::compile(const Compare& compare) {
  Condition made(compare);
  if (const auto* text = std::get_if<std::string>(&compare.operand)) {
    // Only the one text that the number itself has: "007" is no number, neither is "1.0" an int.
    made.operand_int_ = parse_number<std::int64_t>(*text);
    if (made.operand_int_ && std::to_string(*made.operand_int_) != *text) made.operand_int_.reset();
    made.operand_real_ = parse_number<double>(*text);
  } else if (const auto* integer = std::get_if<std::int64_t>(&compare.operand)) {
    made.operand_int_ = *integer;
    made.operand_real_ = static_cast<double>(*integer);
  } else if (const auto* real = std::get_if<double>(&compare.operand)) {
    made.operand_real_ = *real;
  }
  if (compare.op != Operator::kRegex) return made;

  const auto* pattern = std::get_if<std::string>(&compare.operand);
  if (pattern == nullptr) return invalid_argument("a regular expression must be a text");
  re2::RE2::Options options;
  options.set_max_mem(kRegexBytesMax);
  options.set_log_errors(false);
  options.set_dot_nl(true);
  made.regex_ = std::make_unique<Regex>(*pattern, options);
  if (!made.regex_->re.ok()) {
    return invalid_argument("regular expression \"" + *pattern + "\": " + made.regex_->re.error());
  }
  made.required_text_ = storage::required_text(*pattern);
  return made;
}

std::string_view Condition::text_operand() const {
  return *std::get_if<std::string>(&compare_.operand);
}

bool Condition::compares_text(std::string_view text) const {
  if (regex_) {
    return has(text, required_text_) && re2::RE2::FullMatch({text.data(), text.size()}, regex_->re);
  }
  return compare(compare_.op, text, text_operand());
}

bool Condition::compares_number(const Value& value) const {
  if (value.type() == ValueType::kInt && operand_int_) {
    return compare(compare_.op, value.as_int(), *operand_int_);
  }
  const double number =
      value.type() == ValueType::kInt ? static_cast<double>(value.as_int()) : value.as_double();
  return operand_real_ && compare(compare_.op, number, *operand_real_);
}

bool Condition::is_satisfied_by(const Value& value) const {
  if (compare_.op == Operator::kExists) return true;
  if (std::holds_alternative<std::string>(compare_.operand)) {
    if (value.type() == ValueType::kString) return compares_text(value.as_string());
    if (regex_ == nullptr && is_number(value)) {
      const bool by_number =
          is_ordering(compare_.op) ? operand_real_.has_value() : value.type() == ValueType::kInt;
      if (by_number && !is_ordering(compare_.op)) return operand_int_ == value.as_int();
      if (by_number) return compares_number(value);
    }
    return compares_text(value_text(value));
  }
  if (const auto* truth = std::get_if<bool>(&compare_.operand)) {
    return value.type() == ValueType::kBool && compare(compare_.op, value.as_bool(), *truth);
  }
  return is_number(value) && compares_number(value);
}

namespace {

class Compiler {
 public:
  Result<CompiledFilter::Node> compile(const Filter& filter, int depth) {
    if (++nodes_ > kFilterNodesMax || depth > kFilterDepthMax) {
      return invalid_argument("the filter has too many conditions");
    }
    using Node = CompiledFilter::Node;
    Node node;
    if (const auto* compare = std::get_if<Compare>(&filter.node)) {
      Result<Condition> condition = Condition::compile(*compare);
      if (!condition) return condition.error();
      node.kind = Node::Kind::kCondition;
      node.condition = std::move(*condition);
      return node;
    }
    if (const auto* negated = std::get_if<Not>(&filter.node)) {
      if (negated->term == nullptr) return invalid_argument("a negation of nothing");
      node.kind = Node::Kind::kNot;
      return with_children(std::move(node), {negated->term.get(), 1}, depth);
    }
    if (const auto* related = std::get_if<Related>(&filter.node)) {
      if (related->term == nullptr) return invalid_argument("a relative without a condition");
      node.kind = Node::Kind::kRelated;
      node.relation = related->relation;
      return with_children(std::move(node), {related->term.get(), 1}, depth);
    }
    if (const auto* either = std::get_if<Or>(&filter.node)) {
      node.kind = Node::Kind::kOr;
      return with_children(std::move(node), either->terms, depth);
    }
    return with_children(std::move(node), std::get<And>(filter.node).terms, depth);
  }

 private:
  Result<CompiledFilter::Node> with_children(CompiledFilter::Node node,
                                             std::span<const Filter> terms, int depth) {
    for (const Filter& term : terms) {
      Result<CompiledFilter::Node> child = compile(term, depth + 1);
      if (!child) return child;
      node.children.push_back(std::move(*child));
    }
    return node;
  }

  std::size_t nodes_ = 0;
};

void see_attribute(const Attributes& attributes, const std::string& key, const Condition& condition,
                   Condition::Seen& seen) {
  if (const Value* value = find(attributes, key)) condition.see(*value, seen);
}

bool covers(AttributeScope asked, AttributeScope place) {
  return asked == AttributeScope::kAny || asked == place;
}

// Resource and scope, which spans and log records share.
void see_surroundings(const Attribute& attribute, const Resource& resource, const Scope& scope,
                      const Condition& condition, Condition::Seen& seen) {
  if (covers(attribute.scope, AttributeScope::kResource)) {
    see_attribute(resource.attributes, attribute.key, condition, seen);
  }
  if (covers(attribute.scope, AttributeScope::kScope)) {
    see_attribute(scope.attributes, attribute.key, condition, seen);
  }
}

Value integer_value(std::uint64_t number) {
  return Value::integer(static_cast<std::int64_t>(std::min<std::uint64_t>(number, INT64_MAX)));
}

void see_attributes(const Attribute& attribute, const Resource& resource, const Scope& scope,
                    const Span& span, const Condition& condition, Condition::Seen& seen) {
  if (covers(attribute.scope, AttributeScope::kSpan)) {
    see_attribute(span.attributes, attribute.key, condition, seen);
  }
  see_surroundings(attribute, resource, scope, condition, seen);
  if (covers(attribute.scope, AttributeScope::kEvent)) {
    for (const SpanEvent& event : span.events) {
      see_attribute(event.attributes, attribute.key, condition, seen);
    }
  }
  if (covers(attribute.scope, AttributeScope::kLink)) {
    for (const SpanLink& link : span.links) {
      see_attribute(link.attributes, attribute.key, condition, seen);
    }
  }
}

// What is not of the events; none where spans do not have it.
std::optional<Value> intrinsic(Intrinsic field, const Resource& resource, const Scope& scope,
                               const Span& span, const TraceFacts& trace) {
  switch (field) {
    case Intrinsic::kServiceName:
      return Value::string(service_name(resource));
    case Intrinsic::kName:
      return Value::string(span.name);
    case Intrinsic::kKind:
      return Value::string(kind_text(span.kind));
    case Intrinsic::kStatus:
      return Value::string(status_text(span.status_code));
    case Intrinsic::kStatusMessage:
      return Value::string(span.status_message);
    case Intrinsic::kDuration:
      return integer_value(span.duration_nanos());
    case Intrinsic::kScopeName:
      return Value::string(scope.name);
    case Intrinsic::kScopeVersion:
      return Value::string(scope.version);
    case Intrinsic::kTraceState:
      return Value::string(span.trace_state);
    case Intrinsic::kIsRoot:
      return Value::boolean(span.parent_span_id.is_zero());
    case Intrinsic::kTraceDuration:
      return integer_value(trace.duration);
    case Intrinsic::kTraceSpans:
      return integer_value(trace.spans);
    case Intrinsic::kRootService:
      return trace.has_root ? std::optional(Value::string(trace.root_service)) : std::nullopt;
    case Intrinsic::kRootName:
      return trace.has_root ? std::optional(Value::string(trace.root_name)) : std::nullopt;
    case Intrinsic::kEventName:
    case Intrinsic::kSeverity:
    case Intrinsic::kBody:
      break;
  }
  return std::nullopt;
}

template <typename Items>
const Value* find_in_items(const Items& items, const std::string& key) {
  for (const auto& item : items) {
    if (const Value* value = find(item.attributes, key)) return value;
  }
  return nullptr;
}

}  // namespace

std::optional<Value> first_value(const Field& field, const Resource& resource, const Scope& scope,
                                 const Span& span, const TraceFacts& trace) {
  if (const auto* which = std::get_if<Intrinsic>(&field)) {
    if (*which != Intrinsic::kEventName) return intrinsic(*which, resource, scope, span, trace);
    return span.events.empty() ? std::nullopt : std::optional(Value::string(span.events[0].name));
  }
  const auto& attribute = std::get<Attribute>(field);
  const Value* value = nullptr;
  const auto look = [&](AttributeScope place, auto find_it) {
    if (value == nullptr && covers(attribute.scope, place)) value = find_it();
  };
  look(AttributeScope::kSpan, [&] { return find(span.attributes, attribute.key); });
  look(AttributeScope::kResource, [&] { return find(resource.attributes, attribute.key); });
  look(AttributeScope::kScope, [&] { return find(scope.attributes, attribute.key); });
  look(AttributeScope::kEvent, [&] { return find_in_items(span.events, attribute.key); });
  look(AttributeScope::kLink, [&] { return find_in_items(span.links, attribute.key); });
  return value == nullptr ? std::nullopt : std::optional(*value);
}

Result<CompiledFilter> CompiledFilter::compile(const Filter& filter) {
  Result<Node> root = Compiler().compile(filter, 0);
  if (!root) return root.error();
  CompiledFilter compiled;
  compiled.root_ = std::move(*root);
  return compiled;
}

bool holds(const Condition& condition, const Resource& resource, const Scope& scope,
           const Span& span, const TraceFacts& trace) {
  Condition::Seen seen;
  if (const auto* attribute = std::get_if<Attribute>(&condition.field())) {
    see_attributes(*attribute, resource, scope, span, condition, seen);
  } else if (std::get<Intrinsic>(condition.field()) == Intrinsic::kEventName) {
    for (const SpanEvent& event : span.events) condition.see_text(event.name, seen);
  } else {
    const std::optional<Value> value =
        intrinsic(std::get<Intrinsic>(condition.field()), resource, scope, span, trace);
    if (value) condition.see(*value, seen);
  }
  return condition.holds(seen);
}

bool matches(const CompiledFilter& filter, const Resource& resource, const Scope& scope,
             const Span& span, const TraceFacts& trace) {
  return CompiledFilter::evaluate(filter.root(), [&](const Condition& condition) {
    return holds(condition, resource, scope, span, trace);
  });
}

bool matches(const CompiledFilter& filter, const Resource& resource, const Scope& scope,
             const LogRecord& record) {
  const auto intrinsic = [&](Intrinsic field) {
    switch (field) {
      case Intrinsic::kServiceName:
        return Value::string(service_name(resource));
      case Intrinsic::kName:
        return Value::string(record.event_name);
      case Intrinsic::kScopeName:
        return Value::string(scope.name);
      case Intrinsic::kScopeVersion:
        return Value::string(scope.version);
      case Intrinsic::kSeverity:
        return Value::integer(record.severity_number);
      case Intrinsic::kBody:
        return record.body;
      default:
        return Value();  // what only spans have
    }
  };
  return CompiledFilter::evaluate(filter.root(), [&](const Condition& condition) {
    if (const auto* attribute = std::get_if<Attribute>(&condition.field())) {
      Condition::Seen seen;
      if (covers(attribute->scope, AttributeScope::kSpan)) {
        see_attribute(record.attributes, attribute->key, condition, seen);
      }
      see_surroundings(*attribute, resource, scope, condition, seen);
      return condition.holds(seen);
    }
    const Value value = intrinsic(std::get<Intrinsic>(condition.field()));
    return value.type() != ValueType::kEmpty && condition.holds_for(value);
  });
}

}  // namespace kolben::storage
