// Where in a conversation of MongoDB the Skimmer is.
#pragma once

#include <cstdint>

namespace kolben::agent {

// Where in a message a direction is.
struct MongodbSide {
  std::uint32_t left = 0;           // of what it is at
  std::uint32_t message_left = 0;   // after the header
  std::uint32_t document_left = 0;  // after its length
  std::uint32_t operation = 0;
  std::uint32_t flags = 0;
  std::uint8_t phase = 0;
  std::uint8_t type = 0;      // of the element
  std::uint8_t elements = 0;  // complete ones, up to 255
  bool shows = false;         // the value
  bool is_get_more = false;
  bool has_document = false;
  std::uint8_t number_bytes = 0;
  std::uint8_t name_size = 0;  // one more than there is room for: longer
  std::uint8_t number[16] = {};
  std::uint8_t name[32] = {};  // of the element
};

}  // namespace kolben::agent
