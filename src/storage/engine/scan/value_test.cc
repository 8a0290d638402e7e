#include "storage/engine/scan/value_test.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/arena.h"
#include "otlp/fragments.h"
#include "storage/engine/part/ints.h"

namespace kolben::storage::scan {
namespace {

using part::ColumnType;

bool is_equality(Operator op) {
  return op == Operator::kEqual || op == Operator::kNotEqual;
}

// Whether larger values satisfy it once one does; otherwise smaller ones.
bool rises(Operator op) {
  return op == Operator::kGreater || op == Operator::kGreaterOrEqual;
}

// Whether a text is a number to evaluate.h's rule for ordered comparison.
bool is_number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

ValueTest::ValueTest(const Condition& condition, ColumnType type)
    : condition_(&condition), type_(type) {
  if (condition.op() == Operator::kExists) {
    kind_ = Kind::kAll;
    return;
  }
  if (const auto* text = std::get_if<std::string>(&condition.operand())) text_ = *text;
  switch (type) {
    case ColumnType::kEmpty:
      kind_ = condition.is_satisfied_by(Value()) ? Kind::kAll : Kind::kNone;
      return;
    case ColumnType::kBool:
      plan_bool();
      return;
    case ColumnType::kInt:
      plan_int();
      return;
    case ColumnType::kDouble:
      plan_double();
      return;
    case ColumnType::kString:
      plan_text();
      return;
    case ColumnType::kArray:
    case ColumnType::kKvlist:
    case ColumnType::kBytes:
    case ColumnType::kRest:
      kind_ = text_ ? Kind::kEach : Kind::kNone;
      return;
  }
}

ValueTest ValueTest::of_unsigned(const Condition& condition) {
  ValueTest test(condition, ColumnType::kInt);
  test.is_unsigned_ = true;
  if (test.kind_ != Kind::kRange) return test;
  const std::int64_t least = part::integer_of(test.least_);
  const std::int64_t greatest = part::integer_of(test.greatest_);
  if (greatest < 0) return ValueTest();
  test.least_ = static_cast<std::uint64_t>(std::max<std::int64_t>(least, 0));
  test.greatest_ = greatest == INT64_MAX ? UINT64_MAX : static_cast<std::uint64_t>(greatest);
  return test;
}

void ValueTest::set_range(std::uint64_t least, std::uint64_t greatest) {
  least_ = least;
  greatest_ = greatest;
  kind_ = least <= greatest ? Kind::kRange : Kind::kNone;
}

// Of numbers in [first, last] of which only the upper or only the lower ones satisfy it.
template <typename Holds>
void ValueTest::find_range(std::uint64_t first, std::uint64_t last, Holds satisfies) {
  const bool rising = rises(condition_->op());
  std::uint64_t low = first;
  std::uint64_t high = last;
  // The boundary: the first that satisfies it (rising), or the last.
  if (rising ? !satisfies(last) : !satisfies(first)) return set_range(1, 0);
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2 + (rising ? 0 : (high - low) % 2);
    const bool holds = satisfies(middle);
    if (rising) {
      (holds ? high : low) = holds ? middle : middle + 1;
    } else {
      (holds ? low : high) = holds ? middle : middle - 1;
    }
  }
  rising ? set_range(low, last) : set_range(first, low);
}

void ValueTest::plan_int() {
  const auto satisfies = [this](std::uint64_t stored) {
    return condition_->is_satisfied_by(Value::integer(part::integer_of(stored)));
  };
  const Operator op = condition_->op();
  if (std::holds_alternative<bool>(condition_->operand())) return;
  if (is_ordering(op) && (!text_ || is_number(*text_))) {
    return find_range(0, UINT64_MAX, satisfies);
  }
  if (!is_equality(op)) {
    kind_ = Kind::kEach;
    return;
  }
  if (text_) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text_->data(), text_->data() + text_->size(), value);
    static_cast<void>(end);
    const std::uint64_t stored = part::ordered(value);
    if (error == std::errc() && satisfies(stored)) set_range(stored, stored);
    return;
  }
  if (const auto* integer = std::get_if<std::int64_t>(&condition_->operand())) {
    return set_range(part::ordered(*integer), part::ordered(*integer));
  }
  // Beyond 2^53 several integers are equal to one real: they lie side by side.
  const double real = std::get<double>(condition_->operand());
  if (!(real >= -9223372036854775808.0 && real <= 9223372036854775808.0)) return;
  const std::int64_t near =
      real >= 9223372036854775808.0 ? INT64_MAX : static_cast<std::int64_t>(real);
  if (!satisfies(part::ordered(near))) return;
  std::uint64_t least = part::ordered(near);
  std::uint64_t greatest = least;
  for (std::uint64_t step = 1024; step > 0; step /= 2) {
    while (least >= step && satisfies(least - step)) least -= step;
    while (greatest <= UINT64_MAX - step && satisfies(greatest + step)) greatest += step;
  }
  set_range(least, greatest);
}

