#include "agent/process/endpoint.h"

#include <algorithm>

#include "agent/process/variables.h"
#include "config/node.h"

namespace kolben::agent {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter_or_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
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
    const std::size_t at = segment.rfind('@');
    if (is_like_token(segment)) {
      parts.push_back(segment);
    } else if (at != std::string_view::npos && segment.find(':') < at) {
      parts.push_back(segment.substr(0, at));  // a user, behind what may be a scheme
    }
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

// "http", or "https", that a word was meant to be; empty: neither. As near to both: the one that
// does not send in the clear what was meant for TLS.
std::string_view meant_scheme(std::string_view word, bool with_wrong_letters) {
  const std::vector<std::string_view> schemes = {"https", "http"};
  return config::nearest(word, schemes, with_wrong_letters ? 1 : 0);
}

// A word before the host, as far as it may have been meant as a scheme.
struct Lead {
  std::string_view word;
  std::string_view between;  // that, and the host: "://", if nothing is mistyped
  std::size_t host = 0;      // where it begins
};
Lead lead_of(std::string_view endpoint) {
  constexpr std::string_view kSeparators = ":;/";
  const std::size_t word_end = std::min(endpoint.find_first_of(kSeparators), endpoint.size());
  const std::size_t host =
      std::min(endpoint.find_first_not_of(kSeparators, word_end), endpoint.size());
  return {endpoint.substr(0, word_end), endpoint.substr(word_end, host - word_end), host};
}

// "http:4317" is a host with its port.
bool is_port(const Lead& lead, std::string_view endpoint) {
  return lead.between == ":" && lead.host < endpoint.size() && is_digit(endpoint[lead.host]);
}

// Where "user:password@host:port" begins, whatever stands before it for a scheme.
std::size_t authority_begin(std::string_view endpoint) {
  const Lead lead = lead_of(endpoint);
  if (lead.word.find_first_of("@?#[") != std::string_view::npos) return 0;
  // A single one is that of a path, where a host is before it.
  const bool has_slashes =
      lead.between.ends_with('/') && (lead.between.size() > 1 || lead.word.empty());
  if (has_slashes) return lead.host;
  const bool is_scheme = !is_port(lead, endpoint) && !meant_scheme(lower(lead.word), false).empty();
  return is_scheme ? lead.host : 0;
}

// Where it ends that stands for a user there, behind its '@'; `begin`: there is none.
std::size_t user_info_end(std::string_view endpoint, std::size_t begin) {
  const std::size_t end = std::min(endpoint.find_first_of("/?#", begin), endpoint.size());
  const std::size_t at = endpoint.substr(0, end).rfind('@');
  if (at != std::string_view::npos && at >= begin) return at + 1;
  // A password in which such a character was not written as %2F is none that a host could have as
  // its port.
  const std::string_view host = endpoint.substr(begin, end - begin);
  const std::size_t colon = host.find(':');
  if (colon == std::string_view::npos || host.starts_with('[')) return begin;
  const std::string_view port = host.substr(colon + 1);
  if (std::all_of(port.begin(), port.end(), is_digit)) return begin;
  const std::size_t late = endpoint.rfind('@');
  return late != std::string_view::npos && late > end ? late + 1 : begin;
}

}  // namespace

bool remove_user_info(std::string& endpoint) {
  const std::size_t begin = authority_begin(endpoint);
  const std::size_t end = user_info_end(endpoint, begin);
  endpoint.erase(begin, end - begin);
  return end != begin;
}

bool correct_scheme(std::string& endpoint) {
  const Lead lead = lead_of(endpoint);
  // "htp/spans" is a host with its path.
  const bool is_host = lead.word.empty() || lead.between.empty() || is_port(lead, endpoint);
  if (is_host || lead.host == endpoint.size()) return false;
  const std::string word = lower(lead.word);
  const std::string_view scheme = meant_scheme(word, lead.between.starts_with(":/"));
  if (scheme.empty() || (scheme == word && lead.between == "://")) return false;
  endpoint.replace(0, lead.host, std::string(scheme) + "://");
  return true;
}

std::vector<std::string_view> secret_parts(std::string_view endpoint) {
  std::vector<std::string_view> parts;
  const std::size_t begin = authority_begin(endpoint);
  const std::size_t host = user_info_end(endpoint, begin);
  if (host != begin) parts.push_back(endpoint.substr(begin, host - 1 - begin));
  const std::size_t host_end = endpoint.find_first_of("/?#", host);
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
