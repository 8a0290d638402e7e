// Which URLs are not looked at: OTEL_PYTHON_EXCLUDED_URLS, a list of regular expressions that are
// searched for in the whole URL. Understood are characters, '.', '*' after one of them, '^', '$'
// and
// '\' before a character that is neither letter nor digit; a pattern with more is left out.
//
// Pure, no allocation, freestanding. Linear in the URL's length for each pattern.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kolben::agent {

class UrlPattern {
 public:
  // Its elements are bits of a word.
  static constexpr std::uint32_t kElementsMax = 63;

  // False: not understood, or too long.
  bool parse(const char* text, std::size_t size);
  // Whether it matches somewhere in the text.
  bool matches(const char* text, std::size_t size) const;

 private:
  struct Element {
    char character;
    bool is_any;
    bool is_repeated;
  };
  std::uint64_t with_skipped(std::uint64_t states) const;
  std::uint64_t after(std::uint64_t states, char character) const;

  Element elements_[kElementsMax] = {};
  std::uint32_t count_ = 0;
  bool from_begin_ = false;
  bool to_end_ = false;
};

class UrlPatterns {
 public:
  // People exclude a few.
  static constexpr std::uint32_t kPatternsMax = 16;

  // The variable's value, separated by commas; null: nothing.
  void init(const char* list);
  bool empty() const { return count_ == 0; }
  // The URL of a request, by the head that is kept of it (http1.h).
  bool match_request(const char* head, std::size_t size) const;

 private:
  UrlPattern patterns_[kPatternsMax] = {};
  std::uint32_t count_ = 0;
};

}  // namespace kolben::agent
