// The walk over an answer, as far as the first error that it tells; what comes after is not shown.
#include "agent/protocols/kafka/answers.h"

#include "agent/protocols/kafka/records.h"

namespace kolben::agent::kafka {
namespace {

constexpr std::uint32_t kPartitionBytes = 6;  // its number and its error
constexpr std::uint32_t kErrorBytes = 2;
constexpr std::uint32_t kFourBytes = 4;
constexpr std::uint32_t kEightBytes = 8;

void want_text_of(KafkaSide& side, Step step, Event* event) {
  side.is_compact = is_flexible(side);
  want_part(side, step, side.is_compact ? 1 : 2, event);
}

void after_tags(KafkaSide& side, Event* event) {
  const bool has_throttle = side.api == kFetch && side.version >= 1;
  if (has_throttle) return want_part(side, Step::kAnswerThrottle, kFourBytes, event);
  want_number(side, Step::kAnswerTopics, event);
}

void after_throttle(KafkaSide& side, Event* event) {
  constexpr std::uint16_t kSessions = 7;
  if (side.version >= kSessions) return want_part(side, Step::kAnswerError, kErrorBytes, event);
  want_number(side, Step::kAnswerTopics, event);
}

void next_topic(KafkaSide& side, Event* event) {
  if (side.topics == 0) return want_end(side, event);
  --side.topics;
  if (has_topic_ids(side)) return want_part(side, Step::kAnswerTopicId, kTopicIdBytes, event);
  want_text_of(side, Step::kAnswerTopic, event);
}

void next_partition(KafkaSide& side, Event* event) {
  if (side.count != 0) return want_part(side, Step::kAnswerPartition, kPartitionBytes, event);
  if (is_flexible(side)) return want_part(side, Step::kAnswerTopicTags, 1, event);
  next_topic(side, event);
}

// Null and what nothing has room for are none.
std::uint32_t count_of(KafkaSide& side, std::uint32_t number) {
  if (number <= side.message_left) return number;
  if (number != ~0U) side.records.is_cut = true;
  return 0;
}

void error_complete(KafkaSide& side, std::uint32_t at, Event* event) {
  side.error = static_cast<std::uint16_t>(number_of(side.number + at, kErrorBytes));
  if (side.error != 0) {
    *event = Event::kError;
    return want_rest(side, event);
  }
  if (at == 0) return want_part(side, Step::kAnswerSession, kFourBytes, event);
  --side.count;
  if (side.api == kFetch) {
    *event = Event::kPartition;
    side.partition = number_of(side.number, kFourBytes);
  }
  const std::uint32_t two_since = side.api == kFetch ? 4 : 2;
  const std::uint32_t offsets = side.version >= 5 ? 3 : side.version >= two_since ? 2 : 1;
  want_part(side, Step::kAnswerOffsets, offsets * kEightBytes, event);
}

void next_transaction(KafkaSide& side, Event* event) {
  constexpr std::uint16_t kReplicas = 11;
  constexpr std::uint32_t kTransactionBytes = 16;
  if (side.records.aborted != 0) {
    --side.records.aborted;
    if (!looks_at_part(side)) return want_rest(side, event);
    return want_part(side, Step::kAnswerTransaction, kTransactionBytes, event);
  }
  if (side.version < kReplicas) return begin_records(side, event);
  want_part(side, Step::kAnswerReplica, kFourBytes, event);
}

void after_offsets(KafkaSide& side, Event* event) {
  constexpr std::uint16_t kRecordErrors = 8;
  constexpr std::uint16_t kTransactions = 4;
  if (side.api == kFetch) {
    side.records.aborted = 0;
    if (side.version < kTransactions) return begin_records(side, event);
    return want_number(side, Step::kAnswerAborted, event);
  }
  if (side.version >= kRecordErrors) return want_number(side, Step::kAnswerRecords, event);
  next_partition(side, event);
}

// Of a partition without an error there is none.
void text_complete(KafkaSide& side, Step step, std::uint32_t size, Event* event) {
  if (step == Step::kAnswerTopic) {
    if (size == 0 || size > kTextBytesMax) return want_rest(side, event);
    return want_part(side, Step::kAnswerTopicName, size, event);
  }
  if (size != 0) return want_rest(side, event);
  if (is_flexible(side)) return want_part(side, Step::kAnswerPartitionTags, 1, event);
  next_partition(side, event);
}

void number_complete(KafkaSide& side, Step step, Event* event) {
  std::uint32_t number = 0;
  if (!kafka::number_complete(side, &number)) {
    if (side.message_left == 0) want_rest(side, event);
    return;
  }
  switch (step) {
    case Step::kAnswerTopics:
      side.topics = count_of(side, number);
      return next_topic(side, event);
    case Step::kAnswerPartitions:
      side.count = count_of(side, number);
      if (side.count == 0) return want_rest(side, event);
      return next_partition(side, event);
    case Step::kAnswerRecords:
      if (count_of(side, number) != 0) return want_rest(side, event);
      return want_text_of(side, Step::kAnswerMessage, event);
    case Step::kAnswerAborted:
      side.records.aborted = count_of(side, number);
      return next_transaction(side, event);
    default:
      return text_complete(
          side, step, number == 0xffff && !side.is_compact ? 0 : count_of(side, number), event);
  }
}

}  // namespace

void answers(KafkaSide& side, std::uint16_t api, std::uint16_t version, Event* event) {
  const bool is_rest = static_cast<Step>(side.step) == Step::kRest;
  side.api = api;
  side.version = version;
  if (!is_rest || !is_known(side)) return;
  if (is_flexible(side)) return want_part(side, Step::kAnswerTags, 1, event);
  after_tags(side, event);
}

void answer_step_complete(KafkaSide& side, Step step, Event* event) {
  switch (step) {
    case Step::kAnswerTags:
      if (side.number[0] != 0) return want_rest(side, event);
      return after_tags(side, event);
    case Step::kAnswerThrottle:
      return after_throttle(side, event);
    case Step::kAnswerError:
      return error_complete(side, 0, event);
    case Step::kAnswerSession:
      return want_number(side, Step::kAnswerTopics, event);
    case Step::kAnswerTopicName:
    case Step::kAnswerTopicId:
      if (side.api == kFetch) *event = Event::kTopic;
      return want_number(side, Step::kAnswerPartitions, event);
    case Step::kAnswerPartition:
      return error_complete(side, kFourBytes, event);
    case Step::kAnswerOffsets:
      return after_offsets(side, event);
    case Step::kAnswerPartitionTags:
      if (side.number[0] != 0) return want_rest(side, event);
      return next_partition(side, event);
    case Step::kAnswerTopicTags:
      if (side.number[0] != 0) return want_rest(side, event);
      return next_topic(side, event);
    case Step::kAnswerTransaction:
      *event = Event::kTransaction;
      if (is_flexible(side)) return want_part(side, Step::kAnswerTransactionTags, 1, event);
      return next_transaction(side, event);
    case Step::kAnswerTransactionTags:
      if (side.number[0] != 0) return want_rest(side, event);
      return next_transaction(side, event);
    case Step::kAnswerReplica:
      return begin_records(side, event);
    default:
      return number_complete(side, step, event);
  }
}

void after_records_of_answer(KafkaSide& side, Event* event) {
  if (is_flexible(side)) return want_part(side, Step::kAnswerPartitionTags, 1, event);
  next_partition(side, event);
}

bool hides(const KafkaSide& side, Step step) {
  switch (step) {
    case Step::kAnswerTopicName:
      return side.api != kFetch;
    case Step::kAnswerThrottle:
    case Step::kAnswerSession:
    case Step::kAnswerReplica:
    case Step::kAnswerTopicId:
    case Step::kAnswerOffsets:
      return true;
    default:
      return false;
  }
}

}  // namespace kolben::agent::kafka
