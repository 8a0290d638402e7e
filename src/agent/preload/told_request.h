// A request whose bytes nobody sees, as a runtime's shim tells of it (told_exchanges.cc).
#pragma once

#include <cstddef>
#include <cstdint>

namespace kolben::agent {

struct ToldRequest {
  static constexpr std::uint8_t kTold = 1;
  static constexpr std::uint8_t kEncrypted = 2;  // by TLS
  static constexpr std::uint8_t kHttp2 = 4;
  std::uint8_t what = kTold;
  bool is_client = false;
  int file = -1;               // of which the addresses are; -1: not known yet
  const char* head = nullptr;  // as HTTP/1.1 has it
  std::size_t head_size = 0;
};

}  // namespace kolben::agent
