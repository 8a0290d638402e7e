#include "storage/engine/merge.h"

#include "storage/engine/table_merge.h"

namespace kolben::storage::engine {

Result<Merged> merge_parts(const std::vector<StoredPart>& inputs, PartTarget& target,
                           KeepGoing& keep_going) {
  switch (inputs.front().facts.table) {
    case part::Table::kSpans:
      return merge_spans(inputs, target, keep_going);
    case part::Table::kLogs:
      return merge_logs(inputs, target, keep_going);
    case part::Table::kPoints:
      return merge_points(inputs, target, keep_going);
  }
  return internal_error("a table that is none");
}

}  // namespace kolben::storage::engine
