// Where in a line or a text of RESP the Skimmer is.
#pragma once

#include <cstdint>

namespace kolben::agent {

// One direction.
struct RedisSide {
  std::uint64_t number = 0;    // that the line is telling
  std::uint32_t argument = 0;  // of the command
  char word[10] = {};          // the command's name, in capitals
  std::uint8_t word_size = 0;
  std::uint8_t word_left = 0;    // of it, not come yet
  std::uint8_t code_left = 0;    // of an error's code, so many bytes at most
  std::uint64_t error_left = 0;  // of an error's text
  std::uint8_t type = 0;         // of the line; 0: between lines
  bool is_null = false;
  bool has_begun = false;  // the number
};

}  // namespace kolben::agent
