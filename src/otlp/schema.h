// The messages of OTLP as a table: what opentelemetry-proto says about each field, for code that
// treats all messages alike (check, JSON). Constant data; any thread.
// Source: opentelemetry-proto 1.x, */v1/*.proto.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "model/batch.h"

namespace kolben::otlp {

enum class FieldKind : std::uint8_t {
  kBool,
  kInt64,
  kUint32,
  kUint64,
  kSint32,
  kEnum,
  kFixed32,
  kFixed64,
  kSfixed64,
  kDouble,
  kString,
  kBytes,
  kTraceId,
  kSpanId,
  kMessage,
};

// Names are prefix + names[i], and mean i.
struct EnumType {
  std::string_view prefix;
  std::span<const std::string_view> names;
};

struct MessageType;

struct Field {
  std::uint8_t number = 0;
  FieldKind kind = FieldKind::kBool;
  bool is_repeated = false;
  std::string_view name;  // as in JSON
  const MessageType* message = nullptr;
  const EnumType* enumeration = nullptr;
  bool is_attribute = false;  // a message of type KeyValue
};

// What check() does with a field, by its tag.
enum class Action : std::uint8_t {
  kRefuse,  // a group, a reserved wire type, or a wire type that a known field does not have
  kVarint,
  kFixed64,
  kBytes,
  kFixed32,
  kTraceId,
  kSpanId,
  kMessage,
  kAttribute,  // a message of type KeyValue, most of all there are
  kPackedFixed64,
  kPackedVarint,
};

// What a message is to a counter.
enum class Role : std::uint8_t {
  kNone,
  kItem,     // a span, data point or log record
  kNesting,  // an array or map of values, which may hold itself
  kData,     // one of a metric's kinds: the last one of a metric counts
};

struct MessageType {
  std::string_view name;
  Role role = Role::kNone;
  std::span<const Field> fields;
  std::array<Action, 128> actions{};  // by the one-byte tags: fields up to 15

  // Null where there is none.
  const Field* field(std::uint32_t number) const {
    for (const Field& field : fields) {
      if (field.number == number) return &field;
    }
    return nullptr;
  }
  // Of any tag.
  Action action(std::uint32_t tag) const;
};

// Export*ServiceRequest.
const MessageType& request_type(Signal signal);

}  // namespace kolben::otlp
