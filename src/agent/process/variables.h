// Variables: reads environment variables as typed settings. What is empty counts as unset. A wrong
// value never stops the program: it leaves a warning, and the default holds. One thread.
#pragma once

#include <charconv>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kolben::agent {

using Environment = std::map<std::string, std::string, std::less<>>;
// A copy of this process's variables.
Environment process_environment();

// Keys and values, each key once, in the order in which they were put.
using NamedTexts = std::vector<std::pair<std::string, std::string>>;
void put(NamedTexts& texts, std::string_view key, std::string value);
bool has_key(const NamedTexts& texts, std::string_view key);

// Without blanks and tabs around it.
std::string_view trimmed(std::string_view text);
// ASCII letters in lower case.
std::string lower(std::string_view text);
// "a, b,,c" is {"a", "b", "c"}.
std::vector<std::string_view> split_list(std::string_view text);
// '*' stands for any text, '?' for one character.
bool matches_pattern(std::string_view pattern, std::string_view text);
// Decodes %XX; what is no escape stays.
std::string percent_decoded(std::string_view text);
// "key=value" of a list, both without blanks around them and %XX decoded; nothing: it is none.
std::optional<std::pair<std::string, std::string>> key_and_value(std::string_view item);

class Variables {
 public:
  // Both outlive it; `warnings` gets a line for each mistake.
  Variables(const Environment& environment, std::vector<std::string>& warnings)
      : environment_(environment), warnings_(warnings) {}

  const Environment& all() const { return environment_; }
  void warn(std::string text) { warnings_.push_back(std::move(text)); }
  // "NAME=value: what"
  void warn_value(std::string_view name, std::string_view value, std::string_view what);

  // The value, trimmed.
  std::string_view text(std::string_view name) const;
  bool boolean(std::string_view name, bool fallback);
  // Leaves `target` alone where there is no number of at least `smallest`.
  // `what` is wanted, and `holds` else; empty: a number that fits, and the target.
  template <typename Integer>
  void number(std::string_view name, Integer& target, Integer smallest, std::string_view what = {},
              std::string_view holds = {}) {
    const std::string_view value = text(name);
    if (value.empty()) return;
    Integer parsed = 0;
    const auto end = std::from_chars(value.data(), value.data() + value.size(), parsed);
    if (end.ec != std::errc() || end.ptr != value.data() + value.size() || parsed < smallest) {
      constexpr Integer kLargest = std::numeric_limits<Integer>::max();
      return warn_value(
          name, value,
          "want " + (what.empty() ? range(smallest, kLargest) : std::string(what)) + "; " +
              (holds.empty() ? text_of_limit(target, kLargest) : std::string(holds)) + " holds");
    }
    target = parsed;
  }
  // Milliseconds, at most a day.
  void millis(std::string_view name, std::uint64_t& nanos);
  // "%s=%s,..." of resource attributes and headers.
  enum class Keys : bool { kAsTheyAre, kLower };
  NamedTexts pairs(std::string_view name, Keys keys);

 private:
  // "a number from 1 to 65535"
  static std::string range(std::uint64_t smallest, std::uint64_t largest);
  // The largest number stands for none.
  static std::string text_of_limit(std::uint64_t limit, std::uint64_t largest);

  const Environment& environment_;
  std::vector<std::string>& warnings_;
};

}  // namespace kolben::agent
