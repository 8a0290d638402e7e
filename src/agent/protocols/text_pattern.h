// TextPattern: a regular expression of the simple kind. Understood are characters, '.', '*' after
// one of them, '^' at the begin, '$' at the end, and '\' before a character that is neither letter
// nor digit; whoever writes more is told that it is not understood.
//
// Pure, no allocation, freestanding. Linear in the text's length for each of its elements.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kolben::agent {

class TextPattern {
 public:
  // The elements are bits of a word.
  static constexpr std::uint32_t kElementsMax = 63;

  // False: not understood, or too long.
  bool parse(const char* text, std::size_t size);
  // Has to match the whole text from here on.
  void match_whole() { from_begin_ = to_end_ = true; }
  // Letters of the text in either case; the pattern's have to be small.
  void ignore_case() { ignores_case_ = true; }
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
  bool ignores_case_ = false;
};

// A list of them as variables have it, separated by commas, with blanks around; what is not
// understood is left out.
class TextPatterns {
 public:
  // People name a few.
  static constexpr std::uint32_t kPatternsMax = 16;
  enum class Kind : std::uint8_t {
    kSearched,         // anywhere in the text
    kSearchedAnyCase,  // the same, in capitals or not
    kWholeAnyCase,     // the whole text
  };

  // Null: none.
  void init(const char* list, Kind kind);
  bool empty() const { return count_ == 0; }
  bool match(const char* text, std::size_t size) const;

 private:
  TextPattern patterns_[kPatternsMax] = {};
  std::uint32_t count_ = 0;
};

}  // namespace kolben::agent
