// Many connections, and many parts of a store, need many descriptors; the soft limit is there for
// programs that use select().
#pragma once

#include "base/status.h"

namespace kolben::app {

// Raises it to the hard limit. RESOURCE_EXHAUSTED where that is too low for anything.
Status raise_descriptor_limit();

}  // namespace kolben::app
