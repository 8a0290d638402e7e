// The records in a Produce or in the answer to a Fetch: how many there are, and whose context their
// headers carry. Freestanding.
//
// What is shown: the heads of batches; of the records in them, where they are not compressed,
// lengths and counts, header names of the lengths of those that carry a context, and the values of
// these. Keys, values and other headers are not. What is not as it should be is not looked at, and
// nothing is said of it.
// Source: https://kafka.apache.org/documentation/#messageformat ("Message Format", version 2).
#pragma once

#include <cstdint>

#include "agent/protocols/kafka/framing.h"

namespace kolben::agent::kafka {

// What of one message is looked at: partitions, aborted transactions and batches; records and their
// headers. A message of nothing else fits into half of the records of the ring that a call may
// make.
inline constexpr std::uint16_t kPartsMax = 256;
inline constexpr std::uint16_t kLooksMax = 512;
// Of a header that carries a context.
inline constexpr std::uint32_t kContextBytesMax = 128;

// In the number's bytes, when a batch's head is there (Event::kBatch).
inline constexpr std::uint32_t kBatchAttributesAt = 21;
inline constexpr std::uint32_t kBatchLastOffsetAt = 23;
inline constexpr std::uint32_t kBatchProducerAt = 43;
inline constexpr std::uint32_t kBatchCountAt = 57;
inline constexpr std::uint32_t kCompressionMask = 7;
inline constexpr std::uint32_t kIsTransactional = 16;
inline constexpr std::uint32_t kIsControl = 32;

// Behind a partition's number and what belongs to it. Goes on with after_records().
void begin_records(KafkaSide& side, Event* event);
void after_records(KafkaSide& side, Event* event);
void records_step_complete(KafkaSide& side, Step step, Event* event);
inline bool is_of_records(Step step) {
  return step >= Step::kRecordsSize && step <= Step::kRecordsRest;
}
bool hides_of_records(Step step);
// One more part; false: too many.
bool looks_at_part(KafkaSide& side);

}  // namespace kolben::agent::kafka
