#include "query/parameters.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <ctime>

#include "config/reader.h"
#include "wire/base64.h"
#include "wire/utf8.h"

namespace kolben::query {
namespace {

Status unreadable(std::string_view name, std::string_view value, std::string_view wanted) {
  constexpr std::size_t kShownMax = 80;
  return invalid_argument("unable to parse param '" + std::string(name) + "': \"" +
                          std::string(value.substr(0, kShownMax)) + "\" is no " +
                          std::string(wanted));
}

std::optional<std::int64_t> to_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Days from 1970-01-01 in the Gregorian calendar: counts years from March, so that the leap day is
// the last of its year.
std::int64_t days_from_date(std::int64_t year, std::int64_t month, std::int64_t day) {
  const std::int64_t march_year = month <= 2 ? year - 1 : year;
  const std::int64_t march_month = (month + 9) % 12;
  const std::int64_t day_of_year = (153 * march_month + 2) / 5 + day - 1;
  const std::int64_t leap_days = march_year / 4 - march_year / 100 + march_year / 400;
  return march_year * 365 + leap_days + day_of_year - 719468;
}

// Takes parts off the front of a timestamp.
class TimeScanner {
 public:
  explicit TimeScanner(std::string_view text) : rest_(text) {}

  // Exactly `digits` digits, a number from `low` to `high`.
  bool take_number(std::size_t digits, std::int64_t low, std::int64_t high, std::int64_t& out) {
    if (rest_.size() < digits) return false;
    const auto value = to_integer(rest_.substr(0, digits));
    if (!value || rest_[0] == '-' || *value < low || *value > high) return false;
    out = *value;
    rest_.remove_prefix(digits);
    return true;
  }
  bool take_any(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_[0]) == std::string_view::npos) return false;
    taken_ = rest_[0];
    rest_.remove_prefix(1);
    return true;
  }
  // One to nine digits after the point, as nanoseconds.
  bool take_fraction(std::int64_t& nanos) {
    std::int64_t unit = 100'000'000;
    std::size_t digits = 0;
    for (; digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits) {
      nanos += (rest_[digits] - '0') * unit;
      unit /= 10;
    }
    rest_.remove_prefix(digits);
    return digits >= 1 && digits <= 9;
  }
  char taken() const { return taken_; }
  bool is_at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  char taken_ = '\0';
};

// "Z" or "+01:00", as seconds east of UTC.
bool take_zone(TimeScanner& scanner, std::int64_t& offset_seconds) {
  if (!scanner.take_any("Zz+-")) return false;
  const char sign = scanner.taken();
  if (sign == 'Z' || sign == 'z') return true;
  std::int64_t hours = 0;
  std::int64_t minutes = 0;
  if (!scanner.take_number(2, 0, 23, hours) || !scanner.take_any(":") ||
      !scanner.take_number(2, 0, 59, minutes)) {
    return false;
  }
  offset_seconds = (hours * 60 + minutes) * 60 * (sign == '-' ? -1 : 1);
  return true;
}

}  // namespace

Result<Parameters> Parameters::parse(std::string_view target) {
  Parameters parameters;
  const std::size_t question = target.find('?');
  if (question == std::string_view::npos) return parameters;
  const auto ampersands = std::count(target.begin(), target.end(), '&');
  if (ampersands >= static_cast<std::ptrdiff_t>(kParametersMax)) {
    return invalid_argument("more than " + std::to_string(kParametersMax) + " parameters");
  }
  parameters.values_ = net::http::query_parameters(target);
  for (const auto& [name, value] : parameters.values_) {
    if (name.size() + value.size() > kParameterBytesMax) {
      return invalid_argument("parameter '" + name.substr(0, 40) + "' is longer than " +
                              std::to_string(kParameterBytesMax) + " bytes");
    }
  }
  return parameters;
}

bool Parameters::has(std::string_view name) const {
  return std::any_of(values_.begin(), values_.end(),
                     [name](const auto& entry) { return entry.first == name; });
}

std::string_view Parameters::first(std::string_view name) const {
  for (const auto& [key, value] : values_) {
    if (key == name) return value;
  }
  return {};
}

Result<std::string_view> Parameters::text(std::string_view name) const {
  const std::string_view value = first(name);
  if (wire::is_utf8(value)) return value;
  return invalid_argument("param '" + std::string(name) + "' is not UTF-8");
}

std::vector<std::string_view> Parameters::all(std::string_view name) const {
  std::vector<std::string_view> found;
  for (const auto& [key, value] : values_) {
    if (key == name) found.push_back(value);
  }
  return found;
}

