// The configuration in force: the built-in one, files and flags, merged and expanded.
#pragma once

#include <string>
#include <vector>

#include "config/load.h"
#include "config/node.h"

namespace kolben::app {

struct ConfigurationOptions {
  bool with_built_in = true;
  std::vector<std::string> files;  // --config, in order
  std::vector<std::string> sets;   // --set, in order
  // Empty: $KOLBEN_DATA_DIR, else the XDG data home.
  std::string data_dir;
  // Empty: $KOLBEN_LISTEN_HOST, else localhost.
  std::string listen_host;
};

// `${env:KOLBEN_DATA_DIR}` and `${env:KOLBEN_LISTEN_HOST}` are what the options say.
config::Node load_configuration(const ConfigurationOptions& options,
                                const config::Environment& environment, config::Errors& errors);

// Where data goes unless told otherwise: $XDG_DATA_HOME/kolben, else ~/.local/share/kolben. Empty
// where neither is known. (XDG Base Directory Specification.)
std::string default_data_dir(const config::Environment& environment);

}  // namespace kolben::app
