#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "otlp/check.h"
#include "otlp/json.h"
#include "otlp/schema.h"
#include "wire/base64.h"
#include "wire/hex.h"
#include "wire/protobuf_writer.h"

namespace kolben::otlp {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;
using wire::ProtobufWriter;

std::string_view type_name(const element& value) {
  switch (value.type()) {
    case element_type::ARRAY:
      return "an array";
    case element_type::OBJECT:
      return "an object";
    case element_type::STRING:
      return "a string";
    case element_type::BOOL:
      return "a bool";
    case element_type::NULL_VALUE:
      return "null";
    default:
      return "a number";
  }
}

// Whether the key is the field's name, or its snake_case form in the .proto.
bool is_named(std::string_view name, std::string_view key) {
  if (key == name) return true;
  std::size_t at = 0;
  for (std::size_t i = 0; i < key.size(); ++i, ++at) {
    char character = key[i];
    if (character == '_' && i + 1 < key.size()) {
      character = key[++i];
      if (character >= 'a' && character <= 'z') character = static_cast<char>(character - 32);
    }
    if (at >= name.size() || name[at] != character) return false;
  }
  return at == name.size();
}

const Field* find_field(const MessageType& type, std::string_view key) {
  for (const Field& field : type.fields) {
    if (is_named(field.name, key)) return &field;
  }
  return nullptr;
}

template <typename T>
bool read_text(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// An integer of T's range: a number, one with a fraction of zero, or a string of either.
template <typename T>
bool read_integer(const element& value, T& out) {
  std::int64_t number = 0;
  std::uint64_t unsigned_number = 0;
  double real = 0;
  std::string_view text;
  if (value.get(number) == simdjson::SUCCESS) {
    out = static_cast<T>(number);
    return std::in_range<T>(number);
  }
  if (value.get(unsigned_number) == simdjson::SUCCESS) {
    out = static_cast<T>(unsigned_number);
    return std::in_range<T>(unsigned_number);
  }
  if (value.get(text) == simdjson::SUCCESS) {
    if (read_text(text, out)) return true;
    if (!read_text(text, real)) return false;
  } else if (value.get(real) != simdjson::SUCCESS) {
    return false;
  }
  // Both ends are powers of two, which a double holds exactly.
  const double limit = std::ldexp(1.0, std::numeric_limits<T>::digits);
  const double low = std::is_signed_v<T> ? -limit : 0;
  if (!(real >= low && real < limit) || std::trunc(real) != real) return false;
  out = static_cast<T>(real);
  return true;
}

bool read_real(const element& value, double& out) {
  if (value.get(out) == simdjson::SUCCESS) return true;
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return false;
  if (text == "NaN") {
    out = std::numeric_limits<double>::quiet_NaN();
  } else if (text == "Infinity") {
    out = std::numeric_limits<double>::infinity();
  } else if (text == "-Infinity") {
    out = -std::numeric_limits<double>::infinity();
  } else {
    return read_text(text, out) && std::isfinite(out);
  }
  return true;
}

// Reads JSON by the schema's table and writes it as protobuf.
class Transcoder {
 public:
  explicit Transcoder(std::string& out) : out_(out) {}

  bool message(const MessageType& type, const element& value, int depth);

  std::uint64_t items() const { return items_; }
  Status error() const {
    return invalid_argument((path_.empty() ? "request" : path_) + ": " + reason_);
  }

 private:
  bool field(const Field& field, const element& value, int depth);
  bool elements(const Field& field, const element& value, int depth);
  bool packed(const Field& field, const element& value);
  bool single(const Field& field, const element& value, int depth);
  bool nested(const Field& field, const element& value, int depth);
  bool integer(const Field& field, const element& value);
  bool enumeration(const Field& field, const element& value);
  bool text(const Field& field, const element& value);
  bool id(const Field& field, std::string_view digits, std::size_t size);

  bool fail(std::string reason) {
    reason_ = std::move(reason);
    return false;
  }
  bool fail_type(std::string_view want, const element& found) {
    return fail(fmt::format("{}, want {}", type_name(found), want));
  }
  // Puts a step before the path.
  bool fail_in(std::string_view step) {
    const bool joins = !path_.empty() && path_.front() != '[';
    path_ = std::string(step) + (joins ? "." : "") + path_;
    return false;
  }

  ProtobufWriter out_;
  std::uint64_t items_ = 0;
  std::string reason_;
  std::string path_;
};

bool Transcoder::message(const MessageType& type, const element& value, int depth) {
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS) return fail_type("an object", value);
  if (type.role == Role::kItem) ++items_;
  if (type.role == Role::kNesting && ++depth > kValueDepthMax) {
    return fail(fmt::format("nested deeper than {} values", kValueDepthMax));
  }
  const std::uint64_t items_before = items_;
  const MessageType* data = nullptr;
  for (const auto [key, member] : object) {
    const Field* known = find_field(type, key);
    if (known == nullptr || member.is_null()) continue;
    if (known->message != nullptr && known->message->role == Role::kData) {
      if (data != nullptr && data != known->message) items_ = items_before;  // a oneof
      data = known->message;
    }
    if (!field(*known, member, depth)) return fail_in(known->name);
  }
  return true;
}

bool Transcoder::field(const Field& field, const element& value, int depth) {
  if (!field.is_repeated) return single(field, value, depth);
  if (!value.is_array()) return fail_type("an array", value);
  const bool has_tags = field.kind == FieldKind::kMessage || field.kind == FieldKind::kString;
  return has_tags ? elements(field, value, depth) : packed(field, value);
}

bool Transcoder::elements(const Field& field, const element& value, int depth) {
  std::size_t index = 0;
  for (const element item : simdjson::dom::array(value.get_array().value_unsafe())) {
    if (!single(field, item, depth)) return fail_in(fmt::format("[{}]", index));
    ++index;
  }
  return true;
}

bool Transcoder::packed(const Field& field, const element& value) {
  const auto content = out_.begin_message(field.number, 2);
  std::size_t index = 0;
  for (const element item : simdjson::dom::array(value.get_array().value_unsafe())) {
    std::uint64_t number = 0;
    double real = 0;
    bool good = true;
    if (field.kind == FieldKind::kDouble) {
      good = read_real(item, real) || fail_type("a number", item);
      out_.packed_bytes(&real, sizeof(real));
    } else {
      good = read_integer(item, number) || fail_type("an integer", item);
      if (field.kind == FieldKind::kFixed64) {
        out_.packed_bytes(&number, sizeof(number));
      } else {
        out_.packed_varint(number);
      }
    }
    if (!good) return fail_in(fmt::format("[{}]", index));
    ++index;
  }
  out_.end_message(content);
  return true;
}

bool Transcoder::single(const Field& field, const element& value, int depth) {
  switch (field.kind) {
    case FieldKind::kMessage:
      return nested(field, value, depth);
    case FieldKind::kEnum:
      return enumeration(field, value);
    case FieldKind::kBool: {
      bool boolean = false;
      if (value.get(boolean) != simdjson::SUCCESS) return fail_type("true or false", value);
      out_.boolean(field.number, boolean);
      return true;
    }
    case FieldKind::kDouble: {
      double real = 0;
      if (!read_real(value, real)) return fail_type("a number", value);
      out_.real(field.number, real);
      return true;
    }
    case FieldKind::kString:
    case FieldKind::kBytes:
    case FieldKind::kTraceId:
    case FieldKind::kSpanId:
      return text(field, value);
    default:
      return integer(field, value);
  }
}

bool Transcoder::nested(const Field& field, const element& value, int depth) {
  const std::uint32_t length_bytes = field.message->role == Role::kItem ? 2 : 1;
  const auto content = out_.begin_message(field.number, length_bytes);
  if (!message(*field.message, value, depth)) return false;
  out_.end_message(content);
  return true;
}

bool Transcoder::integer(const Field& field, const element& value) {
  const auto write = [&](auto number, auto writer) {
    if (!read_integer(value, number)) return fail_type("an integer in range", value);
    writer(number);
    return true;
  };
  switch (field.kind) {
    case FieldKind::kUint32:
      return write(std::uint32_t{0}, [&](std::uint32_t n) { out_.varint(field.number, n); });
    case FieldKind::kUint64:
      return write(std::uint64_t{0}, [&](std::uint64_t n) { out_.varint(field.number, n); });
    case FieldKind::kSint32:
      return write(std::int32_t{0}, [&](std::int32_t n) { out_.sint32(field.number, n); });
    case FieldKind::kFixed32:
      return write(std::uint32_t{0}, [&](std::uint32_t n) { out_.fixed32(field.number, n); });
    case FieldKind::kFixed64:
      return write(std::uint64_t{0}, [&](std::uint64_t n) { out_.fixed64(field.number, n); });
    case FieldKind::kSfixed64:
      return write(std::int64_t{0}, [&](std::int64_t n) {
        out_.fixed64(field.number, static_cast<std::uint64_t>(n));
      });
    default:
      return write(std::int64_t{0}, [&](std::int64_t n) { out_.int64(field.number, n); });
  }
}

bool Transcoder::enumeration(const Field& field, const element& value) {
  std::int32_t number = 0;
  std::string_view name;
  if (!read_integer(value, number)) {
    if (value.get(name) != simdjson::SUCCESS) return fail_type("an integer or a name", value);
    const EnumType& type = *field.enumeration;
    std::string_view rest = name;
    if (rest.starts_with(type.prefix)) rest.remove_prefix(type.prefix.size());
    std::size_t index = 0;
    while (index < type.names.size() && (rest.size() == name.size() || type.names[index] != rest)) {
      ++index;
    }
    if (index == type.names.size()) {
      return fail(fmt::format("unknown name \"{}\", want {}*", name.substr(0, 64), type.prefix));
    }
    number = static_cast<std::int32_t>(index);
  }
  out_.int64(field.number, number);
  return true;
}

bool Transcoder::text(const Field& field, const element& value) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return fail_type("a string", value);
  switch (field.kind) {
    case FieldKind::kTraceId:
      return id(field, text, sizeof(TraceId));
    case FieldKind::kSpanId:
      return id(field, text, sizeof(SpanId));
    case FieldKind::kBytes: {
      const auto bytes = wire::from_base64(text);
      if (!bytes) return fail("no base64");
      out_.bytes(field.number, *bytes);
      return true;
    }
    default:
      out_.bytes(field.number, text);
      return true;
  }
}

