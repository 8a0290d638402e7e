// SamplingStrategies: what a server of Jaeger's remote sampling API answers. Pure; bounded by the
// answer.
// Source: jaeger-idl, proto/api_v2/sampling.proto; Jaeger, "Sampling".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/protocols/sampling_table.h"
#include "base/result.h"

namespace kolben::agent {

struct SamplingStrategies {
  struct Operation {
    std::string name;
    double probability = 0;
    bool operator==(const Operation&) const = default;
  };

  double probability = 0;  // of all operations that are not named
  // Traces a second, whatever their ids: where there are no operations the limit, and probability
  // is 0; else what each of them has at least.
  double traces_per_second = 0;
  std::vector<Operation> operations;

  bool operator==(const SamplingStrategies&) const = default;
};

// INVALID_ARGUMENT: it is none.
Result<SamplingStrategies> read_strategies_json(std::string_view text);
Result<SamplingStrategies> read_strategies_protobuf(std::string_view message);

// Shows them to the programs. False: the table has no room for all operations; to those that are
// missing applies what applies to the others.
bool show_strategies(const SamplingStrategies& strategies, SamplingTable& table);

}  // namespace kolben::agent
