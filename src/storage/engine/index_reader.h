// Reading an index file that lies mapped in memory. Opening looks at the header and the directory
// alone, so that a start does not depend on how much is stored; verify_index() reads every byte.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "storage/engine/segment_view.h"

namespace kolben::storage::engine {

// DATA_LOSS where the file cannot be used, with the reason.
Result<std::shared_ptr<const SegmentView>> open_index(Bytes file, std::uint64_t number,
                                                      std::shared_ptr<const File> log);

// DATA_LOSS where any section is not what was written.
Status verify_index(const Bytes& file);

}  // namespace kolben::storage::engine
