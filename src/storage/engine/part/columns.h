// Columns: what stands in a row group, by number (docs/formats/part.md, "Core columns"). On disk:
// never renumber.
#pragma once

#include <cstdint>
#include <string>

#include "model/attributes.h"

namespace kolben::storage::part {

// What a part holds.
enum class Table : std::uint32_t { kSpans = 1, kLogs = 2, kPoints = 3 };

// No row group has more rows.
inline constexpr std::uint32_t kGroupRowsMax = 16'384;
// Row groups of spans are cut at this many rows; only a single trace larger than it fills several.
// A trace by id costs the reading of whole groups: half of the rows, half of the time, for a
// sixtieth more bytes.
inline constexpr std::uint32_t kSpanGroupRows = 8'192;
// Attribute columns of one row group; further ones share the column `rest` of their place.
inline constexpr std::size_t kGroupColumnsMax = 1024;
// And of one part, all of whose row groups have columns of their own then. Keys are the sender's
// choice, the columns of every open part are in memory, and merges put those of many together.
inline constexpr std::size_t kPartColumnsMax = 4 * kGroupColumnsMax;
inline constexpr std::size_t kPartKeyBytesMax = std::size_t{1} << 20;  // keys, all in all

namespace span_column {
enum : std::uint32_t {
  kTraceId = 0,
  kTraceRows = 1,
  kSpanId = 2,
  kParent = 3,
  kForeignParent = 4,
  kStart = 5,
  kDuration = 6,
  kName = 7,
  kKind = 8,
  kStatus = 9,
  kStatusMessage = 10,
  kTraceState = 11,
  kFlags = 12,
  kDroppedAttributes = 13,
  kDroppedEvents = 14,
  kDroppedLinks = 15,
  kResource = 16,
  kScope = 17,
  kShape = 18,
  kEvents = 19,
  kLinks = 20,
  kEventTime = 32,
  kEventName = 33,
  kEventDroppedAttributes = 34,
  kEventShape = 35,
  kLinkTraceId = 48,
  kLinkSpanId = 49,
  kLinkTraceState = 50,
  kLinkDroppedAttributes = 51,
  kLinkFlags = 52,
  kLinkShape = 53,
};
}  // namespace span_column

namespace log_column {
enum : std::uint32_t {
  kTime = 0,
  kObservedTime = 1,
  kSeverityNumber = 2,
  kSeverityText = 3,
  kBodyType = 4,
  kBody = 5,
  kTemplate = 6,
  kVariables = 7,
  kTraceId = 8,
  kSpanId = 9,
  kFlags = 10,
  kDroppedAttributes = 11,
  kEventName = 12,
  kResource = 16,
  kScope = 17,
  kShape = 18,
};
}  // namespace log_column

namespace point_column {
enum : std::uint32_t {
  kSeries = 0,
  kRunRows = 1,
  kTime = 2,
  kStartTime = 3,
  kFlags = 4,
  kValueType = 5,
  kInteger = 6,
  kDoubleScale = 7,
  kDouble = 8,
  kExemplars = 9,
  kCount = 10,
  kPresence = 11,
  kSumScale = 12,
  kSum = 13,
  kMinScale = 14,
  kMin = 15,
  kMaxScale = 16,
  kMax = 17,
  kBounds = 18,
  kBucketSizes = 19,
  kBucketCounts = 20,
  kExponentScale = 21,
  kZeroCount = 22,
  kZeroThreshold = 23,
  kPositiveOffset = 24,
  kPositiveSizes = 25,
  kPositiveCounts = 26,
  kNegativeOffset = 27,
  kNegativeSizes = 28,
  kNegativeCounts = 29,
  kQuantiles = 30,
  kQuantileValues = 31,
  kExemplarTime = 32,
  kExemplarValueType = 33,
  kExemplarValue = 34,
  kExemplarShape = 35,  // the number of kEventShape: exemplars stand in the place of events
  kExemplarTraceId = 36,
  kExemplarSpanId = 37,
  kRunTime = 38,
  kRunStartTime = 39,
};
}  // namespace point_column

// In the column of body types, beside the numbers of ColumnType: a template with variables.
inline constexpr std::uint64_t kTemplateBody = 8;

// The first column that is an attribute's: 256 + its place in the part's list.
inline constexpr std::uint32_t kFirstAttributeColumn = 256;

// Whose attribute it is.
enum class Place : std::uint8_t { kRow = 0, kEvent = 1, kLink = 2 };
inline constexpr std::size_t kPlaces = 3;

// The type of a column's values: ValueType's numbers, and `rest`. On disk: never renumber.
enum class ColumnType : std::uint8_t {
  kEmpty = 0,
  kString = 1,
  kBool = 2,
  kInt = 3,
  kDouble = 4,
  kArray = 5,
  kKvlist = 6,
  kBytes = 7,
  kRest = 15,  // KeyValue messages of further attributes; the key is empty
};
constexpr ColumnType column_type(ValueType type) {
  return static_cast<ColumnType>(type);
}
// Whether values are ints; texts otherwise (none at all of kEmpty).
constexpr bool is_number(ColumnType type) {
  return type == ColumnType::kBool || type == ColumnType::kInt || type == ColumnType::kDouble;
}

// A column of attributes: a key with the type of its values, in one place.
struct AttributeColumn {
  Place place = Place::kRow;
  ColumnType type = ColumnType::kString;
  std::string key;
  std::uint64_t values = 0;  // in the part
};

}  // namespace kolben::storage::part
