#include "otlp/check.h"

#include <fmt/format.h>

#include <string>

#include "otlp/schema.h"
#include "wire/protobuf_reader.h"

namespace kolben::otlp {
namespace {

constexpr std::size_t kTraceIdBytes = sizeof(TraceId);
constexpr std::size_t kSpanIdBytes = sizeof(SpanId);
// What a message takes at most once decoded (the largest struct; lists grow by doubling), and what
// an attribute takes.
constexpr std::uint64_t kMessageBytes = 2 * sizeof(Span);
constexpr std::uint64_t kAttributeBytes = 2 * sizeof(KeyValue);

bool is_packed_varints(const char* cursor, const char* end) {
  std::uint64_t ignored = 0;
  while (cursor != end) {
    cursor = wire::read_varint(cursor, end, ignored);
    if (cursor == nullptr) return false;
  }
  return true;
}

// Whether [cursor, end) is a KeyValue as every SDK writes it: a key and a value that is a string,
// bool, int or double, with lengths of one byte. False says nothing: the long way decides.
inline bool is_plain_attribute(const char* cursor, const char* end) {
  const auto byte = [](const char* at) { return static_cast<unsigned char>(*at); };
  if (end - cursor < 6 || byte(cursor) != wire::bytes_field(1) || byte(cursor + 1) > 127) {
    return false;
  }
  cursor += 2 + byte(cursor + 1);
  if (end - cursor < 4 || byte(cursor) != wire::bytes_field(2) || end - cursor != 2 + cursor[1]) {
    return false;
  }
  cursor += 2;
  switch (byte(cursor)) {
    case wire::bytes_field(1):
      return end - cursor == 2 + cursor[1];
    case wire::varint_field(2):
      return end - cursor == 2 && byte(cursor + 1) < 128;
    case wire::varint_field(3): {
      std::uint64_t ignored = 0;
      return wire::read_varint(cursor + 1, end, ignored) == end;
    }
    case wire::fixed64_field(4):
      return end - cursor == 9;
    default:
      return false;
  }
}

class Checker {
 public:
  explicit Checker(std::string_view request) : request_(request) {}

  bool walk(const MessageType& type, const char* begin, const char* end, int depth);

  std::uint64_t items() const { return items_; }
  Status error() const {
    if (decoded_bytes_ > kDecodedBytesMax) {
      return resource_exhausted(fmt::format(
          "the request holds too many messages: decoded it would take more than {} MiB; "
          "send it in parts",
          kDecodedBytesMax >> 20));
    }
    return invalid_argument(fmt::format("{}: {} (at byte {})", path_.empty() ? "request" : path_,
                                        reason_, failed_at_ - request_.data()));
  }

 private:
  bool enter(const MessageType& type, std::string_view message, int depth);
  bool fail(const char* at, std::string reason);
  void add_to_path(const MessageType& type, const char* begin, const char* field_start,
                   std::uint32_t tag);

