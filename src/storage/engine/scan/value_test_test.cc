#include "storage/engine/scan/value_test.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "storage/engine/part/ints.h"

namespace kolben::storage::scan {
namespace {

using part::ColumnType;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

const std::int64_t kInts[] = {INT64_MIN,
                              INT64_MIN + 1,
                              -(1LL << 53) - 1,
                              -500,
                              -1,
                              0,
                              1,
                              7,
                              17,
                              404,
                              (1LL << 53) - 1,
                              1LL << 53,
                              (1LL << 53) + 1,
                              (1LL << 53) + 2,
                              INT64_MAX - 1,
                              INT64_MAX};
const double kReals[] = {-kInfinity, -1e300, -2.5, -1,   -0.0,   0.0,   1e-310,    0.1,  0.5,  1,
                         17,         404,    9e15, 1e22, 9.3e18, 1e300, kInfinity, kNan, -kNan};
const char* const kTexts[] = {"",
                              "0",
                              "-0",
                              "00",
                              "7",
                              "17",
                              "17.0",
                              "404",
                              "0.5",
                              ".5",
                              "1e22",
                              "nan",
                              "-nan",
                              "inf",
                              "true",
                              "false",
                              "abc",
                              "GET",
                              "9007199254740993",
                              "-9223372036854775808",
                              "\xff"};

std::vector<Operand> operands() {
  std::vector<Operand> operands;
  for (const std::int64_t value : kInts) operands.emplace_back(value);
  for (const double value : kReals) operands.emplace_back(value);
  for (const char* value : kTexts) operands.emplace_back(std::string(value));
  operands.emplace_back(true);
  operands.emplace_back(false);
  return operands;
}

// Calls `check` with every condition of every operator and operand.
template <typename Check>
void for_each_condition(Check check) {
  for (int op = 0; op <= static_cast<int>(Operator::kExists); ++op) {
    for (const Operand& operand : operands()) {
      const auto condition = Condition::compile({Attribute{}, static_cast<Operator>(op), operand});
      if (!condition) continue;  // a regular expression that is none
      check(*condition);
    }
  }
}

TEST(ValueTest, MeansWhatTheConditionMeansOfIntegers) {
  for_each_condition([](const Condition& condition) {
    const ValueTest test(condition, ColumnType::kInt);
    for (const std::int64_t value : kInts) {
      EXPECT_EQ(test.number(part::ordered(value)), condition.is_satisfied_by(Value::integer(value)))
          << value << ", operator " << static_cast<int>(condition.op());
    }
  });
}

TEST(ValueTest, MeansWhatTheConditionMeansOfReals) {
  for_each_condition([](const Condition& condition) {
    const ValueTest test(condition, ColumnType::kDouble);
    for (const double value : kReals) {
      EXPECT_EQ(test.number(part::ordered(value)), condition.is_satisfied_by(Value::real(value)))
          << value << ", operator " << static_cast<int>(condition.op());
    }
  });
}

TEST(ValueTest, MeansWhatTheConditionMeansOfUnsignedNumbers) {
  for_each_condition([](const Condition& condition) {
    const ValueTest test = ValueTest::of_unsigned(condition);
    for (const std::uint64_t value :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{404}, (std::uint64_t{1} << 53) + 1,
          std::uint64_t{INT64_MAX}, std::uint64_t{1} << 63, UINT64_MAX}) {
      const auto shown = static_cast<std::int64_t>(std::min<std::uint64_t>(value, INT64_MAX));
      EXPECT_EQ(test.number(value), condition.is_satisfied_by(Value::integer(shown)))
          << value << ", operator " << static_cast<int>(condition.op());
    }
  });
}

TEST(ValueTest, MeansWhatTheConditionMeansOfTruth) {
  for_each_condition([](const Condition& condition) {
    const ValueTest test(condition, ColumnType::kBool);
    EXPECT_EQ(test.number(0), condition.is_satisfied_by(Value::boolean(false)));
    EXPECT_EQ(test.number(1), condition.is_satisfied_by(Value::boolean(true)));
  });
}

TEST(ValueTest, MeansWhatTheConditionMeansOfTexts) {
  for_each_condition([](const Condition& condition) {
    const ValueTest test(condition, ColumnType::kString);
    for (const char* value : kTexts) {
      EXPECT_EQ(test.text(value), condition.is_satisfied_by(Value::string(value)))
          << value << ", operator " << static_cast<int>(condition.op());
    }
  });
}

TEST(ValueTest, ComparisonsOfNumbersAreRanges) {
  const auto kind = [](Operator op, Operand operand, ColumnType type) {
    const auto condition = Condition::compile({Attribute{}, op, std::move(operand)});
    return ValueTest(*condition, type).kind();
  };
  using Kind = ValueTest::Kind;
  EXPECT_EQ(kind(Operator::kGreaterOrEqual, std::int64_t{500}, ColumnType::kInt), Kind::kRange);
  EXPECT_EQ(kind(Operator::kGreaterOrEqual, "500", ColumnType::kInt), Kind::kRange);
  EXPECT_EQ(kind(Operator::kEqual, "0.5", ColumnType::kDouble), Kind::kRange);
  EXPECT_EQ(kind(Operator::kEqual, "GET", ColumnType::kInt), Kind::kNone);
  EXPECT_EQ(kind(Operator::kLess, 0.5, ColumnType::kString), Kind::kNone);
  EXPECT_EQ(kind(Operator::kExists, "", ColumnType::kString), Kind::kAll);
}

TEST(ValueTest, OfAscendingTextsOnlyTheEndsAreLookedAt) {
  const std::vector<std::string_view> texts = {"a", "b", "c", "d"};
  const auto range = [&texts](Operator op, std::string operand) {
    const auto condition = Condition::compile({Attribute{}, op, std::move(operand)});
    return ValueTest(*condition, ColumnType::kString).range_of(texts);
  };
  using Range = std::pair<std::size_t, std::size_t>;
  EXPECT_EQ(range(Operator::kEqual, "b"), (Range{1, 2}));
  EXPECT_EQ(range(Operator::kEqual, "bb"), (Range{2, 2}));
  EXPECT_EQ(range(Operator::kLess, "c"), (Range{0, 2}));
  EXPECT_EQ(range(Operator::kLessOrEqual, "c"), (Range{0, 3}));
  EXPECT_EQ(range(Operator::kGreater, "c"), (Range{3, 4}));
  EXPECT_EQ(range(Operator::kGreaterOrEqual, "bb"), (Range{2, 4}));
}

}  // namespace
}  // namespace kolben::storage::scan
