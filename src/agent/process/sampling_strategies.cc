#include "agent/process/sampling_strategies.h"

#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "wire/protobuf_reader.h"

namespace kolben::agent {
namespace {

using simdjson::dom::element;
using wire::bytes_field;
using wire::fixed64_field;
using wire::known_fields_up_to;
using wire::ProtobufReader;
using wire::varint_field;

// As the answer has it; nothing where a part is not there.
struct ToldStrategies {
  std::string malformed;          // what is not what a strategy has there; empty: all is
  bool is_rate_limiting = false;  // the type that is named, where both are there
  std::optional<double> probability;
  std::optional<double> traces_per_second;
  bool has_operations = false;
  double others_probability = 0;
  double at_least_per_second = 0;
  std::vector<SamplingStrategies::Operation> operations;
};

bool is_probability(double value) {
  return value >= 0 && value <= 1;  // false for what is no number
}

bool is_rate(double value) {
  constexpr double kMost = 1e9;  // one a nanosecond
  return value >= 0 && value <= kMost;
}

Status wrong(std::string_view what, double value) {
  return invalid_argument("the strategy's " + std::string(what) + " is " + std::to_string(value));
}

// The operations are the newest way to say it, and stronger than what stands beside them for old
// clients.
Result<SamplingStrategies> strategies_of(ToldStrategies answer) {
  if (!answer.malformed.empty()) {
    return invalid_argument("the answer's " + answer.malformed);
  }
  SamplingStrategies result;
  if (answer.has_operations) {
    if (!is_probability(answer.others_probability)) {
      return wrong("default probability", answer.others_probability);
    }
    if (!is_rate(answer.at_least_per_second)) {
      return wrong("lower bound", answer.at_least_per_second);
    }
    for (const auto& operation : answer.operations) {
      if (!is_probability(operation.probability)) return wrong("rate", operation.probability);
    }
    result.probability = answer.others_probability;
    result.traces_per_second = answer.at_least_per_second;
    result.operations = std::move(answer.operations);
    return result;
  }
  if (answer.traces_per_second && (answer.is_rate_limiting || !answer.probability)) {
    if (!is_rate(*answer.traces_per_second)) return wrong("limit", *answer.traces_per_second);
    result.traces_per_second = *answer.traces_per_second;
    return result;
  }
  if (!answer.probability) return invalid_argument("the answer has no strategy");
  if (!is_probability(*answer.probability)) return wrong("rate", *answer.probability);
  result.probability = *answer.probability;
  return result;
}

// --- JSON

std::optional<element> member(const element& object, std::string_view key) {
  element value;
  if (object[key].get(value) != simdjson::SUCCESS || value.is_null()) return std::nullopt;
  return value;
}

// A part of the answer. One that is no object would read as one in which all is 0: nothing would be
// recorded any more.
std::optional<element> part_in(const element& object, std::string_view key,
                               ToldStrategies& answer) {
  const auto value = member(object, key);
  if (!value || value->is_object()) return value;
  answer.malformed = std::string(key) + " is no object";
  return std::nullopt;
}

// Not a number: 0 where it is missing, else what no strategy has.
double number_in(const element& object, std::string_view key) {
  const auto value = member(object, key);
  if (!value) return 0;
  double number = 0;
  return value->get_double().get(number) == simdjson::SUCCESS ? number : -1;
}

void read_operations(const element& object, ToldStrategies& answer) {
  answer.has_operations = true;
  answer.others_probability = number_in(object, "defaultSamplingProbability");
  answer.at_least_per_second = number_in(object, "defaultLowerBoundTracesPerSecond");
  const auto strategies = member(object, "perOperationStrategies");
  if (!strategies) return;
  simdjson::dom::array list;
  if (strategies->get_array().get(list) != simdjson::SUCCESS) {
    answer.malformed = "perOperationStrategies is no list";
    return;
  }
  for (const element& item : list) {
    std::string_view name;
    const auto strategy = part_in(item, "probabilisticSampling", answer);
    if (item["operation"].get_string().get(name) != simdjson::SUCCESS || !strategy) continue;
    answer.operations.push_back({std::string(name), number_in(*strategy, "samplingRate")});
  }
}

// A name, or a number as thrift's servers write it.
bool is_rate_limiting(const element& type) {
  std::string_view name;
  std::int64_t number = 0;
  if (type.get_string().get(name) == simdjson::SUCCESS) return name == "RATE_LIMITING";
  return type.get_int64().get(number) == simdjson::SUCCESS && number == 1;
}

// --- protobuf

bool read_probabilistic(std::string_view message, double& rate) {
  ProtobufReader in(message);
  while (in.next()) {
    if (in.tag() == fixed64_field(1)) {
      rate = in.real();
    } else {
      in.skip_unknown(known_fields_up_to(1));
    }
  }
  return !in.failed();
}

bool read_rate_limiting(std::string_view message, double& rate) {
  ProtobufReader in(message);
  while (in.next()) {
    if (in.tag() == varint_field(1)) {
      rate = in.int32();
    } else {
      in.skip_unknown(known_fields_up_to(1));
    }
  }
  return !in.failed();
}

bool read_operation(std::string_view message, ToldStrategies& answer) {
  SamplingStrategies::Operation operation;
  bool has_strategy = false;
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case bytes_field(1):
        operation.name = in.bytes();
        break;
      case bytes_field(2):
        in.require(read_probabilistic(in.bytes(), operation.probability));
        has_strategy = true;
        break;
      default:
        in.skip_unknown(known_fields_up_to(2));
    }
  }
  if (has_strategy) answer.operations.push_back(std::move(operation));
  return !in.failed();
}