  std::string_view request_;
  std::uint64_t items_ = 0;
  std::uint64_t decoded_bytes_ = 0;
  const char* failed_at_ = nullptr;
  std::string reason_;
  std::string path_;
};

[[gnu::cold]] bool Checker::fail(const char* at, std::string reason) {
  failed_at_ = at;
  reason_ = std::move(reason);
  return false;
}

// Puts the name of a field before the path. Its index is the number of its like before it, counted
// only now that it is needed.
[[gnu::cold]] void Checker::add_to_path(const MessageType& type, const char* begin,
                                        const char* field_start, std::uint32_t tag) {
  const Field* field = type.field(tag >> 3);
  std::string step = field != nullptr ? std::string(field->name) : fmt::format("#{}", tag >> 3);
  if (field != nullptr && field->is_repeated) {
    int index = 0;
    wire::ProtobufReader before({begin, static_cast<std::size_t>(field_start - begin)});
    while (before.next()) {
      if (before.tag() >> 3 == field->number) ++index;
      before.skip_unknown(0);
    }
    step += fmt::format("[{}]", index);
  }
  path_ = path_.empty() ? step : step + "." + path_;
}

// A nested message, with what its role asks for.
bool Checker::enter(const MessageType& type, std::string_view message, int depth) {
  if (type.role == Role::kItem) ++items_;
  decoded_bytes_ += kMessageBytes;
  if (decoded_bytes_ > kDecodedBytesMax) [[unlikely]]
    return fail(message.data(), "too many messages");
  if (type.role == Role::kNesting && ++depth > kValueDepthMax) {
    return fail(message.data(), fmt::format("nested deeper than {} values", kValueDepthMax));
  }
  return walk(type, message.data(), message.data() + message.size(), depth);
}

// Recursion is bounded by the schema, and where that is circular by kValueDepthMax.
bool Checker::walk(const MessageType& type, const char* begin, const char* end, int depth) {
  const std::uint64_t items_before = items_;
  const MessageType* data = nullptr;  // the last kind of a metric
  const char* cursor = begin;
  while (cursor != end) {
    const char* const field_start = cursor;
    std::uint32_t tag = 0;
    cursor = wire::read_tag(cursor, end, tag);
    if (cursor == nullptr) [[unlikely]]
      return fail(field_start, "malformed field number");
    const Action action = type.action(tag);
    std::uint64_t number = 0;  // a varint's value, or a length
    bool good = true;
    switch (action) {
      case Action::kRefuse:
        fail(field_start, fmt::format("wire type {}", tag & 7));
        add_to_path(type, begin, field_start, tag);
        return false;
      case Action::kVarint:
        cursor = wire::read_varint(cursor, end, number);
        if (cursor != nullptr) [[likely]]
          continue;
        break;
      case Action::kFixed64:
        if (end - cursor >= 8) [[likely]] {
          cursor += 8;
          continue;
        }
        cursor = nullptr;
        break;
      case Action::kFixed32:
        if (end - cursor >= 4) [[likely]] {
          cursor += 4;
          continue;
        }
        cursor = nullptr;
        break;
      default:
        cursor = wire::read_varint(cursor, end, number);
        if (cursor != nullptr && number > static_cast<std::uint64_t>(end - cursor)) {
          cursor = nullptr;
        }
        break;
    }
    if (cursor == nullptr) [[unlikely]] {
      fail(field_start, "cut off");
      add_to_path(type, begin, field_start, tag);
      return false;
    }
    const char* const content = cursor;
    const auto size = static_cast<std::size_t>(number);
    cursor += size;
    switch (action) {
      case Action::kBytes:
        continue;
      case Action::kTraceId:
        if (size == kTraceIdBytes || size == 0) [[likely]]
          continue;
        good = fail(field_start, fmt::format("{} bytes, want {} or none", size, kTraceIdBytes));
        break;
      case Action::kSpanId:
        if (size == kSpanIdBytes || size == 0) [[likely]]
          continue;
        good = fail(field_start, fmt::format("{} bytes, want {} or none", size, kSpanIdBytes));
        break;
      case Action::kPackedFixed64:
        if (size % 8 == 0) continue;
        good = fail(field_start, fmt::format("{} bytes, want a multiple of 8", size));
        break;
      case Action::kPackedVarint:
        if (is_packed_varints(content, cursor)) continue;
        good = fail(field_start, "malformed packed numbers");
        break;
      case Action::kAttribute:
        decoded_bytes_ += kAttributeBytes;
        if (is_plain_attribute(content, cursor)) [[likely]]
          continue;
        [[fallthrough]];
      default: {
        const MessageType& nested = *type.field(tag >> 3)->message;
        if (nested.role == Role::kData) {
          // A oneof: what an earlier kind held is void once another kind comes.
          if (data != nullptr && data != &nested) items_ = items_before;
          data = &nested;
        }
        good = enter(nested, {content, size}, depth);
      }
    }
    if (!good) [[unlikely]] {
      add_to_path(type, begin, field_start, tag);
      return false;
    }
  }
  return true;
}

}  // namespace

Result<std::uint64_t> check(Signal signal, std::string_view message) {
  Checker checker(message);
  const bool good =
      checker.walk(request_type(signal), message.data(), message.data() + message.size(), 0);
  if (!good) return checker.error();
  return checker.items();
}

}  // namespace kolben::otlp
