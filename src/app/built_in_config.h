// The configuration of `kolben up`: the collector's language, nothing else. Its two variables come
// from the command line, see configuration.h.
#pragma once

#include <string_view>

namespace kolben::app {

std::string_view built_in_config();

}  // namespace kolben::app
