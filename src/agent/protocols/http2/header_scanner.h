// HeaderScanner: walks over a client's header blocks (HPACK, RFC 7541) without keeping a text:
// which headers of trace context a block has, and how long its list is. Of the dynamic table it
// keeps of each entry how long its texts are and which of those headers it names.
//
// Freestanding, plain data: a copy of it tries what bytes would come to. Every block since the
// begin of the connection has to come, in order. What is not understood, and a table of more than
// the protocol's default, which nobody could know beforehand, ends in false; it is not to be asked
// any more then.
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/protocols/http2/huffman_code.h"

namespace kolben::agent::http2 {

// Of a block, a set.
enum TraceField : std::uint8_t {
  kTraceparentField = 1,
  kTracestateField = 2,
  kBaggageField = 4,
  kB3Field = 8,
  kB3MultiField = 16,
  kJaegerField = 32,
};

class HeaderScanner {
 public:
  static constexpr std::uint32_t kTableBytes = 4096;
  static constexpr std::uint32_t kFieldOverhead = 32;
  static constexpr std::uint32_t kEntriesMax = kTableBytes / kFieldOverhead;

  // Bytes of a block, cut anywhere.
  bool take(const std::uint8_t* bytes, std::size_t size);
  // The block is complete.
  bool end_block() const { return step_ == Step::kField; }
  void begin_block() {
    fields_ = 0;
    list_bytes_ = 0;
  }

  std::uint8_t fields() const { return fields_; }
  // What the peer counts against SETTINGS_MAX_HEADER_LIST_SIZE.
  std::uint64_t list_bytes() const { return list_bytes_; }
  std::uint32_t table_bytes() const { return table_bytes_; }
  std::uint32_t table_fields() const { return count_; }

 private:
  enum class Step : std::uint8_t { kField, kInteger, kLength, kText };
  enum class Number : std::uint8_t { kIndexed, kTableSize, kNameIndex, kLength };

  // What a text of an entry or of the field that comes is: its length, and which name it is.
  struct Entry {
    std::uint16_t name_bytes = 0;
    std::uint16_t value_bytes = 0;
    std::uint8_t field = 0;
  };

  bool begin_field(std::uint8_t byte);
  bool begin_number(Number number, std::uint8_t byte, int prefix_bits);
  bool number_complete();
  bool take_text(std::uint8_t byte);
  bool text_complete();
  bool field_complete();
  // Lengths of a table's field; false: there is none.
  bool find(std::uint64_t index, std::uint64_t* name_bytes, std::uint64_t* value_bytes,
            std::uint8_t* field) const;
  void count_field(std::uint64_t name_bytes, std::uint64_t value_bytes, std::uint8_t field);
  void insert();
  void shrink(std::uint64_t bytes);
  Entry& entry(std::uint32_t index) { return entries_[(first_ + index) % kEntriesMax]; }
  const Entry& entry(std::uint32_t index) const { return entries_[(first_ + index) % kEntriesMax]; }

  static constexpr std::size_t kNameBytesKept = 16;  // longer ones are none of ours

  Step step_ = Step::kField;
  Number number_ = Number::kIndexed;
  std::uint8_t shift_ = 0;
  bool goes_into_table_ = false;
  bool in_value_ = false;
  bool is_huffman_ = false;
  std::uint8_t fields_ = 0;
  std::uint8_t field_ = 0;  // of the field that comes: its name
  std::uint64_t value_ = 0;
  std::uint64_t left_ = 0;  // of the text
  std::uint64_t name_bytes_ = 0;
  std::uint64_t value_bytes_ = 0;
  std::uint64_t list_bytes_ = 0;
  HuffmanReader huffman_;
  char name_[kNameBytesKept] = {};
  std::uint32_t limit_ = kTableBytes;
  std::uint32_t table_bytes_ = 0;
  std::uint32_t first_ = 0;  // the newest entry
  std::uint32_t count_ = 0;
  Entry entries_[kEntriesMax] = {};
};

}  // namespace kolben::agent::http2
