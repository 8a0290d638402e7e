#include "agent/protocols/http2/header_scanner.h"

#include "agent/protocols/http2/static_table.h"

namespace kolben::agent::http2 {
namespace {

constexpr std::uint64_t kIntegerMax = 0xffff'ffff;
constexpr std::uint64_t kStaticCount = std::size(kStaticFields);

struct Name {
  std::string_view text;
  TraceField field;
};
constexpr Name kNames[] = {{"traceparent", kTraceparentField}, {"tracestate", kTracestateField},
                           {"baggage", kBaggageField},         {"b3", kB3Field},
                           {"x-b3-traceid", kB3MultiField},    {"x-b3-spanid", kB3MultiField},
                           {"x-b3-sampled", kB3MultiField},    {"uber-trace-id", kJaegerField}};

}  // namespace

bool HeaderScanner::take(const std::uint8_t* bytes, std::size_t size) {
  while (size != 0) {
    bool understood = true;
    std::size_t taken = 1;
    switch (step_) {
      case Step::kField:
        understood = begin_field(*bytes);
        break;
      case Step::kInteger:
        value_ += std::uint64_t{*bytes & 0x7fU} << shift_;
        shift_ = static_cast<std::uint8_t>(shift_ + 7);
        if ((*bytes & 0x80U) == 0) {
          understood = value_ <= kIntegerMax && number_complete();
        } else {
          understood = shift_ <= 28;
        }
        break;
      case Step::kLength:
        is_huffman_ = (*bytes & 0x80U) != 0;
        understood = begin_number(Number::kLength, *bytes, 7);
        break;
      case Step::kText:
        if (in_value_ && !is_huffman_) {
          taken = left_ < size ? static_cast<std::size_t>(left_) : size;
          value_bytes_ += taken;
          left_ -= taken;
          understood = left_ != 0 || text_complete();
        } else {
          understood = take_text(*bytes);
        }
        break;
    }
    if (!understood) return false;
    bytes += taken;
    size -= taken;
  }
  return true;
}

// 6
bool HeaderScanner::begin_field(std::uint8_t byte) {
  in_value_ = false;
  field_ = 0;
  name_bytes_ = 0;
  value_bytes_ = 0;
  goes_into_table_ = (byte & 0xc0U) == 0x40;
  if ((byte & 0x80U) != 0) return begin_number(Number::kIndexed, byte, 7);
  if (goes_into_table_) return begin_number(Number::kNameIndex, byte, 6);
  if ((byte & 0xe0U) == 0x20) return begin_number(Number::kTableSize, byte, 5);
  return begin_number(Number::kNameIndex, byte, 4);
}

// 5.1
bool HeaderScanner::begin_number(Number number, std::uint8_t byte, int prefix_bits) {
  const std::uint32_t prefix_max = (1U << prefix_bits) - 1;
  number_ = number;
  value_ = byte & prefix_max;
  shift_ = 0;
  step_ = Step::kInteger;
  return value_ == prefix_max || number_complete();
}

bool HeaderScanner::number_complete() {
  switch (number_) {
    case Number::kIndexed: {
      std::uint64_t name_bytes = 0;
      std::uint64_t value_bytes = 0;
      std::uint8_t field = 0;
      if (!find(value_, &name_bytes, &value_bytes, &field)) return false;
      count_field(name_bytes, value_bytes, field);
      step_ = Step::kField;
      return true;
    }
    case Number::kTableSize:
      if (value_ > kTableBytes) return false;
      limit_ = static_cast<std::uint32_t>(value_);
      shrink(limit_);
      step_ = Step::kField;
      return true;
    case Number::kNameIndex: {
      std::uint64_t ignored = 0;
      in_value_ = value_ != 0;
      step_ = Step::kLength;
      return value_ == 0 || find(value_, &name_bytes_, &ignored, &field_);
    }
    case Number::kLength:
      break;
  }
  left_ = value_;
  huffman_ = {};
  step_ = Step::kText;
  return left_ != 0 || text_complete();
}

bool HeaderScanner::take_text(std::uint8_t byte) {
  std::uint64_t& bytes = in_value_ ? value_bytes_ : name_bytes_;
  const auto add = [&](char c) {
    if (!in_value_ && bytes < kNameBytesKept) name_[bytes] = c;
    ++bytes;
  };
  if (is_huffman_) {
    if (!huffman_.next(byte, add)) return false;
  } else {
    add(static_cast<char>(byte));
  }
  return --left_ != 0 || text_complete();
}

bool HeaderScanner::text_complete() {
  if (is_huffman_ && !huffman_.may_end()) return false;
  if (in_value_) return field_complete();
  if (name_bytes_ <= kNameBytesKept) {
    const std::string_view name(name_, static_cast<std::size_t>(name_bytes_));
    for (const Name& one : kNames) {
      if (one.text == name) field_ = one.field;
    }
  }
  in_value_ = true;
  step_ = Step::kLength;
  return true;
}

bool HeaderScanner::field_complete() {
  count_field(name_bytes_, value_bytes_, field_);
  if (goes_into_table_) insert();
  step_ = Step::kField;
  return true;
}

void HeaderScanner::count_field(std::uint64_t name_bytes, std::uint64_t value_bytes,
                                std::uint8_t field) {
  fields_ = static_cast<std::uint8_t>(fields_ | field);
  list_bytes_ += name_bytes + value_bytes + kFieldOverhead;
}

// 2.3.3
bool HeaderScanner::find(std::uint64_t index, std::uint64_t* name_bytes, std::uint64_t* value_bytes,
                         std::uint8_t* field) const {
  if (index == 0) return false;
  if (index <= kStaticCount) {
    *name_bytes = kStaticFields[index - 1].name.size();
    *value_bytes = kStaticFields[index - 1].value.size();
    *field = 0;
    return true;
  }
  const std::uint64_t dynamic = index - kStaticCount - 1;
  if (dynamic >= count_) return false;
  const Entry& found = entry(static_cast<std::uint32_t>(dynamic));
  *name_bytes = found.name_bytes;
  *value_bytes = found.value_bytes;
  *field = found.field;
  return true;
}

// 4.4: one that is larger than the table empties it. None has less than kFieldOverhead, so that
// there is a place.
void HeaderScanner::insert() {
  const std::uint64_t bytes = name_bytes_ + value_bytes_ + kFieldOverhead;
  shrink(bytes > limit_ ? 0 : limit_ - bytes);
  if (bytes > limit_) return;
  first_ = (first_ + kEntriesMax - 1) % kEntriesMax;
  ++count_;
  entry(0) = {static_cast<std::uint16_t>(name_bytes_), static_cast<std::uint16_t>(value_bytes_),
              field_};
  table_bytes_ += static_cast<std::uint32_t>(bytes);
}

void HeaderScanner::shrink(std::uint64_t bytes) {
  while (table_bytes_ > bytes) {
    const Entry& oldest = entry(--count_);
    table_bytes_ -= oldest.name_bytes + oldest.value_bytes + kFieldOverhead;
  }
}

}  // namespace kolben::agent::http2
