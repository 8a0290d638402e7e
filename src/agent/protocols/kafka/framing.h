// Where requests and answers of Kafka begin and end. Freestanding, see skimmer.h.
//
// What is shown: of a request its header; of Produce and Fetch what stands before the first
// partition's records and offsets; of an answer its size and number.
// The parser walks the same way over what is shown.
// Source: https://kafka.apache.org/protocol.html ("Protocol Guide").
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/protocols/skimmer.h"

namespace kolben::agent::kafka {

inline constexpr std::uint32_t kRequestBytesMax = 256U << 20;
// Of a name: brokers take 249 bytes for a topic.
inline constexpr std::uint32_t kTextBytesMax = 1024;
inline constexpr std::uint32_t kTextBytesKept = 256;

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
};

// Of what one step has come to.
enum class Event : std::uint8_t { kNone, kHeader, kClientId, kTopics, kTopic, kPartition, kEnd };

// How many of `size` bytes are of one step, which are all shown or all not; at least 1.
std::size_t run_of(const KafkaSide& side, Direction direction, std::size_t size);
bool is_shown(const KafkaSide& side);
// Takes as many bytes as run_of() says; null: they are not shown. False: not understood.
bool take(KafkaSide& side, Direction direction, const std::uint8_t* bytes, std::size_t size,
          Event* event);

bool begins(const std::uint8_t* bytes, std::size_t size);
Run skim(SkimState& state, Direction direction, const std::uint8_t* bytes, std::size_t size);

}  // namespace kolben::agent::kafka
