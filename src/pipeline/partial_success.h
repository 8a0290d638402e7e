// What a peer says about data that it took in part only (OTLP specification, "Partial Success").
#pragma once

#include <string_view>

namespace kolben::pipeline {

// Logs what `reply`, an Export*ServiceResponse, says of rejected items: sending them again is
// forbidden, silence would be a loss that nobody hears of. A reply that is empty or none at all
// means success. Any thread.
void warn_of_partial_success(std::string_view exporter_id, std::string_view reply);

}  // namespace kolben::pipeline
