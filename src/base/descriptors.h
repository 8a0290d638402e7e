// How many files this process may still open. Libraries that get no descriptor throw (Asio) or
// abort (gRPC): whoever is about to use one asks first.
#pragma once

#include <cstddef>

#include "base/status.h"

namespace kolben {

// RESOURCE_EXHAUSTED, with what to raise, where fewer than so many may still be opened.
Status descriptors_left(std::size_t wanted);

}  // namespace kolben
