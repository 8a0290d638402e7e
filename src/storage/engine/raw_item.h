// A span or a log record as its bytes, with the bytes of what surrounds it: conditions are decided
// by looking for the one field or attribute that they name, without decoding the rest. Says the
// same as storage::matches() of the decoded item; the tests hold the two together.
#pragma once

#include <string_view>

#include "base/unique_function.h"
#include "storage/evaluate.h"

namespace kolben::storage::engine {

struct RawItem {
  std::string_view item, resource, scope;
};

// For conditions on attributes and on the intrinsic fields that are not columns; false where the
// field is neither.
bool decide_span(const RawItem& span, const Condition& condition);
bool decide_log(const RawItem& log, std::string_view service, const Condition& condition);

// The value of each place that the field names, in order: what autocompletion offers.
void collect_values(const RawItem& span, const Field& field,
                    UniqueFunction<void(const Value&)>& visit);

}  // namespace kolben::storage::engine
