// Strategies: which traces are wanted of which service, as Jaeger's file of strategies has it.
// Immutable once it is read; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kolben::extensions::remote_sampling {

struct Strategy {
  // SamplingStrategyType of Jaeger's sampling.proto: never renumber.
  enum class Type : std::uint8_t { kProbabilistic = 0, kRateLimiting = 1 };

  Type type = Type::kProbabilistic;
  double probability = 1;
  std::int32_t traces_per_second = 0;  // where it limits the rate
};

struct OperationStrategy {
  std::string name;
  double probability = 1;
};

struct ServiceStrategy {
  Strategy strategy;
  // There were some in the file, even where none of them counts.
  bool has_operations = false;
  std::vector<OperationStrategy> operations;
};

struct AnswerOperations {
  double others_probability = 1;
  std::vector<const OperationStrategy*> list;
};

// What a service is told. Points into the strategies.
struct Answer {
  Strategy strategy;
  std::optional<AnswerOperations> operations;
};

struct Strategies {
  // Of a limited service's operations that are not named.
  double default_probability = 1;
  ServiceStrategy others;
  std::map<std::string, ServiceStrategy, std::less<>> services;

  explicit Strategies(double probability);
  // As Jaeger has it: a service's own strategy, or that of the others; operations of the others'
  // hold for each service that has not named them itself. Made for each question, because all
  // services times all operations may be many.
  Answer of(std::string_view service) const;
};

}  // namespace kolben::extensions::remote_sampling