void ValueTest::plan_double() {
  const auto satisfies = [this](std::uint64_t stored) {
    return condition_->is_satisfied_by(Value::real(part::double_of(stored)));
  };
  const Operator op = condition_->op();
  if (std::holds_alternative<bool>(condition_->operand())) return;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (is_ordering(op) && (!text_ || is_number(*text_))) {
    // NaNs stand outside of the infinities and satisfy nothing.
    return find_range(part::ordered(-kInfinity), part::ordered(kInfinity), satisfies);
  }
  if (!is_equality(op)) {
    kind_ = Kind::kEach;
    return;
  }
  if (text_) {
    double value = 0;
    std::from_chars(text_->data(), text_->data() + text_->size(), value);
    if (std::isnan(value)) {
      kind_ = Kind::kEach;  // many NaNs have one text
    } else if (satisfies(part::ordered(value))) {
      set_range(part::ordered(value), part::ordered(value));
    }
    return;
  }
  const auto* integer = std::get_if<std::int64_t>(&condition_->operand());
  const double value =
      integer ? static_cast<double>(*integer) : std::get<double>(condition_->operand());
  if (std::isnan(value)) return;
  if (value == 0) return set_range(part::ordered(-0.0), part::ordered(0.0));
  set_range(part::ordered(value), part::ordered(value));
}

void ValueTest::plan_bool() {
  const bool no = condition_->is_satisfied_by(Value::boolean(false));
  const bool yes = condition_->is_satisfied_by(Value::boolean(true));
  if (no && yes) kind_ = Kind::kAll;
  if (no != yes) set_range(yes ? 1 : 0, yes ? UINT64_MAX : 0);
}

void ValueTest::plan_text() {
  if (!text_) return;
  is_equality_ = is_equality(condition_->op());
  kind_ = condition_->op() == Operator::kRegex ? Kind::kEach : Kind::kRange;
}

const std::string* ValueTest::required_text() const {
  const bool is_asked = kind_ == Kind::kEach && type_ == ColumnType::kString;
  if (!is_asked || condition_->required_text().empty()) return nullptr;
  return &condition_->required_text();
}

bool ValueTest::number(std::uint64_t stored) const {
  if (kind_ == Kind::kRange) return least_ <= stored && stored <= greatest_;
  if (kind_ != Kind::kEach) return kind_ == Kind::kAll;
  if (is_unsigned_) {
    const auto shown = static_cast<std::int64_t>(std::min<std::uint64_t>(stored, INT64_MAX));
    return condition_->is_satisfied_by(Value::integer(shown));
  }
  const bool is_int = type_ == ColumnType::kInt;
  return condition_->is_satisfied_by(is_int ? Value::integer(part::integer_of(stored))
                                            : Value::real(part::double_of(stored)));
}

bool ValueTest::text(std::string_view stored) const {
  if (kind_ == Kind::kRange) return !below(stored) && !above(stored);
  if (kind_ != Kind::kEach) return kind_ == Kind::kAll;
  if (type_ == ColumnType::kString) return condition_->is_satisfied_by(Value::string(stored));
  if (type_ == ColumnType::kBytes) return condition_->is_satisfied_by(Value::bytes(stored));
  Arena arena;
  Value value;
  return otlp::decode_fragment(stored, value, arena) && condition_->is_satisfied_by(value);
}

// Whether the text is too small for the range, or too great.
bool ValueTest::below(std::string_view text) const {
  switch (condition_->op()) {
    case Operator::kGreater:
      return text <= *text_;
    case Operator::kGreaterOrEqual:
    case Operator::kEqual:
    case Operator::kNotEqual:
      return text < *text_;
    default:
      return false;
  }
}

bool ValueTest::above(std::string_view text) const {
  switch (condition_->op()) {
    case Operator::kLess:
      return text >= *text_;
    case Operator::kLessOrEqual:
    case Operator::kEqual:
    case Operator::kNotEqual:
      return text > *text_;
    default:
      return false;
  }
}

}  // namespace kolben::storage::scan
