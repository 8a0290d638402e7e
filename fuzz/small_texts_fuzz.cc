// The small readers of text that the library has within programs: patterns, URLs of requests, names
// of headers, lines, lists. What they say is what a slow and plain way finds.
#include <strings.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "agent/protocols/header_list.h"
#include "agent/protocols/header_name.h"
#include "agent/protocols/line_feeds.h"
#include "agent/protocols/request_url.h"
#include "agent/protocols/text_pattern.h"

using namespace kolben::agent;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// The shortest way to write it (Kernighan and Pike), with time that grows with every `*`.
bool matches_here(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return true;
  if (pattern == "$") return text.empty();
  const std::size_t size = pattern[0] == '\\' ? 2 : 1;
  const char wanted = pattern[size - 1];
  const auto fits = [&](char c) { return (size == 1 && wanted == '.') || c == wanted; };
  if (pattern.size() > size && pattern[size] == '*') {
    const std::string_view rest = pattern.substr(size + 1);
    for (std::size_t i = 0;; ++i) {
      if (matches_here(rest, text.substr(i))) return true;
      if (i == text.size() || !fits(text[i])) return false;
    }
  }
  return !text.empty() && fits(text[0]) && matches_here(pattern.substr(size), text.substr(1));
}

bool matches(std::string_view pattern, std::string_view text) {
  if (pattern[0] == '^') return matches_here(pattern.substr(1), text);
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (matches_here(pattern, text.substr(i))) return true;
  }
  return false;
}

void try_pattern(std::string_view pattern, std::string_view text) {
  TextPattern parsed;
  const bool is_understood = parsed.parse(pattern.data(), pattern.size());
  const bool is_found = is_understood && parsed.matches(text.data(), text.size());
  constexpr std::size_t kSlowBytesMax = 24;
  const bool is_short = pattern.size() <= kSlowBytesMax && text.size() <= kSlowBytesMax &&
                        std::count(pattern.begin(), pattern.end(), '*') <= 3;
  if (is_understood && is_short) require(is_found == matches(pattern, text));
  const std::string list(pattern);
  for (const auto kind : {TextPatterns::Kind::kSearched, TextPatterns::Kind::kSearchedAnyCase,
                          TextPatterns::Kind::kWholeAnyCase}) {
    TextPatterns patterns;
    patterns.init(list.c_str(), kind);
    patterns.match(text.data(), text.size());
  }
}

void try_lines(std::string_view text) {
  std::vector<std::size_t> ends;
  each_line(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), [&](std::size_t end) {
    ends.push_back(end);
    return true;
  });
  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') wanted.push_back(i + 1);
  }
  require(ends == wanted);
}

template <std::size_t N>
void try_name(std::string_view line, const char (&name)[N], const LowerName<N>& lower) {
  const bool is_it =
      line.size() >= N && line[N - 1] == ':' && strncasecmp(line.data(), name, N - 1) == 0;
  require(has_name(line.data(), line.size(), lower) == is_it);
}

void try_names(std::string_view line) {
  static constexpr LowerName kHost("host");
  static constexpr LowerName kB3("b3");
  static constexpr LowerName kBaggage("baggage");
  static constexpr LowerName kContentLength("content-length");
  try_name(line, "host", kHost);
  try_name(line, "b3", kB3);
  try_name(line, "baggage", kBaggage);
  try_name(line, "content-length", kContentLength);
}

void try_url(std::string_view head) {
  char url[kUrlBytesMax];
  require(request_url(head.data(), head.size(), url) <= sizeof(url));
}

void try_list(std::string_view first, std::string_view second, std::size_t room) {
  ListText list = {first.data(), first.size()};
  ListText member;
  while (next_member(&list, &member)) {
    const std::string_view text(member.bytes, member.size);
    require(!text.empty() && text.find(',') == std::string_view::npos);
    require(key_of_member(member).size + value_of_member(member).size <= member.size);
  }
  std::string to(room, '?');
  constexpr std::uint32_t kMembersMax = 64;
  ListWriter writer(to.data(), room, kMembersMax);
  writer.add({first.data(), first.size()});
  const std::string_view head(to.data(), writer.size());
  writer.settle_keys();
  writer.add({second.data(), second.size()});
  const std::string_view written(to.data(), writer.size());
  require(written.size() <= room && written.starts_with(head));
  for (const char c : written) require(static_cast<unsigned char>(c) >= ' ' || c == '\t');
  std::string again(written.size(), '?');
  ListWriter copy(again.data(), again.size(), kMembersMax);
  copy.add({written.data(), written.size()});
  require(!copy.is_cut() && copy.size() == written.size() && again == written);
}

void try_value(std::string_view value) {
  std::string to(3 * value.size() + 2, '?');
  const std::size_t size =
      encode_member({"k", 1}, {value.data(), value.size()}, to.data(), to.size());
  require(size >= 2);
  std::string back(value.size(), '?');
  require(decode_member_value({to.data() + 2, size - 2}, back.data(), back.size()) == value.size());
  require(back == value);
  decode_member_value({value.data(), value.size()}, back.data(), back.size() / 2);
}

}  // namespace

// One byte how much room a list has, then a text, a line feed, and the rest.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view all(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const std::string_view first = all.substr(0, all.find('\n'));
  const std::string_view rest = all.substr(std::min(first.size() + 1, all.size()));
  if (!first.empty()) try_pattern(first, rest);
  try_lines(all);
  try_names(first);
  try_url(all);
  try_list(first, rest, bytes[0]);
  try_value(rest);
  return 0;
}
