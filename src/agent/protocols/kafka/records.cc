// The walk over a partition's records: batches, records within them, headers within these. What
// does not fit into what it is in is passed over, up to the end of the innermost whose end is
// known.
#include "agent/protocols/kafka/records.h"

namespace kolben::agent::kafka {
namespace {

constexpr std::uint32_t kBatchStartBytes = 17;
constexpr std::uint32_t kBatchHeadBytes = 61;
constexpr std::uint32_t kLengthAt = 8;
constexpr std::uint32_t kAfterLength = 12;
constexpr std::uint32_t kMagicAt = 16;
constexpr std::uint8_t kMagic = 2;

struct Name {
  const char* text;
  std::uint32_t size;
};
// Those of trace_headers.h that are one header.
constexpr Name kNames[] = {{"b3", 2}, {"traceparent", 11}, {"uber-trace-id", 13}};

bool may_be_wanted(std::uint32_t size) {
  for (const Name& name : kNames) {
    if (name.size == size) return true;
  }
  return false;
}

bool is_wanted(const std::uint8_t* bytes, std::uint32_t size) {
  for (const Name& name : kNames) {
    std::uint32_t same = 0;
    while (name.size == size && same < size &&
           static_cast<std::uint8_t>(name.text[same]) == bytes[same]) {
      ++same;
    }
    if (same == name.size) return true;
  }
  return false;
}

void next_batch(KafkaSide& side, Event* event);
void next_record(KafkaSide& side, Event* event);
void next_header(KafkaSide& side, Event* event);

void rest_complete(KafkaSide& side, Step step, Event* event) {
  if (step == Step::kRecordRest) return next_record(side, event);
  if (step == Step::kBatchRest) return next_batch(side, event);
  after_records(side, event);
}
void skip(KafkaSide& side, Step step, std::uint32_t end, Event* event) {
  if (side.message_left == end) return rest_complete(side, step, event);
  want(side, step, side.message_left - end);
}
void skip_record(KafkaSide& side, Event* event) {
  skip(side, Step::kRecordRest, side.records.record_end, event);
}
void skip_batch(KafkaSide& side, Event* event) {
  skip(side, Step::kBatchRest, side.records.batch_end, event);
}
void skip_records(KafkaSide& side, Event* event) {
  skip(side, Step::kRecordsRest, side.records.end, event);
}
std::uint32_t room_of_record(const KafkaSide& side) {
  return side.message_left - side.records.record_end;
}

void want_in_record(KafkaSide& side, Step step, std::uint32_t bytes, Event* event) {
  if (bytes > room_of_record(side)) return skip_record(side, event);
  want(side, step, bytes);
}

bool looks(KafkaSide& side) {
  if (side.records.looks >= kLooksMax) return false;
  ++side.records.looks;
  return true;
}

void records_size_complete(KafkaSide& side, Event* event) {
  std::uint32_t size = 0;
  if (!number_complete(side, &size)) {
    if (side.message_left == 0) want_rest(side, event);
    return;
  }
  if (size == ~0U) size = 0;
  if (size > side.message_left) return want_rest(side, event);
  side.records.end = side.message_left - size;
  next_batch(side, event);
}

// A broker cuts off the last one where the client's buffer ends: that is not delivered.
void next_batch(KafkaSide& side, Event* event) {
  const std::uint32_t room = side.message_left - side.records.end;
  if (room < kBatchStartBytes) return skip_records(side, event);
  if (!looks_at_part(side)) return skip_records(side, event);
  want(side, Step::kBatchStart, kBatchStartBytes);
}

void batch_start_complete(KafkaSide& side, Event* event) {
  const std::uint32_t length = number_of(side.number + kLengthAt, 4);
  if (side.number[kMagicAt] != kMagic || length < kBatchHeadBytes - kAfterLength) {
    side.records.is_cut = true;  // of an older format
    return skip_records(side, event);
  }
  const std::uint32_t left = length - (kBatchStartBytes - kAfterLength);
  if (left > side.message_left - side.records.end) return skip_records(side, event);
  side.records.batch_end = side.message_left - left;
  // The number goes on.
  side.step = static_cast<std::uint8_t>(Step::kBatchHead);
  side.left = kBatchHeadBytes - kBatchStartBytes;
}

void batch_head_complete(KafkaSide& side, Event* event) {
  *event = Event::kBatch;
  const std::uint32_t attributes = number_of(side.number + kBatchAttributesAt, 2);
  if ((attributes & (kCompressionMask | kIsControl)) != 0) return skip_batch(side, event);
  side.records.count = number_of(side.number + kBatchCountAt, 4);
  next_record(side, event);
}

void next_record(KafkaSide& side, Event* event) {
  KafkaRecords& records = side.records;
  const bool is_end = records.count == 0 || side.message_left == records.batch_end;
  if (is_end || !looks(side)) return skip_batch(side, event);
  --records.count;
  records.record_end = records.batch_end;
  want(side, Step::kRecordSize, 1);
}

void after_text(KafkaSide& side, Step step, Event* event) {
  switch (step) {
    case Step::kKey:
      return want_in_record(side, Step::kValueSize, 1, event);
    case Step::kValue:
      return want_in_record(side, Step::kHeaders, 1, event);
    case Step::kHeaderName:
      side.records.is_wanted = is_wanted(side.number, side.number_bytes);
      return want_in_record(side, Step::kHeaderValueSize, 1, event);
    case Step::kHeaderOther:
      side.records.is_wanted = false;
      return want_in_record(side, Step::kHeaderValueSize, 1, event);
    default:
      return next_header(side, event);
  }
}

// Of null, which is less than nothing, as of nothing no bytes come.
void want_text(KafkaSide& side, Step step, std::int32_t size, Event* event) {
  if (size <= 0) return after_text(side, step, event);
  want_in_record(side, step, static_cast<std::uint32_t>(size), event);
}

void next_header(KafkaSide& side, Event* event) {
  if (side.records.headers == 0 || !looks(side)) return skip_record(side, event);
  --side.records.headers;
  want_in_record(side, Step::kHeaderNameSize, 1, event);
}

void record_size_complete(KafkaSide& side, std::int32_t size, Event* event) {
  const std::uint32_t room = side.message_left - side.records.batch_end;
  if (size <= 0 || static_cast<std::uint32_t>(size) > room) return skip_batch(side, event);
  *event = Event::kRecord;
  side.records.record_end = side.message_left - static_cast<std::uint32_t>(size);
  want(side, Step::kRecordAttributes, 1);
}

void header_value_size_complete(KafkaSide& side, std::int32_t size, Event* event) {
  const bool is_shown =
      side.records.is_wanted && size > 0 && static_cast<std::uint32_t>(size) <= kContextBytesMax;
  want_text(side, is_shown ? Step::kHeaderValue : Step::kHeaderValueOther, size, event);
}

void number_complete(KafkaSide& side, Step step, std::int32_t number, Event* event) {
  switch (step) {
    case Step::kRecordSize:
      return record_size_complete(side, number, event);
    case Step::kRecordTime:
      return want_in_record(side, Step::kRecordOffset, 1, event);
    case Step::kRecordOffset:
      return want_in_record(side, Step::kKeySize, 1, event);
    case Step::kKeySize:
      return want_text(side, Step::kKey, number, event);
    case Step::kValueSize:
      return want_text(side, Step::kValue, number, event);
    case Step::kHeaders:
      side.records.headers = number < 0 ? 0 : static_cast<std::uint32_t>(number);
      return next_header(side, event);
    case Step::kHeaderNameSize: {
      const bool may_be = number > 0 && may_be_wanted(static_cast<std::uint32_t>(number));
      return want_text(side, may_be ? Step::kHeaderName : Step::kHeaderOther, number, event);
    }
    default:
      return header_value_size_complete(side, number, event);
  }
}

// Numbers within records: seven bits a byte, the lowest first, the sign in the lowest of all.
void varint_step_complete(KafkaSide& side, Step step, Event* event) {
  const std::uint8_t bytes_max = step == Step::kRecordTime ? 10 : 5;
  if ((side.number[side.number_bytes - 1] & 0x80U) != 0) {
    const bool goes_on = side.number_bytes < bytes_max && room_of_record(side) != 0;
    if (!goes_on)
      return step == Step::kRecordSize ? skip_batch(side, event) : skip_record(side, event);
    side.left = 1;
    return;
  }
  std::uint32_t all = 0;
  for (std::uint32_t i = 0; i < side.number_bytes && i < 5; ++i) {
    all |= (side.number[i] & 0x7fU) << (7 * i);
  }
  const std::uint32_t sign = 0U - (all & 1U);
  number_complete(side, step, static_cast<std::int32_t>((all >> 1U) ^ sign), event);
}

}  // namespace

bool looks_at_part(KafkaSide& side) {
  if (side.records.parts >= kPartsMax) {
    side.records.is_cut = true;
    return false;
  }
  ++side.records.parts;
  return true;
}

void begin_records(KafkaSide& side, Event* event) {
  if (!looks_at_part(side)) return want_rest(side, event);
  want_number(side, Step::kRecordsSize, event);
}

void records_step_complete(KafkaSide& side, Step step, Event* event) {
  switch (step) {
    case Step::kRecordsSize:
      return records_size_complete(side, event);
    case Step::kBatchStart:
      return batch_start_complete(side, event);
    case Step::kBatchHead:
      return batch_head_complete(side, event);
    case Step::kRecordAttributes:
      return want_in_record(side, Step::kRecordTime, 1, event);
    case Step::kHeaderValue:
      *event = Event::kRecordHeader;
      return next_header(side, event);
    case Step::kKey:
    case Step::kValue:
    case Step::kHeaderName:
    case Step::kHeaderOther:
    case Step::kHeaderValueOther:
      return after_text(side, step, event);
    case Step::kRecordRest:
    case Step::kBatchRest:
    case Step::kRecordsRest:
      return rest_complete(side, step, event);
    default:
      return varint_step_complete(side, step, event);
  }
}

bool hides_of_records(Step step) {
  switch (step) {
    case Step::kKey:
    case Step::kValue:
    case Step::kHeaderOther:
    case Step::kHeaderValueOther:
    case Step::kRecordRest:
    case Step::kBatchRest:
    case Step::kRecordsRest:
      return true;
    default:
      return false;
  }
}

}  // namespace kolben::agent::kafka
