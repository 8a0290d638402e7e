#include "agent/process/variables.h"

#include <unistd.h>

#include <algorithm>

extern char** environ;  // NOLINT: POSIX

namespace kolben::agent {

Environment process_environment() {
  Environment result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    result.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return result;
}

void put(NamedTexts& texts, std::string_view key, std::string value) {
  for (auto& [name, old] : texts) {
    if (name == key) {
      old = std::move(value);
      return;
    }
  }
  texts.emplace_back(key, std::move(value));
}

bool has_key(const NamedTexts& texts, std::string_view key) {
  return std::any_of(texts.begin(), texts.end(),
                     [key](const auto& item) { return item.first == key; });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

std::vector<std::string_view> split_list(std::string_view text) {
  std::vector<std::string_view> items;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view item = trimmed(text.substr(0, comma));
    if (!item.empty()) items.push_back(item);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return items;
}

// Only the last '*' is gone back to, so that it takes the product of both lengths at most.
bool matches_pattern(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t retry = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::string percent_decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    if (text[i] == '%' && i + 2 < text.size()) {
      const auto end = std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16);
      if (end.ec == std::errc() && end.ptr == text.data() + i + 3) {
        result += static_cast<char>(byte);
        i += 2;
        continue;
      }
    }
    result += text[i];
  }
  return result;
}

std::optional<std::pair<std::string, std::string>> key_and_value(std::string_view item) {
  const std::size_t equals = item.find('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  return std::pair(percent_decoded(trimmed(item.substr(0, equals))),
                   percent_decoded(trimmed(item.substr(equals + 1))));
}

void Variables::warn_value(std::string_view name, std::string_view value, std::string_view what) {
  warn(std::string(name) + "=" + std::string(value) + ": " + std::string(what));
}

std::string_view Variables::text(std::string_view name) const {
  const auto found = environment_.find(name);
  return found == environment_.end() ? std::string_view() : trimmed(found->second);
}

bool Variables::boolean(std::string_view name, bool fallback) {
  const std::string value = lower(text(name));
  if (value.empty()) return fallback;
  if (value != "true" && value != "false")
    warn_value(name, value, "neither true nor false; false holds");
  return value == "true";
}

std::string Variables::range(std::uint64_t smallest, std::uint64_t largest) {
  return "a number from " + std::to_string(smallest) + " to " + std::to_string(largest);
}

std::string Variables::text_of_limit(std::uint64_t limit, std::uint64_t largest) {
  return limit == largest ? "no limit" : std::to_string(limit);
}

void Variables::millis(std::string_view name, std::uint64_t& nanos) {
  // A day: longer waits are mistakes, and must not overflow.
  constexpr std::uint64_t kMillisMax = 86'400'000;
  std::uint64_t value = nanos / 1'000'000;
  number<std::uint64_t>(name, value, 1, "milliseconds", value == 0 ? "no limit" : "");
  nanos = std::min(value, kMillisMax) * 1'000'000;
}

NamedTexts Variables::pairs(std::string_view name, Keys keys) {
  NamedTexts result;
  for (const std::string_view item : split_list(text(name))) {
    auto pair = key_and_value(item);
    if (!pair) {
      // Of a header it may be a secret.
      if (keys == Keys::kLower) {
        warn(std::string(name) + ": an item is not key=value; left out");
      } else {
        warn_value(name, item, "not key=value; left out");
      }
      continue;
    }
    if (keys == Keys::kLower) pair->first = lower(pair->first);
    put(result, pair->first, std::move(pair->second));
  }
  return result;
}

}  // namespace kolben::agent
