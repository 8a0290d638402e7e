// A choice in a configuration file: a map with one key that says which, {otlp_http: {...}}.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/reader.h"

namespace kolben::agent {

struct ConfigChoice {
  std::string_view name;  // one of those that were asked for; empty: a mistake, which was reported
  const config::Node* value = nullptr;
  std::string path = {};

  // Of what is behind the key. Whoever has no use for it asks for none: a reader reports the keys
  // that nobody takes.
  std::unique_ptr<config::Reader> reader(config::Errors& errors) const;
};

// The value of `key`, which must be there. `names` outlive the result; those behind an empty one
// are understood, but nobody is told to write them: the agent can do nothing with them.
ConfigChoice read_choice(config::Reader& owner, std::string_view key,
                         const std::vector<std::string_view>& names, config::Errors& errors);
// The same for an item of a list.
ConfigChoice read_choice(const config::Node& node, const std::string& path,
                         const std::vector<std::string_view>& names, config::Errors& errors);

}  // namespace kolben::agent
