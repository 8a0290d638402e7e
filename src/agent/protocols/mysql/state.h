// Where in a conversation of MySQL the Skimmer is.
#pragma once

#include <cstdint>

namespace kolben::agent {

// Where in a packet a direction is.
struct MysqlSide {
  std::uint32_t left = 0;      // of the packet's content
  std::uint32_t position = 0;  // in its content
  std::uint8_t header[4] = {};
  std::uint8_t header_size = 0;
  std::uint8_t begun[24] = {};  // the first bytes of the content
  bool goes_on = false;         // the packet before was as long as one can be
  bool is_description = false;  // of columns or parameters: one of packets_left
};

// Where in the conversation both are. One thread at a time, whichever the direction.
struct MysqlState {
  MysqlSide sides[2];  // by Direction
  std::uint32_t server_flags = 0;
  std::uint32_t client_flags = 0;
  std::uint32_t packets_left = 0;  // descriptions of columns and parameters
  std::uint32_t version_bytes = 0;
  std::uint32_t hidden_left = 0;  // of the client's secret
  std::uint8_t phase = 0;
  std::uint8_t step = 0;  // of what the client's first packet or an answer is made of
  std::uint8_t command = 0;
  bool sends_file = false;  // the client does
  bool is_in_tls = false;
  bool caches_columns = false;
};

}  // namespace kolben::agent
