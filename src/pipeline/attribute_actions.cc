#include "pipeline/attribute_actions.h"

#include <re2/re2.h>

#include <charconv>
#include <optional>
#include <utility>

#include "base/sha256.h"
#include "model/value_text.h"

namespace kolben::pipeline {
namespace {

enum class Verb : std::uint8_t { kInsert, kUpdate, kUpsert, kDelete, kHash, kExtract, kConvert };
constexpr const char* kVerbs[] = {"insert", "update",  "upsert", "delete",
                                  "hash",   "extract", "convert"};

enum class Target : std::uint8_t { kInt, kDouble, kString };

// A value of the configuration, typed as YAML says.
struct Literal {
  ValueType type = ValueType::kEmpty;
  std::string text;
  std::int64_t integer = 0;
  double real = 0;
  bool boolean = false;

  Value to_value(Arena& arena) const {
    switch (type) {
      case ValueType::kInt:
        return Value::integer(integer);
      case ValueType::kDouble:
        return Value::real(real);
      case ValueType::kBool:
        return Value::boolean(boolean);
      default:
        return Value::string(arena.copy(text));
    }
  }
};

template <typename T>
std::optional<T> parse_number(std::string_view text) {
  T number{};
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return number;
}

Literal literal_of(const config::Node& node) {
  Literal literal;
  literal.text = node.text;
  literal.type = ValueType::kString;
  if (node.is_quoted) return literal;
  if (node.text == "true" || node.text == "false") {
    literal.type = ValueType::kBool;
    literal.boolean = node.text == "true";
  } else if (const auto integer = parse_number<std::int64_t>(node.text)) {
    literal.type = ValueType::kInt;
    literal.integer = *integer;
  } else if (const auto real = parse_number<double>(node.text)) {
    literal.type = ValueType::kDouble;
    literal.real = *real;
  }
  return literal;
}

void erase_if(Attributes& attributes, const auto& matches) {
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < attributes.size(); ++i) {
    if (!matches(attributes[i])) attributes[kept++] = attributes[i];
  }
  attributes.truncate(kept);
}

std::optional<Value> converted(const Value& value, Target target, Arena& arena) {
  switch (target) {
    case Target::kString:
      return Value::string(arena.copy(value_text(value)));
    case Target::kInt:
      if (value.type() == ValueType::kDouble) {
        const double real = value.as_double();
        // Outside of this the conversion is undefined.
        if (!(real > -9.2e18 && real < 9.2e18)) return std::nullopt;
        return Value::integer(static_cast<std::int64_t>(real));
      }
      if (value.type() == ValueType::kBool) return Value::integer(value.as_bool() ? 1 : 0);
      if (value.type() == ValueType::kString) {
        if (const auto number = parse_number<std::int64_t>(value.as_string())) {
          return Value::integer(*number);
        }
      }
      return std::nullopt;
    case Target::kDouble:
      if (value.type() == ValueType::kInt) {
        return Value::real(static_cast<double>(value.as_int()));
      }
      if (value.type() == ValueType::kBool) return Value::real(value.as_bool() ? 1 : 0);
      if (value.type() == ValueType::kString) {
        if (const auto number = parse_number<double>(value.as_string())) {
          return Value::real(*number);
        }
      }
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

struct AttributeActions::Action {
  Verb verb = Verb::kInsert;
  std::string key;
  std::optional<Literal> literal;
  std::string from_attribute;
  std::shared_ptr<const re2::RE2> pattern;  // shared: actions are copied when a vector grows
  Target target = Target::kString;

  // Mistakes in single keys go to the item's errors; check() tells what does not go together.
  static Action read(config::Reader& item);
  void check(config::Reader& item) const;

  bool chooses(std::string_view attribute_key) const {
    return attribute_key == key ||
           (pattern != nullptr &&
            re2::RE2::PartialMatch(re2::StringPiece(attribute_key.data(), attribute_key.size()),
                                   *pattern));
  }

  std::optional<Value> new_value(const Attributes& attributes, Arena& arena) const {
    if (literal) return literal->to_value(arena);
    const Value* source = find(attributes, from_attribute);
    if (source == nullptr) return std::nullopt;
    return *source;
  }

  void extract(Attributes& attributes, Arena& arena) const;
  void apply(Attributes& attributes, Arena& arena) const;
};

void AttributeActions::Action::extract(Attributes& attributes, Arena& arena) const {
  const Value* source = find(attributes, key);
  if (source == nullptr || source->type() != ValueType::kString) return;
  const std::string text(source->as_string());
  std::vector<re2::StringPiece> groups(
      static_cast<std::size_t>(pattern->NumberOfCapturingGroups()) + 1);
  if (!pattern->Match(text, 0, text.size(), re2::RE2::UNANCHORED, groups.data(),
                      static_cast<int>(groups.size()))) {
    return;
  }
  for (const auto& [name, number] : pattern->NamedCapturingGroups()) {
    const re2::StringPiece group = groups[static_cast<std::size_t>(number)];
    set(attributes, arena, arena.copy(name),
        Value::string(arena.copy(std::string_view(group.data(), group.size()))));
  }
}

void AttributeActions::Action::apply(Attributes& attributes, Arena& arena) const {
  const auto change_chosen = [&](const auto& change) {
    for (KeyValue& attribute : attributes) {
      if (chooses(attribute.key)) change(attribute.value);
    }
  };
  switch (verb) {
    case Verb::kInsert:
    case Verb::kUpdate:
    case Verb::kUpsert: {
      const bool is_there = find(attributes, key) != nullptr;
      if (verb == Verb::kInsert && is_there) return;
      if (verb == Verb::kUpdate && !is_there) return;
      if (const auto value = new_value(attributes, arena)) {
        set(attributes, arena, is_there ? std::string_view(key) : arena.copy(key), *value);
      }
      return;
    }
    case Verb::kDelete:
      return erase_if(attributes,
                      [this](const KeyValue& attribute) { return chooses(attribute.key); });
    case Verb::kHash:
      return change_chosen(
          [&](Value& value) { value = Value::string(arena.copy(sha256_hex(value_text(value)))); });
    case Verb::kExtract:
      return extract(attributes, arena);
    case Verb::kConvert:
      return change_chosen([&](Value& value) {
        if (const auto other = converted(value, target, arena)) value = *other;
      });
  }
}

AttributeActions::Action AttributeActions::Action::read(config::Reader& item) {
  Action action;
  std::size_t verb = 0;
  std::size_t target = static_cast<std::size_t>(Target::kString);
  std::string pattern;
  item.choice("action", {std::begin(kVerbs), std::end(kVerbs)}, verb);
  action.verb = static_cast<Verb>(verb);
  item.optional("key", action.key);
  item.optional("from_attribute", action.from_attribute);
  item.optional("pattern", pattern);
  item.choice("converted_type", {"int", "double", "string"}, target);
  action.target = static_cast<Target>(target);
  if (const config::Node* value = item.raw("value")) {
    if (value->kind == config::NodeKind::kScalar) {
      action.literal = literal_of(*value);
    } else {
      item.error("value", "want a string, a number or a truth value");
    }
  }
  item.ignored("from_context", "client metadata does not travel through pipelines yet");
  if (!pattern.empty()) {
    action.pattern = std::make_shared<const re2::RE2>(pattern, re2::RE2::Quiet);
    if (!action.pattern->ok()) item.error("pattern", action.pattern->error());
  }
  return action;
}

void AttributeActions::Action::check(config::Reader& item) const {
  const bool takes_value = verb == Verb::kInsert || verb == Verb::kUpdate || verb == Verb::kUpsert;
  const bool takes_pattern_alone = verb == Verb::kDelete || verb == Verb::kHash;
  // A pattern that is none was told already.
  const bool names_groups = pattern && (!pattern->ok() || !pattern->NamedCapturingGroups().empty());
  if (!item.has("action")) item.error("action", "is missing");
  if (key.empty() && !(takes_pattern_alone && pattern)) item.error("key", "is missing");
  if (takes_value && !literal && from_attribute.empty()) {
    item.error("value", "value or from_attribute is missing");
  }
  if (verb == Verb::kExtract && !names_groups) {
    item.error("pattern", "a regular expression with at least one (?P<name>...) is missing");
  }
}

AttributeActions::AttributeActions(config::Reader& reader, std::string_view key) {
  for (const auto& item : reader.children(key)) {
    actions_.push_back(Action::read(*item));
    actions_.back().check(*item);
  }
  if (actions_.empty()) reader.error(key, "at least one action is missing");
}

AttributeActions::~AttributeActions() = default;
AttributeActions::AttributeActions(AttributeActions&&) noexcept = default;
AttributeActions& AttributeActions::operator=(AttributeActions&&) noexcept = default;

void AttributeActions::apply(Attributes& attributes, Arena& arena) const {
  for (const Action& action : actions_) action.apply(attributes, arena);
}

}  // namespace kolben::pipeline
