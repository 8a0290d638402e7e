// Collectors: which programs under the agent receive what agents export. What such a program does
// with it (its own exports, the lines it prints of it) is not told: it would come back to it as
// more of the same, without end.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace kolben::agent {

class Collectors {
 public:
  // One, as a rule. Beyond that the oldest is forgotten, until it receives something again.
  static constexpr std::size_t kCountMax = 64;

  // Whether a request is an export of an agent, as its exporters name themselves (transport.cc).
  static bool is_export(std::string_view user_agent) {
    return user_agent.starts_with("kolben-agent/");
  }

  void receives(std::uint32_t pid) {
    if (has(pid)) return;
    if (pids_.size() == kCountMax) pids_.erase(pids_.begin());
    pids_.push_back(pid);
  }
  bool has(std::uint32_t pid) const {
    return !pids_.empty() && std::find(pids_.begin(), pids_.end(), pid) != pids_.end();
  }
  void gone(std::uint32_t pid) { std::erase(pids_, pid); }

 private:
  std::vector<std::uint32_t> pids_;
};

}  // namespace kolben::agent
