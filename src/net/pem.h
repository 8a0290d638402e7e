// The PEM texts that TLS settings name, by file or in place.
#pragma once

#include <string>

#include "base/result.h"

namespace kolben::net {

// `text` where it is given, else what `path` holds, else nothing.
Result<std::string> read_pem(const std::string& path, const std::string& text);

}  // namespace kolben::net
