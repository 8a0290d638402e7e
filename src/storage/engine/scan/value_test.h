// ValueTest: a condition made ready for the values of columns of one type, as they are stored: most
// become a range of numbers or of texts, which dictionaries and zones can be asked about.
// Means exactly what Condition::is_satisfied_by() says of the value. Immutable; any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "storage/engine/part/columns.h"
#include "storage/evaluate.h"

namespace kolben::storage::scan {

class ValueTest {
 public:
  enum class Kind : std::uint8_t {
    kNone,   // no value of the type satisfies it
    kAll,    // every one does
    kRange,  // numbers from least() to greatest(), or texts that in_range() finds
    kEach,   // it must be asked of every value
  };

  ValueTest() = default;  // kNone
  // `condition` outlives the test.
  ValueTest(const Condition& condition, part::ColumnType type);
  // Of a column whose numbers are of 0 to 2^64 - 1, as durations are; evaluate.h shows those that
  // no signed integer holds as the greatest one.
  static ValueTest of_unsigned(const Condition& condition);

  Kind kind() const { return kind_; }
  std::uint64_t least() const { return least_; }
  std::uint64_t greatest() const { return greatest_; }
  // The one text that satisfies it, where there is only one.
  const std::string* equal_text() const { return is_equality_ ? &*text_ : nullptr; }

  // What every stored text has in it that satisfies it; null where nothing is known.
  const std::string* required_text() const;

  // Any kind, of numbers or texts (for arrays and maps: messages) as they are stored.
  bool number(std::uint64_t stored) const;
  bool text(std::string_view stored) const;

  // Of kRange over ascending texts: the first that satisfies it, and the first after those.
  template <typename Texts>
  std::pair<std::size_t, std::size_t> range_of(const Texts& texts) const;

 private:
  void plan_int();
  void plan_double();
  void plan_bool();
  void plan_text();
  void set_range(std::uint64_t least, std::uint64_t greatest);
  template <typename Holds>
  void find_range(std::uint64_t first, std::uint64_t last, Holds satisfies);
  bool below(std::string_view text) const;
  bool above(std::string_view text) const;

  const Condition* condition_ = nullptr;
  part::ColumnType type_ = part::ColumnType::kEmpty;
  Kind kind_ = Kind::kNone;
  bool is_equality_ = false;
  bool is_unsigned_ = false;
  std::uint64_t least_ = 1, greatest_ = 0;
  std::optional<std::string> text_;
};

template <typename Texts>
std::pair<std::size_t, std::size_t> ValueTest::range_of(const Texts& texts) const {
  const auto begin = std::partition_point(texts.begin(), texts.end(),
                                          [this](std::string_view text) { return below(text); });
  const auto end = std::partition_point(begin, texts.end(),
                                        [this](std::string_view text) { return !above(text); });
  return {static_cast<std::size_t>(begin - texts.begin()),
          static_cast<std::size_t>(end - texts.begin())};
}

}  // namespace kolben::storage::scan
