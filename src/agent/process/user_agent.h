// How the agent process names itself where it asks over the network.
#pragma once

#include <string>
#include <string_view>

#include "agent/process/settings.h"

namespace kolben::agent {

// Exports alone begin with it: who receives them is known by that (collectors.h).
inline constexpr std::string_view kExporterName = "kolben-agent/";
// Of who asks for sampling strategies, which is no export.
inline constexpr std::string_view kSamplerName = "kolben-agent-sampler/";
static_assert(!kSamplerName.starts_with(kExporterName));

inline std::string agent_user_agent(std::string_view name) {
  return std::string(name).append(agent_version());
}

}  // namespace kolben::agent
