// Where in a conversation of Kafka the Skimmer is.
#pragma once

#include <cstdint>

namespace kolben::agent {

// Where in a message a direction is.
struct KafkaSide {
  std::uint32_t left = 0;          // of what it is at
  std::uint32_t message_left = 0;  // after its size
  std::uint32_t correlation = 0;
  std::uint32_t count = 0;  // of topics, or of a topic's partitions
  std::uint32_t partition = 0;
  std::uint16_t api = 0;
  std::uint16_t version = 0;
  std::uint8_t step = 0;
  std::uint8_t number_bytes = 0;
  bool is_compact = false;  // a length, a count
  bool in_text = false;     // after its length
  bool ends = false;        // the message did, with what was taken last
  std::uint8_t number[8] = {};
};

}  // namespace kolben::agent
