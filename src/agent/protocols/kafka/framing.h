// Where requests and answers of Kafka begin and end. Freestanding, see skimmer.h.
//
// What is shown: of a request its header; of Produce and Fetch what stands before the first
// partition's offsets or records; of an answer its size and number, and of those to Produce and
// Fetch the errors, and what says where they stand (answers.h); of records what records.h says. The
// parser walks the same way over what is shown. Source: https://kafka.apache.org/protocol.html
// ("Protocol Guide").
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/protocols/skimmer.h"

namespace kolben::agent::kafka {

inline constexpr std::uint32_t kRequestBytesMax = 256U << 20;
// Of a name: brokers take 249 bytes for a topic.
inline constexpr std::uint32_t kTextBytesMax = 1024;
inline constexpr std::uint32_t kTextBytesKept = 256;
inline constexpr std::uint32_t kTopicIdBytes = 16;

inline constexpr std::uint16_t kProduce = 0;
inline constexpr std::uint16_t kFetch = 1;
inline constexpr std::uint16_t kApiVersions = 18;

// What a request's bytes are, one after another; which of them there are depends on the request and
// its version.
enum class Step : std::uint8_t {
  kSize,
  kHeader,       // api key, version, number
  kClientId,     // a text that may be null
  kTags,         // of a flexible header
  kTransaction,  // of Produce: a text that may be null
  kFixed,        // what stands before the topics
  kTopics,       // how many
  kTopic,        // a text
  kTopicId,      // instead of it
  kPartitions,   // how many
  kPartition,
  kRest,  // not shown
  // Of an answer.
  kAnswerTags,      // of a flexible header
  kAnswerThrottle,  // of Fetch: a time
  kAnswerError,     // of the request as a whole
  kAnswerSession,
  kAnswerTopics,  // how many
  kAnswerTopic,   // the length of its name
  kAnswerTopicName,
  kAnswerTopicId,
  kAnswerPartitions,  // how many
  kAnswerPartition,   // its number and error
  kAnswerOffsets,     // and times
  kAnswerRecords,     // how many had errors
  kAnswerMessage,     // the length of the error's
  kAnswerPartitionTags,
  kAnswerTopicTags,
  kAnswerAborted,  // how many transactions
  kAnswerTransaction,
  kAnswerTransactionTags,
  kAnswerReplica,
  // Of a partition's records, in a Produce or in the answer to a Fetch.
  kRecordsSize,
  kBatchStart,  // up to what tells its format
  kBatchHead,
  kRecordSize,
  kRecordAttributes,
  kRecordTime,
  kRecordOffset,
  kKeySize,
  kKey,
  kValueSize,
  kValue,
  kHeaders,  // how many
  kHeaderNameSize,
  kHeaderName,
  kHeaderOther,  // a name that is none of those that are looked for
  kHeaderValueSize,
  kHeaderValue,
  kHeaderValueOther,
  kRecordRest,
  kBatchRest,
  kRecordsRest,
  kPartitionTags,  // of a Produce, behind the records
  kTopicTags,
};

// Of what one step has come to.
enum class Event : std::uint8_t {
  kNone,
  kHeader,
  kClientId,
  kTopics,
  kTopic,
  kPartition,
  kError,
  kTransaction,  // an aborted one
  kBatch,
  kRecord,
  kRecordHeader,
  kEnd
};

// How many of `size` bytes are of one step, which are all shown or all not; at least 1.
std::size_t run_of(const KafkaSide& side, Direction direction, std::size_t size);
bool is_shown(const KafkaSide& side);
// Takes as many bytes as run_of() says; null: they are not shown. False: not understood.
bool take(KafkaSide& side, Direction direction, const std::uint8_t* bytes, std::size_t size,
          Event* event);

// What the walks share: they go on with a step of so many bytes, or with what is not looked at.
void want(KafkaSide& side, Step step, std::uint32_t bytes);
void want_rest(KafkaSide& side, Event* event);
// Where the message has no room for it, with what is not looked at.
void want_part(KafkaSide& side, Step step, std::uint32_t bytes, Event* event);
void want_number(KafkaSide& side, Step step, Event* event);
// All topics were walked over.
void want_end(KafkaSide& side, Event* event);
// A length or a count that says one less than it stands for (compact) and may go on: true: it is
// complete. The others are complete when their bytes are.
bool number_complete(KafkaSide& side, std::uint32_t* value);
std::uint32_t number_of(const std::uint8_t* bytes, std::uint32_t size);
// Of a request, or what is answered: whether its version is known, and what that has.
bool is_known(const KafkaSide& side);
bool is_flexible(const KafkaSide& side);
bool has_topic_ids(const KafkaSide& side);

bool begins(const std::uint8_t* bytes, std::size_t size);
Run skim(SkimState& state, Direction direction, const std::uint8_t* bytes, std::size_t size);

}  // namespace kolben::agent::kafka
