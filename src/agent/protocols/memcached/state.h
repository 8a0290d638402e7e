// Where in a line of Memcached's the Skimmer is.
#pragma once

#include <cstdint>

namespace kolben::agent {

// One direction.
struct MemcachedSide {
  std::uint64_t number = 0;      // that a word is telling
  std::uint64_t value_left = 0;  // with its line end
  std::uint32_t line_size = 0;
  std::uint8_t word[10] = {};
  std::uint8_t word_size = 0;
  std::uint8_t words = 0;       // complete ones
  std::uint8_t value_word = 0;  // which one is a value's length; 0: none
  bool in_word = false;
  bool may_want_no_answer = false;
  bool is_noreply = false;  // the last word
};

}  // namespace kolben::agent
