#include "agent/process/endpoint.h"

#include <algorithm>

#include "agent/process/variables.h"
#include "config/node.h"

namespace kolben::agent {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Names of paths are short words; what goes on for so long without a slash is made by a machine.
bool is_like_token(std::string_view text) {
  constexpr std::size_t kTokenBytesMin = 20;
  constexpr std::string_view kOthers = "-_.~+=%:";
  return text.size() >= kTokenBytesMin && std::all_of(text.begin(), text.end(), [&](char c) {
           return is_letter_or_digit(c) || kOthers.find(c) != std::string_view::npos;
         });
}

// The next piece up to `separator`; moves `text` behind it.
std::string_view take_piece(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view piece = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return piece;
}

void add_of_path(std::string_view path, std::vector<std::string_view>& parts) {
  while (!path.empty()) {
    const std::string_view segment = take_piece(path, '/');
    if (is_like_token(segment)) parts.push_back(segment);
  }
}

void add_of_query(std::string_view query, std::vector<std::string_view>& parts) {
  while (!query.empty()) {
    const std::string_view item = take_piece(query, '&');
    const std::size_t equals = item.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? item : item.substr(equals + 1);
    if (!value.empty()) parts.push_back(value);
  }
}

// "http", or "https", that a word was meant to be; empty: neither.
std::string_view meant_scheme(std::string_view word, bool with_wrong_letters) {
  const std::vector<std::string_view> schemes = {"http", "https"};
  return config::nearest(word, schemes, with_wrong_letters ? 1 : 0);
}

}  // namespace

bool remove_user_info(std::string& endpoint) {
  const std::size_t scheme_end = endpoint.find("://");
  const std::size_t begin = scheme_end == std::string::npos ? 0 : scheme_end + 3;
  const std::size_t end = endpoint.find_first_of("/?#", begin);
  const std::size_t at = endpoint.substr(0, end).rfind('@');
  if (at == std::string::npos || at < begin) return false;
  endpoint.erase(begin, at + 1 - begin);
  return true;
}

bool correct_scheme(std::string& endpoint) {
  const std::size_t word_end = endpoint.find_first_of(":;/");
  if (word_end == std::string::npos || word_end == 0) return false;
  const std::size_t rest = endpoint.find_first_not_of(":;/", word_end);
  if (rest == std::string::npos) return false;
  const std::string word = lower(std::string_view(endpoint).substr(0, word_end));
  const std::string_view between = std::string_view(endpoint).substr(word_end, rest - word_end);
  // "http:4317" is a host with its port, "htp/spans" one with its path.
  const bool is_port = between == ":" && endpoint[rest] >= '0' && endpoint[rest] <= '9';
  if (is_port) return false;
  const std::string_view scheme = meant_scheme(word, between.starts_with(":/"));
  if (scheme.empty() || (scheme == word && between == "://")) return false;
  endpoint.replace(0, rest, std::string(scheme) + "://");
  return true;
}

std::vector<std::string_view> secret_parts(std::string_view endpoint) {
  std::vector<std::string_view> parts;
  const std::size_t scheme_end = endpoint.find("://");
  if (scheme_end != std::string_view::npos) endpoint.remove_prefix(scheme_end + 3);
  const std::size_t host_end = endpoint.find_first_of("/?#");
  if (host_end == std::string_view::npos) return parts;
  endpoint.remove_prefix(host_end);
  const std::size_t path_end = endpoint.find_first_of("?#");
  add_of_path(endpoint.substr(0, path_end), parts);
  if (path_end != std::string_view::npos) add_of_query(endpoint.substr(path_end + 1), parts);
  return parts;
}

std::string shown_endpoint(std::string_view endpoint) {
  std::string shown;
  for (const std::string_view part : secret_parts(endpoint)) {
    const auto before = static_cast<std::size_t>(part.data() - endpoint.data());
    shown.append(endpoint.substr(0, before)).append(kHidden);
    endpoint.remove_prefix(before + part.size());
  }
  return shown.append(endpoint);
}

}  // namespace kolben::agent