bool read_operations(std::string_view message, ToldStrategies& answer) {
  answer.has_operations = true;
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case fixed64_field(1):
        answer.others_probability = in.real();
        break;
      case fixed64_field(2):
        answer.at_least_per_second = in.real();
        break;
      case bytes_field(3):
        in.require(read_operation(in.bytes(), answer));
        break;
      default:  // an upper bound (4) is no client's business
        in.skip_unknown(known_fields_up_to(3));
    }
  }
  return !in.failed();
}

// --- the table

std::uint64_t below_of(double probability) {
  constexpr double kTwoTo64 = 18446744073709551616.0;
  if (probability >= 1) return SamplingRule::kAll;
  return static_cast<std::uint64_t>(probability * kTwoTo64);
}

struct Limit {
  std::uint64_t period_nanos = 0;
  std::uint64_t burst_nanos = 0;
};

// What is saved up is a second's, at least one trace, as Jaeger's clients have it.
Limit limit_of(double per_second) {
  constexpr double kSecond = 1e9;
  constexpr double kYear = 365 * 86400 * kSecond;
  if (per_second <= 0) return {};
  Limit limit;
  limit.period_nanos = static_cast<std::uint64_t>(std::min(kSecond / per_second, kYear));
  limit.period_nanos = std::max<std::uint64_t>(limit.period_nanos, 1);
  limit.burst_nanos = std::max<std::uint64_t>(limit.period_nanos, std::uint64_t{1'000'000'000});
  if (per_second < 1) limit.burst_nanos = limit.period_nanos;
  return limit;
}

}  // namespace

Result<SamplingStrategies> read_strategies_json(std::string_view text) {
  simdjson::dom::parser parser;
  element root;
  // Deep nesting is refused by simdjson (1024 levels).
  if (const auto error = parser.parse(text.data(), text.size()).get(root);
      error != simdjson::SUCCESS) {
    return invalid_argument(std::string("the answer is no JSON: ") +
                            simdjson::error_message(error));
  }
  if (!root.is_object()) return invalid_argument("the answer is no JSON object");
  ToldStrategies answer;
  if (const auto type = member(root, "strategyType")) {
    answer.is_rate_limiting = is_rate_limiting(*type);
  }
  if (const auto part = part_in(root, "probabilisticSampling", answer)) {
    answer.probability = number_in(*part, "samplingRate");
  }
  if (const auto part = part_in(root, "rateLimitingSampling", answer)) {
    answer.traces_per_second = number_in(*part, "maxTracesPerSecond");
  }
  if (const auto part = part_in(root, "operationSampling", answer)) {
    read_operations(*part, answer);
  }
  return strategies_of(std::move(answer));
}

Result<SamplingStrategies> read_strategies_protobuf(std::string_view message) {
  ToldStrategies answer;
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case varint_field(1):
        answer.is_rate_limiting = in.varint() == 1;
        break;
      case bytes_field(2):
        in.require(read_probabilistic(in.bytes(), answer.probability.emplace(0)));
        break;
      case bytes_field(3):
        in.require(read_rate_limiting(in.bytes(), answer.traces_per_second.emplace(0)));
        break;
      case bytes_field(4):
        in.require(read_operations(in.bytes(), answer));
        break;
      default:
        in.skip_unknown(known_fields_up_to(4));
    }
  }
  if (in.failed()) return invalid_argument("the answer is malformed protobuf");
  return strategies_of(std::move(answer));
}

bool show_strategies(const SamplingStrategies& strategies, SamplingTable& table) {
  const Limit limit = limit_of(strategies.traces_per_second);
  SamplingWriter writer(table);
  writer.others(below_of(strategies.probability), limit.period_nanos, limit.burst_nanos);
  bool has_room = true;
  for (const auto& operation : strategies.operations) {
    const Operation named{operation.name.data(), operation.name.size()};
    has_room =
        writer.add(named, below_of(operation.probability), limit.period_nanos, limit.burst_nanos) &&
        has_room;
  }
  writer.show();
  return has_room;
}

}  // namespace kolben::agent
