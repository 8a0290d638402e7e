// Looking at a store that no process has open, part by part, and setting aside what is damaged:
// `kolben store check`. What the log holds is not touched: a start reads it.
#pragma once

#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "storage/engine/options.h"

namespace kolben::storage::engine {

struct CheckOptions {
  // Reads every byte; otherwise footers only.
  bool thorough = true;
  // Moves damaged parts to damaged/ and makes a manifest without them; a manifest that is lost or
  // damaged is made anew from the parts that are there. What only the manifest knew is lost then:
  // the names of retention classes, and which parts a merge had replaced when it was interrupted,
  // so that log records and points may be there twice.
  bool repair = false;
};

struct Checked {
  std::size_t parts = 0;
  std::vector<std::string> damaged;  // a line each: which part, what is wrong, what it held
  std::size_t damaged_parts = 0;     // of those; the others are of the manifest or deleted rows
  // Files that no manifest lists and that a repair set aside too: a damaged part may have been made
  // of them.
  std::vector<std::string> unlisted;
  bool is_repaired = false;
};

// `progress` is called before each part.
Result<Checked> check_store(FileSystem& files, const std::string& path, const CheckOptions& options,
                            WorkProgress progress);

}  // namespace kolben::storage::engine
