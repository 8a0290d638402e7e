#include "extensions/remote_sampling/strategies.h"

#include <unordered_set>

namespace kolben::extensions::remote_sampling {
namespace {

void add_operations(const ServiceStrategy& service, AnswerOperations& operations) {
  std::unordered_set<std::string_view> known;
  for (const OperationStrategy* operation : operations.list) known.insert(operation->name);
  for (const OperationStrategy& operation : service.operations) {
    if (!known.contains(operation.name)) operations.list.push_back(&operation);
  }
}

}  // namespace

Strategies::Strategies(double probability) : default_probability(probability) {
  others.strategy.probability = probability;
}

Answer Strategies::of(std::string_view service) const {
  const auto found = services.find(service);
  const ServiceStrategy& own = found == services.end() ? others : found->second;
  Answer answer{.strategy = own.strategy, .operations = {}};
  if (!own.has_operations && !others.has_operations) return answer;
  // A limit says nothing of operations that are not named. Without operations of its own a service
  // has those of the others, and then what holds for theirs.
  const Strategy& of_others =
      own.has_operations || own.strategy.type == Strategy::Type::kProbabilistic ? own.strategy
                                                                                : others.strategy;
  AnswerOperations& operations = answer.operations.emplace();
  operations.others_probability = of_others.type == Strategy::Type::kProbabilistic
                                      ? of_others.probability
                                      : default_probability;
  add_operations(own, operations);
  if (&own != &others) add_operations(others, operations);
  return answer;
}

}  // namespace kolben::extensions::remote_sampling
