#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "agent/process/sampling_strategies.h"

using kolben::agent::Operation;
using kolben::agent::SamplingRules;
using kolben::agent::SamplingTable;

// What both readers take is shown, and chosen from by what the bytes would be as a request.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto table = std::make_unique<SamplingTable>();
  for (const auto& strategies :
       {kolben::agent::read_strategies_json(text), kolben::agent::read_strategies_protobuf(text)}) {
    if (!strategies.has_value()) continue;
    kolben::agent::show_strategies(*strategies, *table);
    SamplingRules* rules = table->rules();
    if (rules == nullptr || rules->count > SamplingRules::kOperationsMax) std::abort();
    const Operation operation = kolben::agent::operation_of(data, size);
    rules->rule_of(operation).take(size);
    for (const auto& named : strategies->operations) {
      rules->rule_of({named.name.data(), named.name.size()}).take(size);
    }
  }
  return 0;
}
