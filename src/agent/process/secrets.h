// Secrets: what a collector is sent that nobody else may read, the values of headers and parts of
// its address, hidden in what is said: a collector that refuses may repeat what it got.
#pragma once

#include <string>
#include <vector>

#include "agent/process/exporter_settings.h"
#include "base/status.h"

namespace kolben::agent {

class Secrets {
 public:
  // Shorter ones (a number, a word) would hide what a message says, and are no secrets.
  static constexpr std::size_t kBytesMin = 6;

  Secrets() = default;
  explicit Secrets(const PeerSettings& peer);

  // With "..." in the place of each, also of one that the text ends within.
  std::string hidden(std::string text) const;
  Status hidden(const Status& status) const;

 private:
  void add(std::string_view text);

  std::vector<std::string> all_;  // the longest first
};

}  // namespace kolben::agent
