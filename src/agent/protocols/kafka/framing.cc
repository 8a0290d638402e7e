#include "agent/protocols/kafka/framing.h"

#include "agent/protocols/kafka/answers.h"
#include "agent/protocols/kafka/records.h"

namespace kolben::agent::kafka {
namespace {

constexpr std::uint32_t kHeaderBytes = 8;
constexpr std::uint32_t kNumberBytes = 4;
constexpr std::uint32_t kTagsMax = 0;  // nobody sends any in a request's header
// Versions that the walk knows.
constexpr std::uint16_t kProduceMin = 3;
constexpr std::uint16_t kProduceMax = 12;
constexpr std::uint16_t kFetchMax = 17;
constexpr std::uint16_t kFlexibleProduce = 9;
constexpr std::uint16_t kFlexibleFetch = 12;
constexpr std::uint16_t kTopicIdsOfFetch = 13;
constexpr std::uint16_t kApiVersionsMax = 10;

}  // namespace

std::uint32_t number_of(const std::uint8_t* bytes, std::uint32_t size) {
  std::uint32_t value = 0;
  for (std::uint32_t i = 0; i < size; ++i) value = value << 8 | bytes[i];
  return value;
}

bool is_known(const KafkaSide& side) {
  if (side.api == kProduce) return side.version >= kProduceMin && side.version <= kProduceMax;
  return side.api == kFetch && side.version <= kFetchMax;
}

bool is_flexible(const KafkaSide& side) {
  return side.version >= (side.api == kProduce ? kFlexibleProduce : kFlexibleFetch);
}

bool has_topic_ids(const KafkaSide& side) {
  return side.api == kFetch && side.version >= kTopicIdsOfFetch;
}

void want(KafkaSide& side, Step step, std::uint32_t bytes) {
  side.step = static_cast<std::uint8_t>(step);
  side.left = bytes;
  side.number_bytes = 0;
  side.in_text = false;
}

void want_rest(KafkaSide& side, Event* event) {
  if (side.message_left != 0) return want(side, Step::kRest, side.message_left);
  if (*event == Event::kNone) *event = Event::kEnd;
  side.ends = *event != Event::kEnd;
  want(side, Step::kSize, kNumberBytes);
}

void want_part(KafkaSide& side, Step step, std::uint32_t bytes, Event* event) {
  if (bytes > side.message_left) return want_rest(side, event);
  want(side, step, bytes);
}

void want_number(KafkaSide& side, Step step, Event* event) {
  side.is_compact = is_flexible(side);
  want_part(side, step, side.is_compact ? 1 : kNumberBytes, event);
}

void want_end(KafkaSide& side, Event* event) {
  side.records.is_whole = !side.records.is_cut;
  want_rest(side, event);
}

bool number_complete(KafkaSide& side, std::uint32_t* value) {
  constexpr std::uint8_t kBytesMax = 5;
  if (!side.is_compact) {
    *value = number_of(side.number, side.number_bytes);
    return true;
  }
  if ((side.number[side.number_bytes - 1] & 0x80U) != 0 && side.number_bytes < kBytesMax) {
    side.left = 1;
    return false;
  }
  std::uint32_t all = 0;
  for (std::uint32_t i = 0; i < side.number_bytes; ++i) {
    all |= (side.number[i] & 0x7fU) << (7 * i);
  }
  *value = all - 1;  // zero is null
  return true;
}

namespace {

// What stands before the topics: acks and a timeout; or whose fetch it is, how long to wait, how
// much to send and, by the version, the isolation and the session.
std::uint32_t fixed_bytes(const KafkaSide& side) {
  if (side.api == kProduce) return 6;
  std::uint32_t bytes = side.version >= 15 ? 8 : 12;
  if (side.version >= 3) bytes += 4;
  if (side.version >= 4) bytes += 1;
  if (side.version >= 7) bytes += 8;
  return bytes;
}

// Its length, of two bytes, or, flexible, of as many as it takes.
void want_text(KafkaSide& side, Step step) {
  const bool is_compact = step != Step::kClientId && is_flexible(side);
  want(side, step, is_compact ? 1 : 2);
  side.is_compact = is_compact;
}

void want_count(KafkaSide& side, Step step) {
  side.is_compact = is_flexible(side);
  want(side, step, side.is_compact ? 1 : kNumberBytes);
}

bool size_complete(KafkaSide& side, Direction direction) {
  const std::uint32_t size = number_of(side.number, kNumberBytes);
  const std::uint32_t least = direction == Direction::kRequests ? kHeaderBytes : kNumberBytes;
  if (size < least || size > kRequestBytesMax) return false;
  side.message_left = size;
  side.records = {};
  want(side, Step::kHeader, least);
  return true;
}

bool header_complete(KafkaSide& side, Direction direction, Event* event) {
  *event = Event::kHeader;
  const bool is_request = direction == Direction::kRequests;
  side.correlation = number_of(side.number + (is_request ? 4 : 0), 4);
  side.api = static_cast<std::uint16_t>(is_request ? number_of(side.number, 2) : 0xffff);
  side.version = static_cast<std::uint16_t>(is_request ? number_of(side.number + 2, 2) : 0);
  if (!is_request || !is_known(side)) {
    want_rest(side, event);
  } else {
    want_text(side, Step::kClientId);
  }
  return true;
}

void after_topics(KafkaSide& side) {
  if (has_topic_ids(side)) return want(side, Step::kTopicId, kTopicIdBytes);
  want_text(side, Step::kTopic);
}

void after_text(KafkaSide& side, Step step, Event* event) {
  switch (step) {
    case Step::kClientId:
      *event = Event::kClientId;
      if (is_flexible(side)) return want(side, Step::kTags, 1);
      [[fallthrough]];
    case Step::kTags:
      if (side.api == kProduce) return want_text(side, Step::kTransaction);
      return want(side, Step::kFixed, fixed_bytes(side));
    case Step::kTransaction:
      return want(side, Step::kFixed, fixed_bytes(side));
    default:
      *event = Event::kTopic;
      return want_count(side, Step::kPartitions);
  }
}

bool text_complete(KafkaSide& side, Step step, Event* event) {
  if (!side.in_text) {
    std::uint32_t size = 0;
    if (!number_complete(side, &size)) return true;
    const std::uint32_t null = side.is_compact ? ~0U : 0xffff;
    if (size == null) size = 0;
    if (size > kTextBytesMax || size > side.message_left) return false;
    want(side, step, size);
    side.in_text = true;
    if (size != 0) return true;
  }
  after_text(side, step, event);
  return true;
}

// How many there are; of none, and of null, nothing comes.
bool count_complete(KafkaSide& side, Step step, Event* event) {
  std::uint32_t count = 0;
  if (!number_complete(side, &count)) return true;
  side.count = count == ~0U ? 0 : count;
  if (side.count > side.message_left) return false;
  if (step == Step::kTopics) {
    *event = Event::kTopics;
    side.topics = side.count;
  }
  if (side.count == 0) {
    want_rest(side, event);
  } else if (step == Step::kTopics) {
    after_topics(side);
  } else {
    want(side, Step::kPartition, kNumberBytes);
  }
  return true;
}

void next_topic(KafkaSide& side, Event* event) {
  constexpr std::uint32_t kTopicBytesMin = 2;
  if (--side.topics == 0) return want_end(side, event);
  if (side.message_left < kTopicBytesMin) return want_rest(side, event);
  after_topics(side);
}

void next_partition(KafkaSide& side, Event* event) {
  if (--side.count != 0) return want_part(side, Step::kPartition, kNumberBytes, event);
  if (is_flexible(side)) return want_part(side, Step::kTopicTags, 1, event);
  next_topic(side, event);
}

void tags_complete(KafkaSide& side, Step step, Event* event) {
  if (side.number[0] != 0) return want_rest(side, event);
  step == Step::kPartitionTags ? next_partition(side, event) : next_topic(side, event);
}

bool step_complete(KafkaSide& side, Direction direction, Event* event) {
  const auto step = static_cast<Step>(side.step);
  switch (step) {
    case Step::kSize:
      return size_complete(side, direction);
    case Step::kHeader:
      return header_complete(side, direction, event);
    case Step::kClientId:
    case Step::kTransaction:
    case Step::kTopic:
      return text_complete(side, step, event);
    case Step::kTags:
      if (side.number[0] > kTagsMax) return false;
      after_text(side, step, event);
      return true;
    case Step::kFixed:
      want_count(side, Step::kTopics);
      return true;
    case Step::kTopics:
    case Step::kPartitions:
      return count_complete(side, step, event);
    case Step::kTopicId:
      want_count(side, Step::kPartitions);
      return true;
    case Step::kPartition:
      *event = Event::kPartition;
      side.partition = number_of(side.number, kNumberBytes);
      side.api == kProduce ? begin_records(side, event) : want_rest(side, event);
      return true;
    case Step::kPartitionTags:
    case Step::kTopicTags:
      tags_complete(side, step, event);
      return true;
    case Step::kRest:
      want_rest(side, event);
      return true;
    default:
      is_of_records(step) ? records_step_complete(side, step, event)
                          : answer_step_complete(side, step, event);
      return true;
  }
}

bool keeps_number(const KafkaSide& side) {
  const auto step = static_cast<Step>(side.step);
  return !side.in_text && step != Step::kFixed && step != Step::kTopicId &&
         step != Step::kAnswerTopicName && step != Step::kHeaderValue && is_shown(side);
}

}  // namespace

void after_records(KafkaSide& side, Event* event) {
  if (side.api != kProduce) return after_records_of_answer(side, event);
  if (is_flexible(side)) return want_part(side, Step::kPartitionTags, 1, event);
  next_partition(side, event);
}

std::size_t run_of(const KafkaSide& side, Direction /*direction*/, std::size_t size) {
  const std::uint32_t left = side.left == 0 ? kNumberBytes : side.left;  // it has seen nothing
  return left < size ? left : size;
}

bool is_shown(const KafkaSide& side) {
  const auto step = static_cast<Step>(side.step);
  return step != Step::kRest && !hides(side, step) && !hides_of_records(step);
}

bool take(KafkaSide& side, Direction direction, const std::uint8_t* bytes, std::size_t size,
          Event* event) {
  *event = Event::kNone;
  side.ends = false;
  if (side.left == 0) want(side, Step::kSize, kNumberBytes);
  const auto count = static_cast<std::uint32_t>(size);
  if (static_cast<Step>(side.step) != Step::kSize) {
    if (count > side.message_left) return false;
    side.message_left -= count;
  }
  for (std::size_t i = 0; keeps_number(side) && i < size; ++i) {
    side.number[side.number_bytes++] = bytes[i];
  }
  side.left -= count;
  return side.left != 0 || step_complete(side, direction, event);
}

namespace {

// What a client asks first that has asked for the versions on another connection: as the first
// there (from 0 or 1 on), and it says who it is.
bool begins_without_versions(const std::uint8_t* bytes, std::size_t size) {
  constexpr std::uint32_t kTextAt = kNumberBytes + kHeaderBytes + 2;
  const std::uint32_t length = number_of(bytes, 4);
  const std::uint32_t text = number_of(bytes + kTextAt - 2, 2);
  const bool is_first = number_of(bytes + 4, 2) < kApiVersions &&
                        number_of(bytes + 6, 2) <= kFetchMax && number_of(bytes + 8, 4) <= 1;
  const bool has_text = text != 0 && text <= kTextBytesKept && kTextAt + text <= size &&
                        kHeaderBytes + 2 + text <= length && length <= kRequestBytesMax;
  if (!is_first || !has_text) return false;
  for (std::uint32_t i = 0; i < text; ++i) {
    if (bytes[kTextAt + i] < ' ' || bytes[kTextAt + i] > '~') return false;
  }
  return true;
}

}  // namespace

// What most clients ask first.
bool begins(const std::uint8_t* bytes, std::size_t size) {
  if (size < kNumberBytes + kHeaderBytes + 2) return false;
  if (number_of(bytes + 4, 2) != kApiVersions) return begins_without_versions(bytes, size);
  const std::uint32_t length = number_of(bytes, 4);
  const std::uint32_t text = number_of(bytes + 12, 2);
  return length >= kHeaderBytes + 2 && length <= kTextBytesMax &&
         number_of(bytes + 6, 2) <= kApiVersionsMax &&
         (text == 0xffff || text + kHeaderBytes + 2 <= length);
}

namespace {

// What is asked is kept for its answer.
void note_header(SkimState& state, Direction direction, Event* event) {
  KafkaSide& side = state.kafka[static_cast<int>(direction)];
  if (direction == Direction::kRequests) {
    if (is_known(side)) state.kafka_asked.note(side.correlation, side.api, side.version);
    return;
  }
  std::uint16_t api = 0;
  std::uint16_t version = 0;
  const bool is_asked = state.kafka_asked.find(side.correlation, &api, &version);
  if (is_asked) answers(side, api, version, event);
}

}  // namespace

Run skim(SkimState& state, Direction direction, const std::uint8_t* bytes, std::size_t size) {
  KafkaSide& side = state.kafka[static_cast<int>(direction)];
  const bool shows = is_shown(side);
  std::size_t taken = 0;
  while (taken < size && is_shown(side) == shows && !state.lost) {
    const std::size_t run = run_of(side, direction, size - taken);
    Event event = Event::kNone;
    if (!take(side, direction, bytes + taken, run, &event)) state.lost = true;
    if (event == Event::kHeader) note_header(state, direction, &event);
    taken += run;
  }
  return {taken, shows};
}

}  // namespace kolben::agent::kafka
