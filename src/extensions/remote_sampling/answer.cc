#include "extensions/remote_sampling/answer.h"

#include "wire/json_writer.h"
#include "wire/protobuf_reader.h"
#include "wire/protobuf_writer.h"

namespace kolben::extensions::remote_sampling {
namespace {

using wire::JsonWriter;
using wire::ProtobufWriter;

// Field numbers of sampling.proto.
namespace response_field {
constexpr std::uint32_t kStrategyType = 1;
constexpr std::uint32_t kProbabilistic = 2;
constexpr std::uint32_t kRateLimiting = 3;
constexpr std::uint32_t kOperations = 4;
}  // namespace response_field
namespace operations_field {
constexpr std::uint32_t kDefaultProbability = 1;
constexpr std::uint32_t kStrategies = 3;
}  // namespace operations_field
namespace operation_field {
constexpr std::uint32_t kName = 1;
constexpr std::uint32_t kProbabilistic = 2;
}  // namespace operation_field
constexpr std::uint32_t kRateField = 1;     // of the probabilistic and of the limiting strategy
constexpr std::uint32_t kServiceField = 1;  // of the question

void append_probabilistic(JsonWriter& json, double probability) {
  json.key("probabilisticSampling");
  json.begin_object();
  json.key("samplingRate");
  json.real(probability);
  json.end_object();
}

void append_operations(JsonWriter& json, const AnswerOperations& operations) {
  json.key("operationSampling");
  json.begin_object();
  json.key("defaultSamplingProbability");
  json.real(operations.others_probability);
  json.key("defaultLowerBoundTracesPerSecond");
  json.integer(0);
  json.key("perOperationStrategies");
  json.begin_array();
  for (const OperationStrategy* operation : operations.list) {
    json.begin_object();
    json.key("operation");
    json.string(operation->name);
    append_probabilistic(json, operation->probability);
    json.end_object();
  }
  json.end_array();
  json.key("defaultUpperBoundTracesPerSecond");
  json.integer(0);
  json.end_object();
}

void append_probabilistic(ProtobufWriter& out, std::uint32_t number, double probability) {
  const ProtobufWriter::Nested nested = out.begin_message(number);
  out.real_unless_zero(kRateField, probability);
  out.end_message(nested);
}

void append_operations(ProtobufWriter& out, const AnswerOperations& operations) {
  const ProtobufWriter::Nested nested = out.begin_message(response_field::kOperations, 2);
  out.real_unless_zero(operations_field::kDefaultProbability, operations.others_probability);
  for (const OperationStrategy* operation : operations.list) {
    const ProtobufWriter::Nested one = out.begin_message(operations_field::kStrategies);
    out.bytes_unless_empty(operation_field::kName, operation->name);
    append_probabilistic(out, operation_field::kProbabilistic, operation->probability);
    out.end_message(one);
  }
  out.end_message(nested);
}

}  // namespace

std::string answer_json(const Answer& answer) {
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  json.key("strategyType");
  if (answer.strategy.type == Strategy::Type::kProbabilistic) {
    json.string("PROBABILISTIC");
    append_probabilistic(json, answer.strategy.probability);
  } else {
    json.string("RATE_LIMITING");
    json.key("rateLimitingSampling");
    json.begin_object();
    json.key("maxTracesPerSecond");
    json.integer(answer.strategy.traces_per_second);
    json.end_object();
  }
  if (answer.operations) append_operations(json, *answer.operations);
  json.end_object();
  return text;
}

std::string answer_protobuf(const Answer& answer) {
  std::string message;
  ProtobufWriter out(message);
  out.varint_unless_zero(response_field::kStrategyType,
                         static_cast<std::uint64_t>(answer.strategy.type));
  if (answer.strategy.type == Strategy::Type::kProbabilistic) {
    append_probabilistic(out, response_field::kProbabilistic, answer.strategy.probability);
  } else {
    const ProtobufWriter::Nested nested = out.begin_message(response_field::kRateLimiting);
    out.int64_unless_zero(kRateField, answer.strategy.traces_per_second);
    out.end_message(nested);
  }
  if (answer.operations) append_operations(out, *answer.operations);
  out.finish();
  return message;
}

Result<std::string> service_of(std::string_view question) {
  std::string_view service;
  wire::ProtobufReader in(question);
  while (in.next()) {
    if (in.tag() == wire::bytes_field(kServiceField)) {
      service = in.bytes();
    } else {
      in.skip_unknown(wire::known_fields(kServiceField));
    }
  }
  if (in.failed()) return invalid_argument("the question is malformed protobuf");
  return std::string(service);
}

}  // namespace kolben::extensions::remote_sampling
