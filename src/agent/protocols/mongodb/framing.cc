#include "agent/protocols/mongodb/framing.h"

namespace kolben::agent::mongodb {
namespace {

constexpr std::uint8_t kString = 2;
constexpr std::uint32_t kDocumentBytesMin = 5;  // its length and its end
constexpr std::uint32_t kVariable = ~0U;
constexpr std::uint32_t kUnknown = ~1U;

// Commands whose own element names a collection.
constexpr const char* kOfCollections[] = {
    "find",          "insert",        "update",        "delete",    "aggregate", "count",
    "distinct",      "findAndModify", "findandmodify", "create",    "drop",      "collMod",
    "createIndexes", "dropIndexes",   "listIndexes",   "mapReduce", "mapreduce", "validate",
    "collStats",     "killCursors",   "deleteIndexes", "geoSearch", "reIndex",   "compact"};

bool is_text(const std::uint8_t* bytes, std::size_t size, const char* text) {
  std::size_t i = 0;
  for (; i < size && text[i] != '\0'; ++i) {
    if (bytes[i] != static_cast<std::uint8_t>(text[i])) return false;
  }
  return i == size && text[i] == '\0';
}

// Of a value; kVariable: a length stands before it.
std::uint32_t size_of(std::uint8_t type) {
  switch (type) {
    case 0x06:  // undefined
    case 0x0a:  // null
    case 0x7f:
    case 0xff:
      return 0;
    case 0x08:  // a truth value
      return 1;
    case 0x10:
      return 4;
    case 0x01:
    case 0x09:
    case 0x11:
    case 0x12:
      return 8;
    case 0x07:
      return 12;
    case 0x13:
      return 16;
    case 0x02:
    case 0x03:
    case 0x04:
    case 0x05:
    case 0x0d:
    case 0x0e:
    case 0x0f:
      return kVariable;
    default:
      return kUnknown;  // also regular expressions, whose length nobody tells
  }
}

// What a length comes to; false: it does not fit.
bool value_bytes(const MongodbSide& side, std::uint32_t length, std::uint32_t* bytes) {
  switch (side.type) {
    case 0x03:
    case 0x04:
    case 0x0f:
      if (length < kDocumentBytesMin) return false;
      *bytes = length - 4;
      break;
    case 0x05:
      if (length > kMessageBytesMax) return false;
      *bytes = length + 1;
      break;
    default:
      if (length == 0) return false;
      *bytes = length;
      break;
  }
  return *bytes <= side.document_left;
}

bool names_collection(const MongodbSide& side) {
  for (const char* name : kOfCollections) {
    if (is_name(side, name)) return true;
  }
  return false;
}

// Of the value whose type, name and size are known.
bool shows_value(const MongodbSide& side, Direction direction) {
  if (direction == Direction::kReplies) {
    const bool is_number = side.type == 0x01 || side.type == 0x10 || side.type == 0x12;
    return is_number && (is_name(side, "ok") || is_name(side, "code"));
  }
  if (side.type != kString || side.left > kTextBytesMax) return false;
  if (side.elements == 0) return names_collection(side);
  return is_name(side, "$db") || (side.is_get_more && is_name(side, "collection"));
}

void want(MongodbSide& side, Phase phase, std::uint32_t bytes) {
  side.phase = static_cast<std::uint8_t>(phase);
  side.left = bytes;
  side.number_bytes = 0;
}

// After a section; a checksum is the last of a message.
void next_section(MongodbSide& side, Event* event) {
  if (side.message_left == 0) {
    *event = Event::kMessage;
    return want(side, Phase::kHeader, kHeaderBytes);
  }
  const bool is_checksum = (side.flags & kChecksumPresent) != 0 && side.message_left == 4;
  if (is_checksum) return want(side, Phase::kHidden, 4);
  want(side, Phase::kKind, 1);
}

bool header_complete(MongodbSide& side, Event* event) {
  const std::uint32_t size = number_at(side.number);
  side.operation = number_at(side.number + 12);
  const bool is_legacy = side.operation == kOpQuery || side.operation == kOpReply;
  if (size < kHeaderBytes || size > kMessageBytesMax) return false;
  if (!is_legacy && side.operation != kOpMessage) return false;
  side.message_left = size - kHeaderBytes;
  side.flags = 0;
  side.elements = 0;
  side.is_get_more = false;
  side.has_document = false;
  *event = Event::kHeader;
  if (is_legacy) {
    want(side, Phase::kHidden, side.message_left);
    return side.message_left != 0;
  }
  want(side, Phase::kFlags, 4);
  return true;
}

bool kind_complete(MongodbSide& side, std::uint8_t kind) {
  if (kind > 1 || (kind == 0 && side.has_document)) return false;
  if (kind == 0) side.has_document = true;
  want(side, kind == 0 ? Phase::kDocumentSize : Phase::kSectionSize, 4);
  return true;
}

bool section_complete(MongodbSide& side, Event* event) {
  const std::uint32_t size = number_at(side.number);
  if (size < 4 || size - 4 > side.message_left) return false;
  want(side, Phase::kHidden, size - 4);
  if (side.left == 0) next_section(side, event);
  return true;
}

bool document_begun(MongodbSide& side) {
  const std::uint32_t size = number_at(side.number);
  if (size < kDocumentBytesMin || size - 4 > side.message_left) return false;
  side.document_left = size - 4;
  want(side, Phase::kType, 1);
  return true;
}

bool type_complete(MongodbSide& side, std::uint8_t type, Event* event) {
  side.type = type;
  side.name_size = 0;
  if (type != 0) {
    want(side, Phase::kName, 1);
    return side.document_left != 0;
  }
  if (side.document_left != 0) return false;
  next_section(side, event);
  return true;
}

void value_complete(MongodbSide& side, Event* event) {
  *event = Event::kValue;
  if (side.elements != 0xff) ++side.elements;
  want(side, Phase::kType, 1);
}

bool name_complete(MongodbSide& side, Direction direction, Event* event) {
  const std::uint32_t size = size_of(side.type);
  if (size == kUnknown) return false;
  if (side.elements == 0) side.is_get_more = is_name(side, "getMore");
  *event = Event::kName;
  if (size == kVariable) {
    want(side, Phase::kSize, 4);
    return side.document_left >= 4;
  }
  want(side, Phase::kValue, size);
  side.shows = shows_value(side, direction);
  if (size != 0) return size <= side.document_left;
  if (side.elements != 0xff) ++side.elements;
  want(side, Phase::kType, 1);
  return true;
}

bool size_complete(MongodbSide& side, Direction direction) {
  std::uint32_t bytes = 0;
  if (!value_bytes(side, number_at(side.number), &bytes)) return false;
  want(side, Phase::kValue, bytes);
  side.shows = shows_value(side, direction);
  return true;
}

bool phase_complete(MongodbSide& side, Direction direction, std::uint8_t last, Event* event) {
  switch (static_cast<Phase>(side.phase)) {
    case Phase::kHeader:
      return header_complete(side, event);
    case Phase::kFlags:
      side.flags = number_at(side.number);
      if (side.message_left == 0) return false;
      want(side, Phase::kKind, 1);
      return true;
    case Phase::kKind:
      return kind_complete(side, last);
    case Phase::kSectionSize:
      return section_complete(side, event);
    case Phase::kDocumentSize:
      return document_begun(side);
    case Phase::kType:
      return type_complete(side, last, event);
    case Phase::kName:
      if (last == 0) return name_complete(side, direction, event);
      if (side.name_size < kNameBytesMax) side.name[side.name_size] = last;
      if (side.name_size <= kNameBytesMax) ++side.name_size;
      want(side, Phase::kName, 1);
      return side.document_left != 0;
    case Phase::kSize:
      return size_complete(side, direction);
    case Phase::kValue:
      value_complete(side, event);
      return side.document_left != 0;
    case Phase::kHidden:
      if (side.message_left == 0) {
        *event = Event::kMessage;
        want(side, Phase::kHeader, kHeaderBytes);
      } else {
        next_section(side, event);
      }
      return true;
  }
  return false;
}

}  // namespace

std::uint32_t number_at(const std::uint8_t* bytes) {
  return bytes[0] | std::uint32_t{bytes[1]} << 8 | std::uint32_t{bytes[2]} << 16 |
         std::uint32_t{bytes[3]} << 24;
}

bool is_name(const MongodbSide& side, const char* name) {
  return is_text(side.name, side.name_size, name);
}

std::size_t run_of(const MongodbSide& side, std::size_t size) {
  // A side that has seen nothing is at a header.
  const std::uint32_t left = side.phase == 0 && side.left == 0 ? kHeaderBytes : side.left;
  return left < size ? left : size;
}

bool is_shown(const MongodbSide& side) {
  const auto phase = static_cast<Phase>(side.phase);
  return phase != Phase::kHidden && (phase != Phase::kValue || side.shows);
}

bool take(MongodbSide& side, Direction direction, const std::uint8_t* bytes, std::size_t size,
          Event* event) {
  *event = Event::kNone;
  const auto phase = static_cast<Phase>(side.phase);
  if (phase == Phase::kHeader && side.left == 0) want(side, Phase::kHeader, kHeaderBytes);
  const auto count = static_cast<std::uint32_t>(size);
  if (phase != Phase::kHeader) {
    if (count > side.message_left) return false;
    side.message_left -= count;
  }
  if (phase == Phase::kType || phase == Phase::kName || phase == Phase::kSize ||
      phase == Phase::kValue) {
    if (count > side.document_left) return false;
    side.document_left -= count;
  }
  const bool is_number = phase == Phase::kHeader || phase == Phase::kFlags ||
                         phase == Phase::kSectionSize || phase == Phase::kDocumentSize ||
                         phase == Phase::kSize;
  for (std::size_t i = 0; is_number && i < size; ++i) side.number[side.number_bytes++] = bytes[i];
  side.left -= count;
  if (side.left != 0) return true;
  return phase_complete(side, direction, bytes != nullptr ? bytes[size - 1] : 0, event);
}

bool begins(const std::uint8_t* bytes, std::size_t size) {
  if (size < kHeaderBytes + 9) return false;
  const std::uint32_t length = number_at(bytes);
  const std::uint32_t operation = number_at(bytes + 12);
  if (length < kHeaderBytes + 9 || length > kMessageBytesMax || number_at(bytes + 8) != 0) {
    return false;
  }
  if (operation == kOpQuery) {  // its flags, then the collection
    constexpr char kCommands[] = "admin.$cmd";
    return size >= kHeaderBytes + 4 + sizeof(kCommands) &&
           is_text(bytes + kHeaderBytes + 4, sizeof(kCommands) - 1, kCommands);
  }
  constexpr std::uint32_t kFlags = kChecksumPresent | kMoreToCome | 0x10000;
  return operation == kOpMessage && (number_at(bytes + 16) & ~kFlags) == 0 && bytes[20] == 0 &&
         number_at(bytes + 21) <= length - (kHeaderBytes + 5);
}

Run skim(SkimState& state, Direction direction, const std::uint8_t* bytes, std::size_t size) {
  MongodbSide& side = state.mongodb[static_cast<int>(direction)];
  const bool shows = is_shown(side);
  std::size_t taken = 0;
  while (taken < size && is_shown(side) == shows) {
    const std::size_t run = run_of(side, size - taken);
    Event event = Event::kNone;
    if (!take(side, direction, bytes + taken, run, &event)) state.lost = true;
    taken += run;
    if (state.lost) break;
  }
  return {taken, shows};
}

}  // namespace kolben::agent::mongodb