bool Transcoder::id(const Field& field, std::string_view digits, std::size_t size) {
  if (digits.empty()) return true;
  if (digits.size() != 2 * size) {
    return fail(fmt::format("{} hex digits, want {}", digits.size(), 2 * size));
  }
  char bytes[sizeof(TraceId)];
  if (!wire::read_hex(digits, bytes)) return fail("not all characters are hex digits");
  out_.bytes(field.number, {bytes, size});
  return true;
}

}  // namespace

Result<Batch> decode_json(Signal signal, std::string_view text) {
  simdjson::dom::parser parser;
  element root;
  // Reads to the end and checks all of it, UTF-8 too; no exception is asked for.
  if (const auto error = parser.parse(text.data(), text.size()).get(root);
      error != simdjson::SUCCESS) {
    return invalid_argument(
        fmt::format("request: malformed JSON: {}", simdjson::error_message(error)));
  }
  std::string message;
  std::uint64_t items = 0;
  {
    Transcoder transcoder(message);
    if (!transcoder.message(request_type(signal), root, 0)) return transcoder.error();
    items = transcoder.items();
  }
  // The bound of what a request may become once decoded; JSON is denser than it looks: "{},".
  if (const Result<std::uint64_t> checked = check(signal, message); !checked.has_value()) {
    return checked.error();
  }
  std::vector<WirePiece> pieces;
  pieces.push_back({Bytes::from_string(std::move(message)), {}, wire::Compression::kNone});
  return Batch::from_wire(signal, std::move(pieces), items);
}

}  // namespace kolben::otlp
