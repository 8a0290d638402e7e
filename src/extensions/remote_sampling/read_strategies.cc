#include "extensions/remote_sampling/read_strategies.h"

#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "config/reader.h"
#include "config/yaml.h"

namespace kolben::extensions::remote_sampling {
namespace {

using config::Reader;

// `type` and `param`. Without a type the default probability holds.
Strategy read_strategy(Reader& reader, double default_probability) {
  Strategy strategy{.probability = default_probability};
  constexpr std::size_t kNone = 2;
  std::size_t type = kNone;
  double param = 0;
  reader.choice("type", {"probabilistic", "ratelimiting"}, type);
  reader.optional("param", param);
  if (type == kNone) {
    if (reader.has("param") && !reader.has("type")) {
      reader.error("type", "is missing: probabilistic or ratelimiting");
    }
    return strategy;
  }
  if (!reader.has("param")) reader.error("param", "is missing");
  if (type == 0) {
    if (!is_probability(param)) reader.error("param", "want a probability from 0 to 1");
    strategy.probability = param;
    return strategy;
  }
  constexpr double kRateMax = std::numeric_limits<std::int32_t>::max();
  strategy.type = Strategy::Type::kRateLimiting;
  if (!(param >= 0 && param <= kRateMax) || std::floor(param) != param) {
    reader.error("param", "want a whole number of traces a second");
  } else {
    strategy.traces_per_second = static_cast<std::int32_t>(param);
  }
  return strategy;
}

// A name that must be there, and once in its list.
std::string read_name(Reader& reader, std::string_view key, std::set<std::string>& known) {
  std::string name;
  reader.optional(key, name);
  if (name.empty()) {
    reader.error(key, "is missing");
  } else if (!known.insert(name).second) {
    reader.error(key, "\"" + name + "\" is there twice");
  }
  return name;
}

void read_operations(Reader& reader, double default_probability, ServiceStrategy& service,
                     config::Errors& errors) {
  std::set<std::string> known;
  for (const auto& item : reader.children("operation_strategies")) {
    service.has_operations = true;
    OperationStrategy operation;
    operation.name = read_name(*item, "operation", known);
    const Strategy strategy = read_strategy(*item, default_probability);
    if (strategy.type != Strategy::Type::kProbabilistic) {
      errors.warn(item->location(), item->path() +
                                        ": is ignored: an operation has a probability, and no "
                                        "limit of its own");
      continue;
    }
    operation.probability = strategy.probability;
    service.operations.push_back(std::move(operation));
  }
}

ServiceStrategy read_service(Reader& reader, double default_probability, config::Errors& errors) {
  ServiceStrategy service;
  service.strategy = read_strategy(reader, default_probability);
  read_operations(reader, default_probability, service, errors);
  return service;
}

}  // namespace

bool is_probability(double value) {
  return value >= 0 && value <= 1;  // false for what is no number
}

Strategies read_strategies(std::string_view text, const std::string& file,
                           double default_probability, config::Errors& errors) {
  Strategies strategies(default_probability);
  const std::size_t mistakes = errors.messages().size();
  const config::Node root = config::parse_yaml(text, file, errors);
  if (errors.messages().size() != mistakes) return strategies;
  Reader reader(root, "strategies", errors);
  if (const auto others = reader.child("default_strategy")) {
    std::string name;
    others->optional("service", name);  // understood by Jaeger, and without effect
    strategies.others = read_service(*others, default_probability, errors);
  }
  std::set<std::string> known;
  for (const auto& item : reader.children("service_strategies")) {
    std::string name = read_name(*item, "service", known);
    strategies.services.emplace(std::move(name), read_service(*item, default_probability, errors));
  }
  return strategies;
}

}  // namespace kolben::extensions::remote_sampling
