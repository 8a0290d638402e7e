// An answer as bytes: Jaeger's SamplingStrategyResponse. Pure.
// Source: jaeger-idl, proto/api_v2/sampling.proto; the JSON is protobuf's, as Jaeger writes it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "extensions/remote_sampling/strategies.h"

namespace kolben::extensions::remote_sampling {

std::string answer_json(const Answer& answer);
std::string answer_protobuf(const Answer& answer);

// The service of SamplingStrategyParameters. INVALID_ARGUMENT: it is none.
Result<std::string> service_of(std::string_view question);

}  // namespace kolben::extensions::remote_sampling