bool Parameters::flag(std::string_view name) const {
  const std::string_view value = first(name);
  return value == "1" || value == "t" || value == "T" || value == "true" || value == "TRUE" ||
         value == "True";
}

Result<std::int64_t> Parameters::integer(std::string_view name, std::int64_t fallback) const {
  const std::string_view text = first(name);
  if (text.empty()) return fallback;
  const auto value = to_integer(text);
  if (!value) return unreadable(name, text, "integer");
  return *value;
}

Result<std::uint32_t> Parameters::count(std::string_view name, std::uint32_t fallback,
                                        std::uint32_t maximum) const {
  KOLBEN_TRY(const std::int64_t value, integer(name, fallback));
  if (value < 1 || value > maximum) {
    return invalid_argument("param '" + std::string(name) + "' must lie between 1 and " +
                            std::to_string(maximum) + ", not " + std::to_string(value));
  }
  return static_cast<std::uint32_t>(value);
}

Result<std::optional<std::uint64_t>> Parameters::duration_nanos(std::string_view name) const {
  const std::string_view text = first(name);
  if (text.empty()) return std::optional<std::uint64_t>();
  const auto duration = config::parse_duration(text);
  if (!duration) return unreadable(name, text, "duration such as 100ms or 1.5s");
  if (duration->count() < 0) return unreadable(name, text, "duration: it is negative");
  return std::optional<std::uint64_t>(static_cast<std::uint64_t>(duration->count()));
}

std::uint64_t to_unix_nanos(std::int64_t count, std::uint64_t unit_nanos) {
  if (count <= 0) return 0;
  const auto units = static_cast<std::uint64_t>(count);
  return units > UINT64_MAX / unit_nanos ? UINT64_MAX : units * unit_nanos;
}

std::optional<std::uint64_t> parse_rfc3339(std::string_view text) {
  TimeScanner scanner(text);
  std::int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, nanos = 0;
  if (!scanner.take_number(4, 0, 9999, year) || !scanner.take_any("-") ||
      !scanner.take_number(2, 1, 12, month) || !scanner.take_any("-") ||
      !scanner.take_number(2, 1, 31, day) || !scanner.take_any("Tt ") ||
      !scanner.take_number(2, 0, 23, hour) || !scanner.take_any(":") ||
      !scanner.take_number(2, 0, 59, minute) || !scanner.take_any(":") ||
      !scanner.take_number(2, 0, 60, second)) {
    return std::nullopt;
  }
  if (scanner.take_any(".") && !scanner.take_fraction(nanos)) return std::nullopt;
  std::int64_t offset_seconds = 0;
  if (!take_zone(scanner, offset_seconds) || !scanner.is_at_end()) return std::nullopt;
  const std::int64_t seconds = days_from_date(year, month, day) * 86400 + hour * 3600 +
                               minute * 60 + second - offset_seconds;
  if (seconds < 0) return 0;  // before 1970 nothing is stored
  constexpr std::uint64_t kSecond = 1'000'000'000;
  const std::uint64_t whole = to_unix_nanos(seconds, kSecond);
  const auto fraction = static_cast<std::uint64_t>(nanos);
  return whole > UINT64_MAX - fraction ? UINT64_MAX : whole + fraction;
}

std::string rfc3339(std::uint64_t unix_nanos) {
  const auto seconds = static_cast<std::time_t>(unix_nanos / 1'000'000'000);
  std::tm fields{};
  gmtime_r(&seconds, &fields);  // no number of seconds of these is too large for it
  char text[32];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &fields);
  std::string time(text, length);
  if (const std::uint64_t fraction = unix_nanos % 1'000'000'000; fraction != 0) {
    time += '.' + std::to_string(1'000'000'000 + fraction).substr(1);
    while (time.ends_with("000")) time.resize(time.size() - 3);
  }
  return time + 'Z';
}

std::optional<TraceId> parse_trace_id(std::string_view text) {
  constexpr std::size_t kHexDigits = 32;
  const bool is_hex = text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  if (text.empty()) return std::nullopt;
  if (is_hex && text.size() <= kHexDigits) {
    return TraceId::from_hex(std::string(kHexDigits - text.size(), '0').append(text));
  }
  if (text.size() > 24) return std::nullopt;  // 16 bytes in padded base64
  std::string standard(text.substr(0, text.find_last_not_of('=') + 1));
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  standard.append((4 - standard.size() % 4) % 4, '=');
  const auto bytes = wire::from_base64(standard);
  if (!bytes || (bytes->size() != 8 && bytes->size() != 16)) return std::nullopt;
  return TraceId::from_bytes(std::string(16 - bytes->size(), '\0').append(*bytes));
}

}  // namespace kolben::query
