// Where messages of MongoDB and the elements of their documents begin and end. Freestanding, see
// skimmer.h.
//
// What is shown: the headers; of a document its elements' types, names and lengths (not what is
// within them); of their values the collection, the database, and of an answer `ok` and `code`.
// The parser walks the same way over what is shown, and over the lengths of what is not.
// Source: MongoDB manual, "MongoDB Wire Protocol"; https://bsonspec.org/spec.html.
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/protocols/skimmer.h"

namespace kolben::agent::mongodb {

inline constexpr std::uint32_t kHeaderBytes = 16;
// A document may have 16 MiB, a message of several 48,000,000 bytes.
inline constexpr std::uint32_t kMessageBytesMax = 48'000'000;
inline constexpr std::uint32_t kNameBytesMax = sizeof(MongodbSide::name);
// Longer ones are no name of a collection or a database.
inline constexpr std::uint32_t kTextBytesMax = 256;

inline constexpr std::uint32_t kOpReply = 1;
inline constexpr std::uint32_t kOpQuery = 2004;
inline constexpr std::uint32_t kOpMessage = 2013;

// Flags of OP_MSG.
inline constexpr std::uint32_t kChecksumPresent = 1;
inline constexpr std::uint32_t kMoreToCome = 2;

// What the walk is at.
enum class Phase : std::uint8_t {
  kHeader,
  kFlags,
  kKind,          // of a section
  kSectionSize,   // of a section of documents
  kDocumentSize,  // of the command, or of the answer
  kType,          // of an element
  kName,
  kSize,  // of its value
  kValue,
  kHidden,  // the rest of a section or of the message, a checksum
};

// What the bytes that were taken have completed.
enum class Event : std::uint8_t { kNone, kHeader, kName, kValue, kMessage };

// How many of `size` bytes are of one phase, which are all shown or all not; at least 1.
std::size_t run_of(const MongodbSide& side, std::size_t size);
bool is_shown(const MongodbSide& side);
// Takes as many bytes as run_of() says; null: they are not shown. False: not understood.
bool take(MongodbSide& side, Direction direction, const std::uint8_t* bytes, std::size_t size,
          Event* event);

bool is_name(const MongodbSide& side, const char* name);
std::uint32_t number_at(const std::uint8_t* bytes);

bool begins(const std::uint8_t* bytes, std::size_t size);
Run skim(SkimState& state, Direction direction, const std::uint8_t* bytes, std::size_t size);

}  // namespace kolben::agent::mongodb
